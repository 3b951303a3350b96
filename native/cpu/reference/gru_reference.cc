#include "cpu/reference/gru_reference.h"

#include <algorithm>
#include <new>
#include <vector>

#include "core/half.h"
#include "cpu/reference/operand_rounding.h"
#include "cpu/reference/reference_activations.h"

namespace cudnn_gru {
namespace {

template <typename T>
class Reference {
 public:
  Reference(const CpuWeights& weights, const GruCall& call,
            const ReferenceSteps* steps)
      : weights_(weights),
        description_(weights.description()),
        call_(call),
        steps_(steps),
        units_(description_.units),
        features_(description_.features) {}

  Status Row(size_t row, const Cancellation* cancellation) {
    std::vector<T> state(units_, T(0));
    if (call_.initial_state != nullptr) {
      const T* initial =
          static_cast<const T*>(call_.initial_state) + row * units_;
      state.assign(initial, initial + units_);
    }
    std::vector<T> output(units_, T(0));
    const std::vector<T> zeros(units_, T(0));
    bool masked = false;
    for (size_t step = 0; step < call_.timesteps; ++step) {
      if (cancellation != nullptr && cancellation->requested()) {
        return Aborted();
      }
      const size_t t = call_.go_backwards ? call_.timesteps - 1 - step : step;
      masked = !Unmasked(row, t);
      if (!masked) {
        state = Cell(row, step, t, state);
        output = state;
      }
      if (call_.return_sequences) {
        Write(masked && call_.zero_output_for_mask ? zeros : output,
              call_.output, row * call_.timesteps + step);
      }
    }
    if (!call_.return_sequences) {
      Write(masked && call_.zero_output_for_mask ? zeros : output, call_.output,
            row);
    }
    Write(state, call_.state, row);
    return failure_;
  }

 private:
  bool Unmasked(size_t row, size_t t) const {
    if (call_.mask != nullptr) {
      return call_.mask[row * call_.timesteps + t] != 0;
    }
    if (call_.lengths != nullptr) {
      return t < static_cast<size_t>(call_.lengths[row]);
    }
    return true;
  }

  void Write(const std::vector<T>& values, void* tensor, size_t row) const {
    std::copy(values.begin(), values.end(),
              static_cast<T*>(tensor) + row * units_);
  }

  // Multiplies the values of `row` by the dropout mask of `gate`. `masks` are
  // (count, B, width). Null masks change nothing.
  std::vector<double> Dropped(const std::vector<double>& values,
                              const void* masks, size_t count, size_t gate,
                              size_t row) const {
    std::vector<double> dropped(values);
    if (masks == nullptr) return dropped;
    const size_t width = values.size();
    const size_t mask = count == 1 ? 0 : gate;
    const T* keep =
        static_cast<const T*>(masks) + (mask * call_.batch + row) * width;
    for (size_t i = 0; i < width; ++i) {
      dropped[i] *= static_cast<double>(keep[i]);
    }
    RoundOperands(description_.state_rounding, &dropped);
    return dropped;
  }

  // Returns the product of `vector` and one column of a (depth, 3U) matrix.
  double Column(const std::vector<double>& vector, const T* matrix, size_t gate,
                size_t unit) const {
    double sum = 0.0;
    for (size_t k = 0; k < vector.size(); ++k) {
      sum += vector[k] *
             static_cast<double>(matrix[(k * 3 + gate) * units_ + unit]);
    }
    return sum;
  }

  // Copies `values` to row `place` of a tensor whose rows have that many
  // elements.
  template <typename V>
  static void Keep(const V& values, double* tensor, size_t place) {
    std::copy(values.begin(), values.end(), tensor + place * values.size());
  }

  // Computes one step of one row and returns the state after it. The gates have
  // Keras's order z, r, h.
  std::vector<T> Cell(size_t row, size_t step, size_t t,
                      const std::vector<T>& state) {
    const T* x = static_cast<const T*>(call_.inputs) +
                 (row * call_.timesteps + t) * features_;
    const T* recurrent = weights_.recurrent_kernel<T>();
    std::vector<double> hidden[3];
    std::vector<double> input_part[3], recurrent_part[3];
    for (size_t gate = 0; gate < 3; ++gate) {
      const std::vector<double> input =
          Dropped({x, x + features_}, call_.input_dropout,
                  call_.input_dropout_masks, gate, row);
      hidden[gate] = Dropped({state.begin(), state.end()},
                             call_.recurrent_dropout, 3, gate, row);
      for (size_t unit = 0; unit < units_; ++unit) {
        const size_t column = gate * units_ + unit;
        input_part[gate].push_back(
            Column(input, weights_.kernel<T>(), gate, unit) +
            static_cast<double>(weights_.input_bias<T>()[column]));
        recurrent_part[gate].push_back(
            Column(hidden[gate], recurrent, gate, unit) +
            static_cast<double>(weights_.recurrent_bias<T>()[column]));
      }
    }
    std::vector<double> sum[3];
    for (size_t gate = 0; gate < 3; ++gate) {
      for (size_t unit = 0; unit < units_; ++unit) {
        sum[gate].push_back(input_part[gate][unit] +
                            recurrent_part[gate][unit]);
      }
    }
    const std::vector<double> z = Activate(0, sum[0]);
    const std::vector<double> r = Activate(1, sum[1]);
    std::vector<double> reset(units_);
    for (size_t unit = 0; unit < units_; ++unit) {
      reset[unit] = r[unit] * hidden[2][unit];
    }
    RoundOperands(description_.state_rounding, &reset);
    for (size_t unit = 0; unit < units_; ++unit) {
      const double inner = description_.reset_after
                               ? r[unit] * recurrent_part[2][unit]
                               : Column(reset, recurrent, 2, unit);
      sum[2][unit] = input_part[2][unit] + inner;
    }
    const std::vector<double> candidate = Activate(2, sum[2]);
    if (steps_ != nullptr) {
      const size_t place = row * call_.timesteps + step;
      const std::vector<double>* const gates[3] = {&z, &r, &candidate};
      for (size_t gate = 0; gate < 3; ++gate) {
        Keep(sum[gate], steps_->sums, place * 3 + gate);
        Keep(*gates[gate], steps_->gates, place * 3 + gate);
      }
      Keep(state, steps_->states, place);
      Keep(recurrent_part[2], steps_->candidates, place);
    }
    return NextState(state, z, candidate);
  }

