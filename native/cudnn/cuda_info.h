#ifndef CUDNN_GRU_CUDNN_CUDA_INFO_H_
#define CUDNN_GRU_CUDNN_CUDA_INFO_H_

#include <cstddef>
#include <string>
#include <vector>

namespace cudnn_gru {

struct CudaDeviceInfo {
  std::string name;
  int major = 0;  // of the compute capability
  int minor = 0;
  size_t total_memory = 0;  // bytes
};

// The CUDA driver of this machine, and its devices. `reason` is one sentence
// when something is missing. `driver` is empty when the version is not known.
struct CudaInfo {
  bool available = false;
  bool may_change = false;  // whether it may be available later
  std::string reason;
  std::string driver;
  std::vector<CudaDeviceInfo> devices;
};

// The cuDNN of this machine. `reason` is one sentence when it cannot be used.
// `version` and `path` are empty when they are not known.
struct CudnnInfo {
  bool available = false;
  std::string reason;
  std::string version;
  std::string path;
  std::vector<std::string> tried;  // Search::tried (libraries.h)
};

// These functions create no CUDA context, and they never fail, abort or print.
CudaInfo QueryCuda();
CudnnInfo QueryCudnn();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_CUDA_INFO_H_
