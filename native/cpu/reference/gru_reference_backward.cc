#include "cpu/reference/gru_reference_backward.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <vector>

#include "cpu/activations/activation_derivatives.h"
#include "cpu/reference/operand_rounding.h"

namespace cudnn_gru {
namespace {

using Vector = std::vector<double>;

template <typename T>
class ReferenceBackward {
 public:
  ReferenceBackward(const CpuWeights& weights, const GruCall& call,
                    const ReferenceSteps& steps, const GruGradients& gradients)
      : weights_(weights),
        description_(weights.description()),
        call_(call),
        steps_(steps),
        gradients_(gradients),
        units_(description_.units),
        features_(description_.features),
        d_kernel_(features_ * 3 * units_),
        d_recurrent_(units_ * 3 * units_),
        d_input_bias_(3 * units_),
        d_recurrent_bias_(3 * units_) {}

  Status Row(size_t row, const Cancellation* cancellation) {
    Vector d_state = RowOf(gradients_.d_state, row, units_);
    // The gradient of the output that the next masked steps repeat.
    Vector d_output(units_);
    if (!call_.return_sequences && !IsZero(row, call_.timesteps - 1)) {
      d_output = RowOf(gradients_.d_output, row, units_);
    }
    ClearInputGradient(row);
    for (size_t step = call_.timesteps; step-- > 0;) {
      if (cancellation != nullptr && cancellation->requested()) {
        return Aborted();
      }
      if (call_.return_sequences && !IsZero(row, step)) {
        Add(RowOf(gradients_.d_output, row * call_.timesteps + step, units_),
            &d_output);
      }
      if (Masked(row, step)) continue;
      Add(d_output, &d_state);
      std::fill(d_output.begin(), d_output.end(), 0.0);
      d_state = Cell(row, step, d_state);
    }
    Write(d_state, gradients_.d_initial_state, row * units_);
    return failure_;
  }

  void Finish() {
    Write(d_kernel_, gradients_.d_kernel, 0);
    Write(d_recurrent_, gradients_.d_recurrent_kernel, 0);
    Write(d_input_bias_, gradients_.d_bias, 0);
    if (description_.reset_after) {
      Write(d_recurrent_bias_, gradients_.d_bias, 3 * units_);
    }
  }

 private:
  size_t InputStep(size_t step) const {
    return call_.go_backwards ? call_.timesteps - 1 - step : step;
  }

  bool Masked(size_t row, size_t step) const {
    const size_t t = InputStep(step);
    if (call_.mask != nullptr) {
      return call_.mask[row * call_.timesteps + t] == 0;
    }
    return call_.lengths != nullptr &&
           t >= static_cast<size_t>(call_.lengths[row]);
  }

  // Whether the output after `step` is a constant.
  bool IsZero(size_t row, size_t step) const {
    return call_.zero_output_for_mask && Masked(row, step);
  }

  // Returns row `row` of a tensor, or zeros when the tensor is null.
  static Vector RowOf(const void* tensor, size_t row, size_t width) {
    if (tensor == nullptr) return Vector(width);
    const T* const values = static_cast<const T*>(tensor) + row * width;
    return Vector(values, values + width);
  }

  static void Add(const Vector& values, Vector* sum) {
    for (size_t i = 0; i < values.size(); ++i) (*sum)[i] += values[i];
  }

  static void Write(const Vector& values, void* tensor, size_t place) {
    if (tensor == nullptr) return;
    std::transform(values.begin(), values.end(),
                   static_cast<T*>(tensor) + place,
                   [](double value) { return static_cast<T>(value); });
  }

  // Sets the row's input gradient to zero, because masked steps write none.
  void ClearInputGradient(size_t row) const {
    if (gradients_.d_inputs == nullptr) return;
    const size_t width = call_.timesteps * features_;
    std::fill_n(static_cast<T*>(gradients_.d_inputs) + row * width, width,
                T(0));
  }

  // Returns the dropout multipliers of a gate for one row: ones without
  // dropout.
  Vector Kept(const void* masks, size_t mask_count, size_t gate, size_t row,
              size_t width) const {
    if (masks == nullptr) return Vector(width, 1.0);
    const size_t mask = mask_count == 1 ? 0 : gate;
    return RowOf(masks, mask * call_.batch + row, width);
  }

