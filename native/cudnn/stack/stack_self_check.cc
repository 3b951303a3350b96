#include "cudnn/stack/stack_self_check.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/gru_stack.h"
#include "core/half.h"
#include "core/random.h"
#include "cpu/cpu_backend.h"
#include "cpu/weights/weights.h"
#include "cudnn/cudnn_backend.h"
#include "cudnn/library_status.h"
#include "cudnn/self_check_tolerance.h"
#include "cudnn/stack/obstacles.h"
#include "cudnn/stack/stack_forward.h"

namespace cudnn_gru {
namespace {

constexpr size_t kBatch = 2;
constexpr size_t kTimesteps = 3;
constexpr int32_t kLengths[kBatch] = {3, 2};
constexpr size_t kLayers = 2;
constexpr size_t kDirections = 2;
constexpr size_t kGrus = kLayers * kDirections;

// One stack and one call with all its tensors, computed by the reference and on
// the device.
template <typename T>
class StackCheck {
 public:
  StackCheck(size_t device, const RnnShape& shape, const SelfCheckWay& way)
      : device_(device), shape_(shape), way_(way) {
    const size_t units = shape.first.units;
    inputs_ = Random(kBatch * kTimesteps * shape.first.features, 1);
    d_output_ = Random(kBatch * kTimesteps * shape.output_width(), 2);
    for (size_t i = 0; i < kGrus; ++i) {
      const size_t features = shape.DescriptionOf(i).features;
      const uint64_t seed = 10 * (i + 1);
      grus_.push_back(
          {Random(features * 3 * units, seed),
           Random(units * 3 * units, seed + 1), Random(2 * 3 * units, seed + 2),
           Random(kBatch * units, seed + 3), Random(kBatch * units, seed + 4)});
    }
  }

  Status Run() {
    std::vector<std::shared_ptr<const GruBackend>> on_cpu;
    std::vector<std::shared_ptr<const GruBackend>> on_device;
    for (size_t i = 0; i < kGrus; ++i) {
      const GruDescription description = shape_.DescriptionOf(i);
      const Gru& gru = grus_[i];
      std::shared_ptr<const CpuWeights> weights;
      CUDNN_GRU_RETURN_IF_ERROR(CpuWeights::Create(
          description, CpuIsa{"reference", nullptr}, gru.kernel.data(),
          gru.recurrent.data(), gru.bias.data(), &weights));
      on_cpu.push_back(std::make_shared<CpuBackend>(weights));
      on_device.push_back(std::make_shared<CudnnBackend>(
          std::make_shared<CudnnLayer>(description, device_),
          [&gru](void* kernel, void* recurrent, void* bias) {
            std::copy(gru.kernel.begin(), gru.kernel.end(),
                      static_cast<T*>(kernel));
            std::copy(gru.recurrent.begin(), gru.recurrent.end(),
                      static_cast<T*>(recurrent));
            std::copy(gru.bias.begin(), gru.bias.end(), static_cast<T*>(bias));
            return Status();
          }));
    }
    Tensors expected = Results();
    std::unique_ptr<GruStackPass> pass;
    CUDNN_GRU_RETURN_IF_ERROR(
        GruStack().ForwardKeepingPass(CallInto(&expected, on_cpu), {}, &pass));
    CUDNN_GRU_RETURN_IF_ERROR(
        pass->Backward(GradientsInto(&expected), 1, nullptr));
    Tensors first;
    std::shared_ptr<CudnnWeights> weights;
    for (int round = 0; round < way_.rounds(); ++round) {
      Tensors found = Results();
      const StackCall call = CallInto(&found, on_device);
      if (weights == nullptr) {
        weights =
            StackWeights(std::make_shared<CudnnLayer>(shape_, device_), call);
      }
      CUDNN_GRU_RETURN_IF_ERROR(Round(weights, call, &found));
      CUDNN_GRU_RETURN_IF_ERROR(
          CompareInSelfCheck(found, expected, shape_.first));
      if (round == 0) first = found;
      if (found != first) return ReplayDiffers();
    }
    constexpr int kStepsOfRound = 2;  // forward, backward
    return CheckReplays(trial_, way_.launches == SelfCheckWay::Launches::kPlain
                                    ? 0
                                    : (way_.rounds() - 1) * kStepsOfRound);
  }

