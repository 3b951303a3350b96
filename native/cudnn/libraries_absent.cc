#include "cudnn/libraries.h"

namespace cudnn_gru {
namespace {

// The search on another system would be another file in place of this one.
constexpr char kReason[] =
    "The cuDNN path exists on Linux only. On this system every call is "
    "computed on the CPU.";

template <typename Library>
const Search<Library>* Absent() {
  auto* const search = new Search<Library>();
  search->reason = kReason;
  return search;
}

}  // namespace

const Search<CudaDriver>& FindCudaDriver() {
  static const auto* const search = Absent<CudaDriver>();
  return *search;
}

const Search<CudnnLibrary>& FindCudnn() {
  static const auto* const search = Absent<CudnnLibrary>();
  return *search;
}

}  // namespace cudnn_gru