  static Vector Product(const Vector& a, const Vector& b) {
    Vector product(a.size());
    for (size_t i = 0; i < a.size(); ++i) product[i] = a[i] * b[i];
    return product;
  }

  // Returns a product that is multiplied by weights, as forward rounds it.
  Vector Operand(const Vector& a, const Vector& b) const {
    Vector product = Product(a, b);
    RoundOperands(description_.state_rounding, &product);
    return product;
  }

  // Differentiates `operand @ matrix[gate]`, whose gradient is `d`. Adds the
  // gradient of the matrix to `d_matrix` and returns the gradient of the
  // operand.
  Vector Multiplied(const T* matrix, size_t gate, const Vector& operand,
                    const Vector& d, Vector* d_matrix) const {
    Vector d_operand(operand.size());
    for (size_t k = 0; k < operand.size(); ++k) {
      const size_t first = (k * 3 + gate) * units_;
      for (size_t unit = 0; unit < units_; ++unit) {
        d_operand[k] += static_cast<double>(matrix[first + unit]) * d[unit];
        (*d_matrix)[first + unit] += operand[k] * d[unit];
      }
    }
    return d_operand;
  }

  // Returns row `row` of a tensor of `steps_`.
  Vector Saved(const double* tensor, size_t row) const {
    return Vector(tensor + row * units_, tensor + (row + 1) * units_);
  }

  // Returns the gradient of the state before the step, given the gradient of
  // the state after it.
  Vector Cell(size_t row, size_t step, const Vector& d_next) {
    const size_t place = row * call_.timesteps + step;
    const Vector state = Saved(steps_.states, place);
    const Vector z = Saved(steps_.gates, place * 3);
    const Vector r = Saved(steps_.gates, place * 3 + 1);
    const Vector candidate = Saved(steps_.gates, place * 3 + 2);
    Vector d_previous(units_), d_z(units_), d_candidate(units_);
    for (size_t unit = 0; unit < units_; ++unit) {
      d_previous[unit] = d_next[unit] * z[unit];
      d_z[unit] = d_next[unit] * (state[unit] - candidate[unit]);
      d_candidate[unit] = d_next[unit] * (1.0 - z[unit]);
    }
    // The gradients of the pre-activations, and of their recurrent parts.
    Vector d_sum[3], d_recurrent[3];
    d_sum[2] = Activated(place, 2, d_candidate);
    d_sum[0] = Activated(place, 0, d_z);
    d_recurrent[0] = d_sum[0];
    const T* const recurrent = weights_.recurrent_kernel<T>();
    Vector kept[3];
    for (size_t gate = 0; gate < 3; ++gate) {
      kept[gate] = Kept(call_.recurrent_dropout, 3, gate, row, units_);
    }
    const Vector hidden = Operand(state, kept[2]);
    Vector d_hidden[3];
    if (description_.reset_after) {
      const Vector inner = Saved(steps_.candidates, place);
      d_sum[1] = Activated(place, 1, Product(d_sum[2], inner));
      d_recurrent[2] = Product(d_sum[2], r);
      RoundOperands(GradientRounding(description_), &d_recurrent[2]);
      d_hidden[2] =
          Multiplied(recurrent, 2, hidden, d_recurrent[2], &d_recurrent_);
    } else {
      const Vector d_reset =
          Multiplied(recurrent, 2, Operand(r, hidden), d_sum[2], &d_recurrent_);
      d_sum[1] = Activated(place, 1, Product(d_reset, hidden));
      d_recurrent[2] = d_sum[2];
      d_hidden[2] = Product(d_reset, r);
    }
    d_recurrent[1] = d_sum[1];
    for (size_t gate = 0; gate < 2; ++gate) {
      d_hidden[gate] = Multiplied(recurrent, gate, Operand(state, kept[gate]),
                                  d_recurrent[gate], &d_recurrent_);
    }
    for (size_t gate = 0; gate < 3; ++gate) {
      Add(Product(d_hidden[gate], kept[gate]), &d_previous);
      for (size_t unit = 0; unit < units_; ++unit) {
        d_input_bias_[gate * units_ + unit] += d_sum[gate][unit];
        d_recurrent_bias_[gate * units_ + unit] += d_recurrent[gate][unit];
      }
    }
    Inputs(row, step, d_sum);
    return d_previous;
  }

