#ifndef CUDNN_GRU_CUDNN_LIBRARIES_H_
#define CUDNN_GRU_CUDNN_LIBRARIES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "cudnn/abi.h"

namespace cudnn_gru {

// The driver's functions; the optional ones may be null. cuInit has succeeded.
struct CudaDriver {
#define CUDNN_GRU_MEMBER(name) decltype(&abi::name) name = nullptr;
  CUDNN_GRU_CUDA_FUNCTIONS(CUDNN_GRU_MEMBER)
  CUDNN_GRU_CUDA_OPTIONAL_FUNCTIONS(CUDNN_GRU_MEMBER)
};

// cuDNN's functions; the optional ones may be null.
struct CudnnLibrary {
  CUDNN_GRU_CUDNN_FUNCTIONS(CUDNN_GRU_MEMBER)
  CUDNN_GRU_CUDNN_OPTIONAL_FUNCTIONS(CUDNN_GRU_MEMBER)
#undef CUDNN_GRU_MEMBER
  size_t version = 0;  // 92400 is 9.24.0
  // CUDA 13.3, with which this cuDNN was built, is 13030.
  size_t cudart_version = 0;
};

// What became of looking for a library.
template <typename Library>
struct Search {
  const Library* library = nullptr;  // null when it cannot be used
  std::string reason;                // one sentence, when it cannot be used
  bool may_change = false;           // it may be usable later
  std::string version;               // also of one that cannot be used
  std::string path;                  // the file that was opened, if any was
  // "<path>: <what became of it> (<what led there>)"
  std::vector<std::string> tried;
};

// Look for the library at the first call, once per process, in the environment
// as it is then; a driver that is only busy is asked again. They open libraries
// but create no CUDA context, never print and never abort. Nothing is ever
// closed again: cuDNN carries a CUDA runtime with handlers that run at the
// process's exit.
const Search<CudaDriver>& FindCudaDriver();
const Search<CudnnLibrary>& FindCudnn();

// "9.24.0", and "13.0" for versions as the driver gives them.
std::string CudnnVersionText(size_t version);
std::string CudaVersionText(size_t version);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_LIBRARIES_H_
