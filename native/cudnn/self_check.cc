#include "cudnn/self_check.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/half.h"
#include "core/random.h"
#include "cpu/cpu_pass.h"
#include "cpu/weights/weights.h"
#include "cudnn/forward.h"
#include "cudnn/library_status.h"
#include "cudnn/self_check_tolerance.h"

namespace cudnn_gru {
namespace {

constexpr size_t kBatch = 2;
constexpr size_t kTimesteps = 3;
constexpr int32_t kLengths[kBatch] = {3, 2};

// Only the standard algorithm supports all sizes and masked steps, so the other
// algorithms are checked with sizes that suit them.
GruDescription Description(Dtype dtype, StateRounding rounding,
                           const Algorithm& algorithm) {
  const bool standard = algorithm == kStandardAlgorithm;
  GruDescription description;
  description.dtype = dtype;
  description.features = standard ? 3 : 8;
  description.units = standard ? 5 : 16;
  description.activation.kind = Activation::kTanh;
  description.recurrent_activation.kind = Activation::kSigmoid;
  description.state_rounding = rounding;
  return description;
}

// One layer and one call with all its tensors, computed by the reference and on
// the device.
template <typename T>
class Check {
 public:
  Check(size_t device, const GruDescription& description,
        const SelfCheckWay& way)
      : device_(device), description_(description), way_(way) {
    const size_t features = description.features;
    const size_t units = description.units;
    kernel_ = Random(features * 3 * units, 1);
    recurrent_ = Random(units * 3 * units, 2);
    bias_ = Random(2 * 3 * units, 3);
    inputs_ = Random(kBatch * kTimesteps * features, 4);
    initial_state_ = Random(kBatch * units, 5);
    d_output_ = Random(kBatch * kTimesteps * units, 6);
    d_state_ = Random(kBatch * units, 7);
  }

  Status Run() {
    std::shared_ptr<const CpuWeights> reference;
    CUDNN_GRU_RETURN_IF_ERROR(CpuWeights::Create(
        description_, CpuIsa{"reference", nullptr}, kernel_.data(),
        recurrent_.data(), bias_.data(), &reference));
    Outputs expected(description_);
    std::unique_ptr<CpuPass> reference_pass;
    CUDNN_GRU_RETURN_IF_ERROR(CpuPass::Forward(reference, CallInto(&expected),
                                               1, nullptr, &reference_pass));

    const std::shared_ptr<CudnnWeights> weights = OnDevice();
    if (way_.plain()) {
      Outputs found(description_);
      CUDNN_GRU_RETURN_IF_ERROR(
          ForwardOnCudnn(weights, CallInto(&found), Options(), nullptr));
      return CompareInSelfCheck(found.tensors, expected.tensors, description_);
    }
    CUDNN_GRU_RETURN_IF_ERROR(
        reference_pass->Backward(GradientsInto(&expected), 1, nullptr));
    std::vector<std::vector<T>> first;
    for (int round = 0; round < way_.rounds(); ++round) {
      Outputs found(description_);
      CUDNN_GRU_RETURN_IF_ERROR(Round(weights, expected, &found));
      if (round == 0) first = found.tensors;
      if (found.tensors != first) return ReplayDiffers();
    }
    constexpr int kStepsOfRound = 3;  // inference, forward, backward
    return CheckReplays(trial_, way_.launches == SelfCheckWay::Launches::kPlain
                                    ? 0
                                    : (way_.rounds() - 1) * kStepsOfRound);
  }

 private:
  struct Outputs;

  CudnnOptions Options() {
    CudnnOptions options;
    options.only = &way_.algorithm;
    if (way_.launches == SelfCheckWay::Launches::kGraphs) {
      options.trial = &trial_;
    }
    return options;
  }