  // Differentiates the products with the inputs.
  void Inputs(size_t row, size_t step, const Vector* d_sum) {
    const size_t place = row * call_.timesteps + InputStep(step);
    const Vector x = RowOf(call_.inputs, place, features_);
    Vector d_x(features_);
    for (size_t gate = 0; gate < 3; ++gate) {
      const Vector kept = Kept(call_.input_dropout, call_.input_dropout_masks,
                               gate, row, features_);
      Add(Product(Multiplied(weights_.kernel<T>(), gate, Operand(x, kept),
                             d_sum[gate], &d_kernel_),
                  kept),
          &d_x);
    }
    Write(d_x, gradients_.d_inputs, place * features_);
  }

  // Returns the gradient of a gate's pre-activation, given the gradient of the
  // gate. Sets failure_ when a callback fails.
  Vector Activated(size_t place, size_t gate_index, const Vector& d_gate) {
    const bool recurrent = gate_index != 2;
    const size_t saved = place * 3 + gate_index;
    const ActivationSpec& activation =
        recurrent ? description_.recurrent_activation : description_.activation;
    const Vector sum = Saved(steps_.sums, saved);
    const Vector gate = Saved(steps_.gates, saved);
    Vector d_sum(units_);
    if (activation.kind == Activation::kCustom) {
      const std::vector<T> x(sum.begin(), sum.end());
      const std::vector<T> y(gate.begin(), gate.end());
      const std::vector<T> dy(d_gate.begin(), d_gate.end());
      std::vector<T> dx(units_);
      if (failure_.ok()) {
        failure_ = gradients_.custom->Differentiate(
            recurrent ? ActivationRole::kGate : ActivationRole::kCandidate,
            x.data(), y.data(), dy.data(), dx.data(), units_);
      }
      std::copy(dx.begin(), dx.end(), d_sum.begin());
    } else if (IsElementwise(activation.kind)) {
      for (size_t unit = 0; unit < units_; ++unit) {
        d_sum[unit] = d_gate[unit] * ActivationDerivative<T>(
                                         activation, static_cast<T>(sum[unit]));
      }
    } else {
      std::vector<size_t> order(units_);
      RowActivationGradient<double>(
          activation.kind,
          {sum.data(), gate.data(), d_gate.data(), d_sum.data(), units_},
          order.data());
    }
    RoundOperands(GradientRounding(description_), &d_sum);
    return d_sum;
  }

  const CpuWeights& weights_;
  const GruDescription& description_;
  const GruCall& call_;
  const ReferenceSteps& steps_;
  const GruGradients& gradients_;
  const size_t units_;
  const size_t features_;
  Vector d_kernel_;
  Vector d_recurrent_;
  Vector d_input_bias_;
  Vector d_recurrent_bias_;
  Status failure_;
};

template <typename T>
Status Run(const CpuWeights& weights, const GruCall& call,
           const ReferenceSteps& steps, const GruGradients& gradients,
           const Cancellation* cancellation) {
  ReferenceBackward<T> backward(weights, call, steps, gradients);
  for (size_t row = 0; row < call.batch; ++row) {
    const Status status = backward.Row(row, cancellation);
    if (!status.ok()) return status;
  }
  backward.Finish();
  return Status();
}

}  // namespace

Status BackwardReference(const CpuWeights& weights, const GruCall& call,
                         const ReferenceSteps& steps,
                         const GruGradients& gradients,
                         const Cancellation* cancellation) {
  try {
    return weights.description().dtype == Dtype::kFloat32
               ? Run<float>(weights, call, steps, gradients, cancellation)
               : Run<double>(weights, call, steps, gradients, cancellation);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory,
                  "The system has no memory for the reference computation.");
  }
}

}  // namespace cudnn_gru
