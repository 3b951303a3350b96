#ifndef CUDNN_GRU_CUDNN_SELF_CHECK_TOLERANCE_H_
#define CUDNN_GRU_CUDNN_SELF_CHECK_TOLERANCE_H_

#include <vector>

#include "core/gru_description.h"
#include "core/status.h"
#include "cudnn/launch_graphs.h"

namespace cudnn_gru {

// Returns the failure of a replay whose bits are not those of the call.
Status ReplayDiffers();
// Fails when fewer than `expected` steps were replayed, which happens when
// memory was freed between them.
Status CheckReplays(const GraphTrial& trial, int expected);

// Compares the results of a self-check with those of the reference. The largest
// allowed difference is absolute for values up to 1, and relative for larger
// ones. `expected` may have more tensors. Fails with kCudnn.
Status CompareInSelfCheck(const std::vector<std::vector<float>>& found,
                          const std::vector<std::vector<float>>& expected,
                          const GruDescription& description);
Status CompareInSelfCheck(const std::vector<std::vector<double>>& found,
                          const std::vector<std::vector<double>>& expected,
                          const GruDescription& description);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_SELF_CHECK_TOLERANCE_H_
