#ifndef CUDNN_GRU_CUDNN_SEARCH_PATHS_H_
#define CUDNN_GRU_CUDNN_SEARCH_PATHS_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace cudnn_gru {

// A variable of the environment; an empty string when it is not set.
using Environment = std::function<std::string(const char* name)>;
Environment ProcessEnvironment();

// Whether CUDNN_GRU_DISABLE_CUDA is set to anything but "0".
bool CudaDisabled(const Environment& environment);

// One place where a library may lie.
struct SearchPlace {
  SearchPlace(std::string place, std::string reason = "")  // NOLINT: implicit
      : folder(std::move(place)), why(std::move(reason)) {}

  // Or (empty) whatever the system loader finds by the library's name.
  std::string folder;
  // What led to it, such as "VIRTUAL_ENV"; may be empty.
  std::string why;
};
constexpr char kSystemLoader[] = "";

// Why CUDNN_GRU_CUDNN_PATH cannot be used; empty when it can, or is not set. A
// relative path would load what lies in the working directory.
std::string RefusedCudnnPath(const Environment& environment);

// Where cuDNN may lie, best first: CUDNN_GRU_CUDNN_PATH alone when it is set;
// else the wheels of Python environments (python_environments.h),
// LD_LIBRARY_PATH, the system loader, and the folders that NVIDIA's and
// distributions' packages use. An environment without cuDNN is there as the
// pattern that nothing matches, so that a person sees that it was looked at.
std::vector<SearchPlace> CudnnPlaces(const Environment& environment);

// Where cuBLASLt of CUDA `major` may lie, given cuDNN's folder.
std::vector<SearchPlace> CublasLtPlaces(const std::string& cudnn_folder,
                                        int major);

// Where the driver's libcuda.so.1 may lie.
std::vector<SearchPlace> DriverPlaces();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SEARCH_PATHS_H_
