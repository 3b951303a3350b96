#ifndef CUDNN_GRU_TEST_NATIVE_STACK_PROBLEM_H_
#define CUDNN_GRU_TEST_NATIVE_STACK_PROBLEM_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/gru_stack.h"
#include "core/half.h"
#include "problem.h"
#include "stack_merges.h"
#include "stack_spec.h"

namespace cudnn_gru_test {

// Whether all tensors have the same bits.
template <typename T>
bool SameBits(const std::vector<std::vector<T>>& a,
              const std::vector<std::vector<T>>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].size() != b[i].size()) return false;
    if (!a[i].empty() &&
        std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(T)) != 0) {
      return false;
    }
  }
  return true;
}

// The tensors of one stack, the same for the same seed, and its results in two
// ways: by the stack, and by its GRUs one after the other on one thread, with
// merges that are written here.
template <typename T>
class StackProblem {
 public:
  // The output, the second output, and the state of each GRU. 16-bit outputs
  // are numbers, too.
  using Results = std::vector<std::vector<T>>;
  // For each tensor of the stack: inputs, then for each GRU the initial state,
  // the kernel, the recurrent kernel and the bias.
  using AllGradients = std::vector<std::vector<T>>;

  // The kernels of each GRU are those of `isas`, in turn.
  StackProblem(const StackSpec& spec, uint64_t seed,
               const std::vector<cudnn_gru::CpuIsa>& isas)
      : spec_(spec), generator_(seed) {
    const size_t steps = spec.batch * spec.timesteps;
    inputs_ =
        Rounded(spec_, Values<T>(generator_, steps * spec.features, -2, 2));
    input_bits_.resize(inputs_.size());
    if (spec.bits) {
      cudnn_gru::Narrow(spec.rounding, inputs_.data(), input_bits_.data(),
                        inputs_.size());
    }
    for (size_t i = 0; i < steps; ++i) mask_.push_back(generator_.Next() % 3);
    for (size_t i = 0; i < spec.batch; ++i) {
      lengths_.push_back(
          static_cast<int32_t>(generator_.Next() % (spec.timesteps + 1)));
    }
    size_t features = spec.features;
    for (const LayerSpec& layer : spec.layers) {
      size_t width = 0;
      for (const HalfSpec& half : layer.halves) {
        MakeHalf(half, features, isas[halves_.size() % isas.size()]);
        const bool concat = layer.merge == cudnn_gru::Merge::kConcat;
        if (width == 0 || concat) width += half.units;
      }
      features = width;
    }
    width_ = features;
  }

  // The call of the whole stack, which writes to `results`.
  cudnn_gru::StackCall Call(Results* results) {
    cudnn_gru::StackCall call;
    call.batch = spec_.batch;
    call.timesteps = spec_.timesteps;
    call.inputs = inputs_.data();
    if (spec_.bits) call.inputs = input_bits_.data();
    call.inputs_are_bits = call.output_is_bits = spec_.bits;
    SetMask(&call);
    results->assign(2, {});
    const LayerSpec& last = spec_.layers.back();
    const bool separate = last.merge == cudnn_gru::Merge::kSeparate;
    (*results)[0].assign(Steps(spec_, last) * width_, T(-77));
    if (separate) {
      (*results)[1].assign(Steps(spec_, last) * last.halves[1].units, T(-77));
    }
    output_bits_[0].assign((*results)[0].size(), 77);
    output_bits_[1].assign((*results)[1].size(), 77);
    size_t index = 0;
    for (const LayerSpec& from : spec_.layers) {
      cudnn_gru::StackLayer layer;
      layer.half_count = from.halves.size();
      layer.merge = from.merge;
      layer.return_sequences = from.return_sequences;
      for (size_t i = 0; i < from.halves.size(); ++i) {
        results->emplace_back(spec_.batch * from.halves[i].units, T(-77));
        const cudnn_gru::GruCall one = HalfCall(index, nullptr);
        cudnn_gru::StackHalf& half = layer.halves[i];
        half.backend = halves_[index].backend;
        half.go_backwards = one.go_backwards;
        half.zero_output_for_mask = one.zero_output_for_mask;
        half.initial_state = one.initial_state;
        half.input_dropout = one.input_dropout;
        half.input_dropout_masks = one.input_dropout_masks;
        half.recurrent_dropout = one.recurrent_dropout;
        ++index;
      }
      call.layers.push_back(layer);
    }
    index = 2;
    for (cudnn_gru::StackLayer& layer : call.layers) {
      for (size_t i = 0; i < layer.half_count; ++i) {
        layer.halves[i].state = (*results)[index++].data();
      }
    }
    for (size_t i = 0; i < 2; ++i) {
      call.outputs[i] = (*results)[i].data();
      if (spec_.bits) call.outputs[i] = output_bits_[i].data();
    }
    return call;
  }