 private:
  using Tensors = std::vector<std::vector<T>>;

  struct Gru {
    std::vector<T> kernel, recurrent, bias, initial_state, d_state;
  };

  // Computes the call and its gradients on the device.
  Status Round(const std::shared_ptr<CudnnWeights>& weights,
               const StackCall& call, Tensors* found) {
    CudnnOptions options;
    options.only = &way_.algorithm;
    if (way_.launches == SelfCheckWay::Launches::kGraphs) {
      options.trial = &trial_;
    }
    std::unique_ptr<GruStackPass> pass;
    CUDNN_GRU_RETURN_IF_ERROR(
        ForwardStackOnCudnn(weights, call, options, nullptr, &pass));
    return pass->Backward(GradientsInto(found), 1, nullptr);
  }

  std::vector<T> Random(size_t n, uint64_t seed) const {
    std::vector<T> values(n);
    FillUniform(values.data(), n, seed, -0.5, 0.5);
    RoundValues(shape_.first.state_rounding, values.data(), n);
    return values;
  }

  // The output and the gradient of the inputs, and then for each GRU the state
  // and the gradients of the initial state and of the three weights.
  Tensors Results() const {
    Tensors results;
    results.emplace_back(d_output_.size());
    results.emplace_back(inputs_.size());
    for (const Gru& gru : grus_) {
      results.emplace_back(gru.initial_state.size());
      results.emplace_back(gru.initial_state.size());
      results.emplace_back(gru.kernel.size());
      results.emplace_back(gru.recurrent.size());
      results.emplace_back(gru.bias.size());
    }
    return results;
  }

  StackCall CallInto(
      Tensors* results,
      const std::vector<std::shared_ptr<const GruBackend>>& backends) const {
    StackCall call;
    call.batch = kBatch;
    call.timesteps = kTimesteps;
    call.inputs = inputs_.data();
    // The other algorithms take rows of equal lengths alone.
    if (way_.algorithm == kStandardAlgorithm) call.lengths = kLengths;
    call.outputs[0] = (*results)[0].data();
    call.layers.resize(kLayers);
    for (size_t i = 0; i < kGrus; ++i) {
      StackLayer& layer = call.layers[i / kDirections];
      layer.half_count = kDirections;
      layer.merge = Merge::kConcat;
      StackHalf& half = layer.halves[i % kDirections];
      half.backend = backends[i];
      half.go_backwards = i % kDirections == 1;
      half.initial_state = grus_[i].initial_state.data();
      half.state = (*results)[2 + 5 * i].data();
    }
    return call;
  }

  StackGradients GradientsInto(Tensors* results) const {
    StackGradients gradients;
    gradients.d_outputs[0] = d_output_.data();
    gradients.d_inputs = (*results)[1].data();
    for (size_t i = 0; i < kGrus; ++i) {
      HalfGradients half;
      half.d_state = grus_[i].d_state.data();
      half.d_initial_state = (*results)[3 + 5 * i].data();
      half.d_kernel = (*results)[4 + 5 * i].data();
      half.d_recurrent_kernel = (*results)[5 + 5 * i].data();
      half.d_bias = (*results)[6 + 5 * i].data();
      gradients.halves.push_back(half);
    }
    return gradients;
  }

  const size_t device_;
  const RnnShape shape_;
  const SelfCheckWay way_;
  GraphTrial trial_;
  std::vector<Gru> grus_;
  std::vector<T> inputs_;
  std::vector<T> d_output_;
};

}  // namespace

Status RunStackSelfCheck(size_t device, Dtype dtype,
                         StateRounding state_rounding,
                         const SelfCheckWay& way) {
  // Sizes that suit the algorithms, as in self_check.cc.
  const bool standard = way.algorithm == kStandardAlgorithm;
  GruDescription description;
  description.dtype = dtype;
  description.features = standard ? 3 : 8;
  description.units = standard ? 5 : 16;
  description.activation.kind = Activation::kTanh;
  description.recurrent_activation.kind = Activation::kSigmoid;
  description.state_rounding = state_rounding;
  const RnnShape shape(description, kLayers, kDirections);
  return dtype == Dtype::kFloat32
             ? StackCheck<float>(device, shape, way).Run()
             : StackCheck<double>(device, shape, way).Run();
}

}  // namespace cudnn_gru
