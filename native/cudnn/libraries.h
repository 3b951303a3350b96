#ifndef CUDNN_GRU_CUDNN_LIBRARIES_H_
#define CUDNN_GRU_CUDNN_LIBRARIES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "cudnn/abi.h"

namespace cudnn_gru {

// The functions of the CUDA driver, after cuInit has succeeded. Optional
// functions may be null.
struct CudaDriver {
#define CUDNN_GRU_MEMBER(name) decltype(&abi::name) name = nullptr;
  CUDNN_GRU_CUDA_FUNCTIONS(CUDNN_GRU_MEMBER)
  CUDNN_GRU_CUDA_OPTIONAL_FUNCTIONS(CUDNN_GRU_MEMBER)
};

// The functions of cuDNN. Optional functions may be null.
struct CudnnLibrary {
  CUDNN_GRU_CUDNN_FUNCTIONS(CUDNN_GRU_MEMBER)
  CUDNN_GRU_CUDNN_OPTIONAL_FUNCTIONS(CUDNN_GRU_MEMBER)
#undef CUDNN_GRU_MEMBER
  size_t version = 0;  // 92400 is 9.24.0
  // The version of CUDA that this cuDNN was built with; 13030 is 13.3.
  size_t cudart_version = 0;
};

// The outcome of the search for a library.
template <typename Library>
struct Search {
  const Library* library = nullptr;  // null when it cannot be used
  std::string reason;       // the sentence that says why it cannot be used
  bool may_change = false;  // whether it may be usable later
  std::string version;      // known also for some that cannot be used
  std::string path;         // the file that was opened, if any
  // One line for each place: "<path>: <outcome> (<why this place>)".
  std::vector<std::string> tried;
};

// Return the library. The first call in the process searches for it, with the
// environment variables of that moment. A driver that was only busy is tried
// again. These functions open libraries, but they create no CUDA context, never
// print and never abort. Libraries are never closed, because cuDNN contains a
// CUDA runtime with handlers that run when the process exits. On Windows and
// macOS nothing is searched, and the reason says so.
const Search<CudaDriver>& FindCudaDriver();
const Search<CudnnLibrary>& FindCudnn();

// Return texts such as "9.24.0", and "13.0" for a version number of CUDA.
std::string CudnnVersionText(size_t version);
std::string CudaVersionText(size_t version);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_LIBRARIES_H_
