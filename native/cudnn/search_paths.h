#ifndef CUDNN_GRU_CUDNN_SEARCH_PATHS_H_
#define CUDNN_GRU_CUDNN_SEARCH_PATHS_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace cudnn_gru {

// Returns the value of an environment variable, or an empty string when it is
// not set.
using Environment = std::function<std::string(const char* name)>;
Environment ProcessEnvironment();

// Whether CUDNN_GRU_DISABLE_CUDA is set to anything but "0".
bool CudaDisabled(const Environment& environment);

// One place to look for a library.
struct SearchPlace {
  SearchPlace(std::string place, std::string reason = "")  // NOLINT: implicit
      : folder(std::move(place)), why(std::move(reason)) {}

  // The folder, or kSystemLoader for the file that the system loader finds.
  std::string folder;
  // Why this place is searched, such as "VIRTUAL_ENV"; may be empty.
  std::string why;
};
constexpr char kSystemLoader[] = "";

// Returns the sentence that says why CUDNN_GRU_CUDNN_PATH cannot be used.
// Returns an empty text when it can be used or is not set. Relative paths are
// refused, because they would load libraries from the working directory.
std::string RefusedCudnnPath(const Environment& environment);

// Returns the places to look for cuDNN, best first: only CUDNN_GRU_CUDNN_PATH
// when it is set; else NVIDIA's wheels in Python environments
// (python_environments.h), LD_LIBRARY_PATH, the system loader, and the folders
// that packages of NVIDIA and of distributions use. A Python environment
// without cuDNN appears as the pattern that matched nothing, so that a person
// sees that it was searched.
std::vector<SearchPlace> CudnnPlaces(const Environment& environment);

// Returns the places to look for cuBLASLt of CUDA `major`, given cuDNN's
// folder.
std::vector<SearchPlace> CublasLtPlaces(const std::string& cudnn_folder,
                                        int major);

// Returns the places to look for the driver's libcuda.so.1.
std::vector<SearchPlace> DriverPlaces();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SEARCH_PATHS_H_