  // Turns the bits that the last call wrote to numbers.
  void WidenResults(Results* results) const {
    if (!spec_.bits) return;
    for (size_t i = 0; i < 2; ++i) {
      cudnn_gru::Widen(spec_.rounding, output_bits_[i].data(),
                       (*results)[i].data(), output_bits_[i].size());
    }
  }

  // Both ways keep what `gradients` needs unless it is null.
  cudnn_gru::Status OneByOne(Results* results, AllGradients* gradients) {
    results->assign(2, {});
    std::vector<T> inputs = inputs_;
    std::vector<std::unique_ptr<cudnn_gru::GruPass>> passes(halves_.size());
    std::vector<std::vector<T>> outputs(halves_.size());
    size_t index = 0;
    for (const LayerSpec& layer : spec_.layers) {
      const size_t first = index;
      for (size_t i = 0; i < layer.halves.size(); ++i, ++index) {
        cudnn_gru::GruCall call = HalfCall(index, inputs.data());
        outputs[index].assign(Steps(spec_, layer) * layer.halves[i].units,
                              T(-77));
        call.return_sequences = layer.return_sequences;
        call.output = outputs[index].data();
        results->emplace_back(spec_.batch * layer.halves[i].units);
        call.state = results->back().data();
        const cudnn_gru::GruBackend& backend = *halves_[index].backend;
        const cudnn_gru::Status status =
            gradients == nullptr
                ? backend.Forward(call, {1})
                : backend.ForwardKeepingPass(call, {1}, &passes[index]);
        if (!status.ok()) return status;
        if (i == 1) Reverse(spec_, layer, &outputs[index]);
      }
      inputs = Merged(spec_, layer, &outputs[first]);
      if (layer.merge == cudnn_gru::Merge::kSeparate) {
        (*results)[1] = outputs[first + 1];
      }
    }
    (*results)[0] = inputs;
    return gradients == nullptr ? cudnn_gru::Status()
                                : BackwardOneByOne(passes, outputs, gradients);
  }

  // Arrays for all gradients, which are -77 until something is written.
  cudnn_gru::StackGradients Targets(AllGradients* gradients) {
    UpstreamGradients();
    cudnn_gru::StackGradients targets;
    gradients->clear();
    gradients->emplace_back(inputs_.size(), T(-77));
    for (const Half& half : halves_) {
      gradients->emplace_back(spec_.batch * half.spec.units, T(-77));
      gradients->emplace_back(half.kernel.size(), T(-77));
      gradients->emplace_back(half.recurrent.size(), T(-77));
      gradients->emplace_back(half.bias.size(), T(-77));
    }
    targets.d_inputs = (*gradients)[0].data();
    for (size_t i = 0; i < halves_.size(); ++i) {
      cudnn_gru::HalfGradients half;
      half.d_state = d_states_[i].data();
      half.d_initial_state = (*gradients)[4 * i + 1].data();
      half.d_kernel = (*gradients)[4 * i + 2].data();
      half.d_recurrent_kernel = (*gradients)[4 * i + 3].data();
      half.d_bias = (*gradients)[4 * i + 4].data();
      targets.halves.push_back(half);
    }
    targets.d_outputs[0] = d_outputs_[0].data();
    if (!d_outputs_[1].empty()) targets.d_outputs[1] = d_outputs_[1].data();
    return targets;
  }

  size_t halves() const { return halves_.size(); }

 private:
  struct Half {
    HalfSpec spec;
    size_t features;
    std::vector<T> kernel, recurrent, bias, initial;
    std::vector<T> input_dropout, recurrent_dropout;
    std::shared_ptr<const cudnn_gru::GruBackend> backend;
  };

  template <typename Call>
  void SetMask(Call* call) const {
    if (spec_.masking == Masking::kMask) call->mask = mask_.data();
    if (spec_.masking == Masking::kLengths) call->lengths = lengths_.data();
  }

  std::vector<T> Keep(size_t count) {
    std::vector<T> keep(count);
    for (T& value : keep) {
      value = generator_.Next() % 4 == 0 ? T(0) : T(4.0 / 3);
    }
    return keep;
  }

