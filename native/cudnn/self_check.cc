#include "cudnn/self_check.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/half.h"
#include "core/random.h"
#include "cpu/reference/gru_reference.h"
#include "cpu/weights/weights.h"
#include "cudnn/forward.h"

namespace cudnn_gru {
namespace {

// One row has a masked step.
constexpr size_t kBatch = 2;
constexpr size_t kTimesteps = 3;
constexpr size_t kFeatures = 3;
constexpr size_t kUnits = 5;
constexpr int32_t kLengths[kBatch] = {3, 2};

// Of values up to 1.
double Tolerance(Dtype dtype, StateRounding rounding) {
  switch (rounding) {
    case StateRounding::kFloat16:
      return 4e-3;
    case StateRounding::kBfloat16:
      return 3e-2;
    case StateRounding::kNone:
      break;
  }
  return dtype == Dtype::kFloat32 ? 1e-5 : 1e-12;
}

template <typename T>
std::vector<T> Random(size_t n, uint64_t seed, StateRounding rounding) {
  std::vector<T> values(n);
  FillUniform(values.data(), n, seed, -1.0, 1.0);
  RoundValues(rounding, values.data(), n);
  return values;
}

template <typename T>
Status Check(size_t device, const GruDescription& description) {
  const StateRounding rounding = description.state_rounding;
  const std::vector<T> kernel = Random<T>(kFeatures * 3 * kUnits, 1, rounding);
  const std::vector<T> recurrent = Random<T>(kUnits * 3 * kUnits, 2, rounding);
  const std::vector<T> bias = Random<T>(2 * 3 * kUnits, 3, rounding);
  const std::vector<T> inputs =
      Random<T>(kBatch * kTimesteps * kFeatures, 4, rounding);
  const std::vector<T> initial_state = Random<T>(kBatch * kUnits, 5, rounding);
  std::vector<T> expected(kBatch * kTimesteps * kUnits);
  std::vector<T> expected_state(kBatch * kUnits);
  std::vector<T> output(expected.size());
  std::vector<T> state(expected_state.size());

  GruCall call;
  call.batch = kBatch;
  call.timesteps = kTimesteps;
  call.return_sequences = true;
  call.inputs = inputs.data();
  call.initial_state = initial_state.data();
  call.lengths = kLengths;
  call.output = expected.data();
  call.state = expected_state.data();
  std::shared_ptr<const CpuWeights> reference;
  Status status = CpuWeights::Create(
      description, CpuBackend{"reference", nullptr}, kernel.data(),
      recurrent.data(), bias.data(), &reference);
  if (status.ok()) status = ForwardReference(*reference, call, nullptr);
  if (!status.ok()) return status;

  call.output = output.data();
  call.state = state.data();
  const auto weights = std::make_shared<CudnnWeights>(
      std::make_shared<CudnnLayer>(description, device),
      [&](void* to_kernel, void* to_recurrent, void* to_bias) {
        std::copy(kernel.begin(), kernel.end(), static_cast<T*>(to_kernel));
        std::copy(recurrent.begin(), recurrent.end(),
                  static_cast<T*>(to_recurrent));
        std::copy(bias.begin(), bias.end(), static_cast<T*>(to_bias));
      });
  status = ForwardOnCudnn(weights, call, CudnnOptions(), nullptr);
  if (!status.ok()) return status;

  double worst = 0.0;
  const auto compare = [&](const std::vector<T>& a, const std::vector<T>& b) {
    for (size_t i = 0; i < a.size(); ++i) {
      const double difference =
          std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
      worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
    }
  };
  compare(output, expected);
  compare(state, expected_state);
  if (worst <= Tolerance(description.dtype, rounding)) return Status();
  return Status(
      StatusCode::kCudnn,
      "its result differs from the reference by " + std::to_string(worst));
}

}  // namespace

Status RunSelfCheck(size_t device, Dtype dtype, StateRounding state_rounding) {
  GruDescription description;
  description.dtype = dtype;
  description.features = kFeatures;
  description.units = kUnits;
  description.activation.kind = Activation::kTanh;
  description.recurrent_activation.kind = Activation::kSigmoid;
  description.state_rounding = state_rounding;
  return dtype == Dtype::kFloat32 ? Check<float>(device, description)
                                  : Check<double>(device, description);
}

}  // namespace cudnn_gru