  std::vector<T> NextState(const std::vector<T>& state,
                           const std::vector<double>& z,
                           const std::vector<double>& candidate) const {
    std::vector<T> next(units_);
    for (size_t unit = 0; unit < units_; ++unit) {
      next[unit] = static_cast<T>(z[unit] * static_cast<double>(state[unit]) +
                                  (1.0 - z[unit]) * candidate[unit]);
    }
    RoundValues(description_.state_rounding, next.data(), units_);
    return next;
  }

  // Applies the activation of `gate` to one row. Sets failure_ when a callback
  // fails.
  std::vector<double> Activate(size_t gate, const std::vector<double>& x) {
    const bool recurrent = gate != 2;
    const ActivationSpec& activation =
        recurrent ? description_.recurrent_activation : description_.activation;
    if (activation.kind == Activation::kCustom) {
      const std::vector<T> in(x.begin(), x.end());
      std::vector<T> out(x.size());
      if (failure_.ok()) {
        failure_ = call_.custom->Apply(
            recurrent ? ActivationRole::kGate : ActivationRole::kCandidate,
            in.data(), out.data(), x.size());
      }
      return std::vector<double>(out.begin(), out.end());
    }
    if (!IsElementwise(activation.kind)) {
      return ActivateRowReference(activation, x);
    }
    std::vector<double> y;
    for (double value : x) {
      y.push_back(static_cast<double>(
          ActivateReference<T>(activation, static_cast<T>(value))));
    }
    return y;
  }

  const CpuWeights& weights_;
  const GruDescription& description_;
  const GruCall& call_;
  const ReferenceSteps* const steps_;
  const size_t units_;
  const size_t features_;
  Status failure_;
};

template <typename T>
Status Run(const CpuWeights& weights, const GruCall& call,
           const Cancellation* cancellation, const ReferenceSteps* steps) {
  Reference<T> reference(weights, call, steps);
  for (size_t row = 0; row < call.batch; ++row) {
    const Status status = reference.Row(row, cancellation);
    if (!status.ok()) return status;
  }
  return Status();
}

// Runs a call whose inputs or output hold bits, on arrays of floats.
Status RunOnBits(const CpuWeights& weights, const GruCall& call,
                 const Cancellation* cancellation,
                 const ReferenceSteps* steps) {
  const GruDescription& description = weights.description();
  GruCallSizes sizes;
  Status status = ComputeSizes(description, call, &sizes);
  if (!status.ok()) return status;
  GruCall floats = call;
  floats.inputs_are_bits = floats.output_is_bits = false;
  std::vector<float> inputs, output;
  if (call.inputs_are_bits) {
    inputs.resize(sizes.inputs);
    Widen(description.state_rounding, static_cast<const uint16_t*>(call.inputs),
          inputs.data(), inputs.size());
    floats.inputs = inputs.data();
  }
  if (call.output_is_bits) {
    output.resize(sizes.output);
    floats.output = output.data();
  }
  status = Run<float>(weights, floats, cancellation, steps);
  if (status.ok() && call.output_is_bits) {
    Narrow(description.state_rounding, output.data(),
           static_cast<uint16_t*>(call.output), output.size());
  }
  return status;
}

}  // namespace

Status ForwardReference(const CpuWeights& weights, const GruCall& call,
                        const Cancellation* cancellation,
                        const ReferenceSteps* steps) {
  try {
    if (call.inputs_are_bits || call.output_is_bits) {
      return RunOnBits(weights, call, cancellation, steps);
    }
    return weights.description().dtype == Dtype::kFloat32
               ? Run<float>(weights, call, cancellation, steps)
               : Run<double>(weights, call, cancellation, steps);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory,
                  "The system has no memory for the reference computation.");
  }
}

}  // namespace cudnn_gru