  void MakeHalf(const HalfSpec& spec, size_t features,
                const cudnn_gru::CpuIsa& isa) {
    Half half;
    half.spec = spec;
    half.features = features;
    const size_t units = spec.units;
    const double scale = 1.5 / static_cast<double>(1 + units / 8);
    half.kernel = Values<T>(generator_, features * 3 * units, -scale, scale);
    half.recurrent = Values<T>(generator_, units * 3 * units, -scale, scale);
    half.bias =
        Values<T>(generator_, (spec.reset_after ? 6 : 3) * units, -1, 1);
    half.initial =
        Rounded(spec_, Values<T>(generator_, spec_.batch * units, -1, 1));
    half.input_dropout =
        Keep(spec.input_dropout_masks * spec_.batch * features);
    half.recurrent_dropout = Keep(3 * spec_.batch * units);
    cudnn_gru::GruDescription description;
    description.dtype = sizeof(T) == 4 ? cudnn_gru::Dtype::kFloat32
                                       : cudnn_gru::Dtype::kFloat64;
    description.features = features;
    description.units = units;
    description.reset_after = spec.reset_after;
    (void)cudnn_gru::FindActivation(cudnn_gru::ActivationName(spec.activation),
                                    nullptr, 0, &description.activation);
    (void)cudnn_gru::FindActivation("sigmoid", nullptr, 0,
                                    &description.recurrent_activation);
    description.state_rounding = spec_.rounding;
    std::shared_ptr<const cudnn_gru::CpuWeights> weights;
    (void)cudnn_gru::CpuWeights::Create(description, isa, half.kernel.data(),
                                        half.recurrent.data(), half.bias.data(),
                                        &weights);
    half.backend = std::make_shared<cudnn_gru::CpuBackend>(weights);
    halves_.push_back(std::move(half));
  }

  cudnn_gru::GruCall HalfCall(size_t index, const T* inputs) const {
    const Half& half = halves_[index];
    cudnn_gru::GruCall call;
    call.batch = spec_.batch;
    call.timesteps = spec_.timesteps;
    call.go_backwards = half.spec.go_backwards;
    call.zero_output_for_mask = half.spec.zero_output_for_mask;
    call.inputs = inputs;
    if (half.spec.initial_state) call.initial_state = half.initial.data();
    SetMask(&call);
    if (half.spec.input_dropout_masks != 0) {
      call.input_dropout = half.input_dropout.data();
      call.input_dropout_masks = half.spec.input_dropout_masks;
    }
    if (half.spec.recurrent_dropout) {
      call.recurrent_dropout = half.recurrent_dropout.data();
    }
    return call;
  }

  void UpstreamGradients() {
    Generator generator(99);
    const LayerSpec& last = spec_.layers.back();
    d_outputs_[0] = Values<T>(generator, Steps(spec_, last) * width_, -1, 1);
    d_outputs_[1].clear();
    if (last.merge == cudnn_gru::Merge::kSeparate) {
      d_outputs_[1] = Values<T>(
          generator, Steps(spec_, last) * last.halves[1].units, -1, 1);
    }
    d_states_.clear();
    for (const Half& half : halves_) {
      d_states_.push_back(
          Values<T>(generator, spec_.batch * half.spec.units, -1, 1));
    }
  }

  cudnn_gru::Status BackwardOneByOne(
      const std::vector<std::unique_ptr<cudnn_gru::GruPass>>& passes,
      const std::vector<std::vector<T>>& outputs, AllGradients* gradients) {
    const cudnn_gru::StackGradients targets = Targets(gradients);
    std::vector<T> above = d_outputs_[0];
    size_t index = halves_.size();
    for (size_t l = spec_.layers.size(); l-- > 0;) {
      const LayerSpec& layer = spec_.layers[l];
      index -= layer.halves.size();
      std::vector<T> sum;
      for (size_t i = 0; i < layer.halves.size(); ++i) {
        const bool separate = layer.merge == cudnn_gru::Merge::kSeparate;
        const std::vector<T> d_output = HalfGradient(
            spec_, layer, i, separate && i == 1 ? d_outputs_[1] : above,
            &outputs[index]);
        std::vector<T> d_inputs(spec_.batch * spec_.timesteps *
                                halves_[index].features);
        const cudnn_gru::HalfGradients& from = targets.halves[index + i];
        cudnn_gru::GruGradients one;
        one.d_output = d_output.data();
        one.d_state = from.d_state;
        one.d_inputs = d_inputs.data();
        one.d_initial_state = from.d_initial_state;
        one.d_kernel = from.d_kernel;
        one.d_recurrent_kernel = from.d_recurrent_kernel;
        one.d_bias = from.d_bias;
        const cudnn_gru::Status status =
            passes[index + i]->Backward(one, 1, nullptr);
        if (!status.ok()) return status;
        d_inputs = Rounded(spec_, d_inputs);
        if (i == 0) {
          sum = d_inputs;
        } else {
          for (size_t k = 0; k < sum.size(); ++k) sum[k] += d_inputs[k];
          sum = Rounded(spec_, sum);
        }
      }
      above = sum;
    }
    (*gradients)[0] = above;
    return cudnn_gru::Status();
  }

  const StackSpec spec_;
  Generator generator_;
  std::vector<T> inputs_;
  std::vector<uint16_t> input_bits_;
  std::vector<uint16_t> output_bits_[2];
  std::vector<uint8_t> mask_;
  std::vector<int32_t> lengths_;
  std::vector<Half> halves_;
  size_t width_ = 0;
  std::vector<T> d_outputs_[2];
  std::vector<std::vector<T>> d_states_;
};

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_STACK_PROBLEM_H_