  // Computes everything once on the device: a call, and a call with its
  // gradients.
  Status Round(const std::shared_ptr<CudnnWeights>& weights,
               const Outputs& expected, Outputs* found) {
    const GruCall call = CallInto(found);
    CUDNN_GRU_RETURN_IF_ERROR(
        ForwardOnCudnn(weights, call, Options(), nullptr));
    const std::vector<std::vector<T>> inference(found->tensors.begin(),
                                                found->tensors.begin() + 2);
    std::unique_ptr<CudnnPass> pass;
    CUDNN_GRU_RETURN_IF_ERROR(
        ForwardOnCudnn(weights, call, Options(), nullptr, &pass));
    CUDNN_GRU_RETURN_IF_ERROR(pass->Backward(GradientsInto(found), 1, nullptr));
    CUDNN_GRU_RETURN_IF_ERROR(
        CompareInSelfCheck(inference, expected.tensors, description_));
    return CompareInSelfCheck(found->tensors, expected.tensors, description_);
  }

  struct Outputs {
    explicit Outputs(const GruDescription& description) {
      const size_t features = description.features;
      const size_t units = description.units;
      const size_t sizes[] = {kBatch * kTimesteps * units,
                              kBatch * units,
                              kBatch * kTimesteps * features,
                              kBatch * units,
                              features * 3 * units,
                              units * 3 * units,
                              2 * 3 * units};
      for (size_t i = 0; i < tensors.size(); ++i) tensors[i].resize(sizes[i]);
    }
    void* at(size_t i) { return tensors[i].data(); }

    // The output, the state, and the gradients of the inputs, of the initial
    // state and of the three weights.
    std::vector<std::vector<T>> tensors = std::vector<std::vector<T>>(7);
  };

  std::vector<T> Random(size_t n, uint64_t seed) const {
    std::vector<T> values(n);
    FillUniform(values.data(), n, seed, -1.0, 1.0);
    RoundValues(description_.state_rounding, values.data(), n);
    return values;
  }

  GruCall CallInto(Outputs* outputs) const {
    GruCall call;
    call.batch = kBatch;
    call.timesteps = kTimesteps;
    call.return_sequences = true;
    call.inputs = inputs_.data();
    call.initial_state = initial_state_.data();
    if (way_.algorithm == kStandardAlgorithm) call.lengths = kLengths;
    call.output = outputs->at(0);
    call.state = outputs->at(1);
    return call;
  }

  GruGradients GradientsInto(Outputs* outputs) const {
    GruGradients gradients;
    gradients.d_output = d_output_.data();
    gradients.d_state = d_state_.data();
    gradients.d_inputs = outputs->at(2);
    gradients.d_initial_state = outputs->at(3);
    gradients.d_kernel = outputs->at(4);
    gradients.d_recurrent_kernel = outputs->at(5);
    gradients.d_bias = outputs->at(6);
    return gradients;
  }

  std::shared_ptr<CudnnWeights> OnDevice() const {
    return std::make_shared<CudnnWeights>(
        std::make_shared<CudnnLayer>(description_, device_),
        [this](void* kernel, void* recurrent, void* bias) {
          std::copy(kernel_.begin(), kernel_.end(), static_cast<T*>(kernel));
          std::copy(recurrent_.begin(), recurrent_.end(),
                    static_cast<T*>(recurrent));
          std::copy(bias_.begin(), bias_.end(), static_cast<T*>(bias));
          return Status();
        });
  }

  const size_t device_;
  const GruDescription description_;
  const SelfCheckWay way_;
  GraphTrial trial_;
  std::vector<T> kernel_;
  std::vector<T> recurrent_;
  std::vector<T> bias_;
  std::vector<T> inputs_;
  std::vector<T> initial_state_;
  std::vector<T> d_output_;
  std::vector<T> d_state_;
};

}  // namespace

Status RunSelfCheck(size_t device, Dtype dtype, StateRounding state_rounding,
                    const SelfCheckWay& way) {
  const GruDescription description =
      Description(dtype, state_rounding, way.algorithm);
  return dtype == Dtype::kFloat32
             ? Check<float>(device, description, way).Run()
             : Check<double>(device, description, way).Run();
}

}  // namespace cudnn_gru
