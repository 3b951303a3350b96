#include "cudnn/libraries.h"

namespace cudnn_gru {

std::string CudnnVersionText(size_t version) {
  const size_t major = version >= 90000 ? version / 10000 : version / 1000;
  const size_t rest = version >= 90000 ? version % 10000 : version % 1000;
  return std::to_string(major) + "." + std::to_string(rest / 100) + "." +
         std::to_string(rest % 100);
}

std::string CudaVersionText(size_t version) {
  return std::to_string(version / 1000) + "." +
         std::to_string(version % 1000 / 10);
}

}  // namespace cudnn_gru
