#include "cudnn/self_check_tolerance.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace cudnn_gru {
namespace {

double Tolerance(const GruDescription& description) {
  switch (description.state_rounding) {
    case StateRounding::kFloat16:
      return 2e-2;
    case StateRounding::kBfloat16:
      return 1e-1;
    case StateRounding::kNone:
      break;
  }
  return description.dtype == Dtype::kFloat32 ? 1e-4 : 1e-10;
}

template <typename T>
Status Compare(const std::vector<std::vector<T>>& found,
               const std::vector<std::vector<T>>& expected,
               const GruDescription& description) {
  double worst = 0.0;
  for (size_t t = 0; t < found.size(); ++t) {
    for (size_t i = 0; i < found[t].size(); ++i) {
      const double right = static_cast<double>(expected[t][i]);
      const double difference =
          std::fabs(static_cast<double>(found[t][i]) - right) /
          std::max(1.0, std::fabs(right));
      worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
    }
  }
  if (worst <= Tolerance(description)) return Status();
  return Status(StatusCode::kCudnn,
                "its result differs from the reference by " +
                    std::to_string(worst) + ".");
}

}  // namespace

Status ReplayDiffers() {
  return Status(StatusCode::kCudnn,
                "a replay has other bits than the call that was captured.");
}

Status CheckReplays(const GraphTrial& trial, int expected) {
  if (trial.replays >= expected) return Status();
  return Status(StatusCode::kCudnn,
                "only " + std::to_string(trial.replays) + " of " +
                    std::to_string(expected) + " calls were replayed.",
                Remedy::kAgain);
}

Status CompareInSelfCheck(const std::vector<std::vector<float>>& found,
                          const std::vector<std::vector<float>>& expected,
                          const GruDescription& description) {
  return Compare(found, expected, description);
}

Status CompareInSelfCheck(const std::vector<std::vector<double>>& found,
                          const std::vector<std::vector<double>>& expected,
                          const GruDescription& description) {
  return Compare(found, expected, description);
}

}  // namespace cudnn_gru
