#ifndef CUDNN_GRU_CUDNN_SELF_CHECK_TOLERANCE_H_
#define CUDNN_GRU_CUDNN_SELF_CHECK_TOLERANCE_H_

#include <vector>

#include "core/gru_description.h"
#include "core/status.h"

namespace cudnn_gru {

// Compares the results of a self-check with those of the reference. The largest
// allowed difference is absolute for values up to 1, and relative for larger
// ones. Fails with kCudnn.
Status CompareInSelfCheck(const std::vector<std::vector<float>>& found,
                          const std::vector<std::vector<float>>& expected,
                          const GruDescription& description);
Status CompareInSelfCheck(const std::vector<std::vector<double>>& found,
                          const std::vector<std::vector<double>>& expected,
                          const GruDescription& description);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SELF_CHECK_TOLERANCE_H_
