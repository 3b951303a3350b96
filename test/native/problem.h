#ifndef CUDNN_GRU_TEST_NATIVE_PROBLEM_H_
#define CUDNN_GRU_TEST_NATIVE_PROBLEM_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "core/activation_names.h"
#include "core/gru_problem.h"
#include "cpu/dispatch.h"
#include "cpu/gru_forward.h"
#include "cpu/gru_tape.h"
#include "cpu/weights.h"

namespace cudnn_gru_test {

enum class Masking { kNone, kMask, kLengths };

// What distinguishes one case of the forward tests.
struct Shape {
  size_t batch = 1;
  size_t timesteps = 1;
  size_t features = 1;
  size_t units = 1;
};

struct Options {
  bool reset_after = true;
  bool bias = true;
  bool return_sequences = true;
  bool go_backwards = false;
  bool zero_output_for_mask = false;
  bool initial_state = false;
  Masking masking = Masking::kNone;
  size_t input_dropout_masks = 0;
  bool recurrent_dropout = false;
  cudnn_gru::Activation activation = cudnn_gru::Activation::kTanh;
  cudnn_gru::Activation recurrent_activation = cudnn_gru::Activation::kSigmoid;
  cudnn_gru::StateRounding rounding = cudnn_gru::StateRounding::kNone;
};

// x / (1 + |x|), less half of the row's first element: a function of the whole
// row. Fails from its `failing`th call on.
template <typename T>
class Callback : public cudnn_gru::ActivationCallback {
 public:
  explicit Callback(int failing) : failing_(failing) {}

  cudnn_gru::Status Apply(bool, const void* x, void* y, size_t n) override {
    if (--failing_ < 0) {
      return cudnn_gru::Status(cudnn_gru::StatusCode::kCallback, "as asked");
    }
    const T* in = static_cast<const T*>(x);
    T* out = static_cast<T*>(y);
    for (size_t i = 0; i < n; ++i) {
      out[i] = in[i] / (T(1) + std::fabs(in[i])) - in[0] / T(2);
    }
    return cudnn_gru::Status();
  }

  cudnn_gru::Status Differentiate(bool, const void* x, const void*,
                                  const void* dy, void* dx, size_t n) override {
    if (--failing_ < 0) {
      return cudnn_gru::Status(cudnn_gru::StatusCode::kCallback, "as asked");
    }
    const T* in = static_cast<const T*>(x);
    const T* upstream = static_cast<const T*>(dy);
    T* out = static_cast<T*>(dx);
    T sum = 0;
    for (size_t i = 0; i < n; ++i) {
      const T scale = T(1) + std::fabs(in[i]);
      out[i] = upstream[i] / (scale * scale);
      sum += upstream[i];
    }
    out[0] -= sum / T(2);
    return cudnn_gru::Status();
  }

 private:
  int failing_;
};

template <typename T>
std::vector<T> Values(Generator& generator, size_t count, double low,
                      double high) {
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(generator.Uniform(low, high));
  return values;
}

template <typename T>
struct Result {
  std::vector<T> output;
  std::vector<T> state;
};

template <typename T>
struct Gradients {
  std::vector<T> inputs, initial_state, kernel, recurrent_kernel, bias;
};

// max|a - b| <= tolerance * max(1, max|b|), and both finite in the same places.
template <typename T>
bool Near(const std::vector<T>& a, const std::vector<T>& b, double tolerance) {
  double largest = 1.0;
  for (T value : b) {
    if (std::isfinite(value))
      largest = std::max<double>(largest, std::fabs(value));
  }
  for (size_t i = 0; i < b.size(); ++i) {
    if (std::isnan(a[i]) != std::isnan(b[i])) return false;
    if (std::isinf(a[i]) || std::isinf(b[i])) {
      if (a[i] != b[i]) return false;
    } else if (!std::isnan(b[i]) && !(std::fabs(static_cast<double>(a[i]) -
                                                b[i]) <= tolerance * largest)) {
      return false;
    }
  }
  return a.size() == b.size();
}

// A layer's weights and one call's tensors, the same for the same seed.
template <typename T>
class Problem {
 public:
  Problem(const Shape& shape, const Options& options, uint64_t seed)
      : shape_(shape), options_(options) {
    Generator generator(seed);
    const size_t units = shape.units;
    const double scale = 1.5 / static_cast<double>(1 + units / 8);
    kernel_ = Values<T>(generator, shape.features * 3 * units, -1, 1);
    recurrent_ = Values<T>(generator, units * 3 * units, -scale, scale);
    bias_ = Values<T>(generator, (options.reset_after ? 6 : 3) * units, -1, 1);
    inputs_ = Values<T>(generator,
                        shape.batch * shape.timesteps * shape.features, -2, 2);
    initial_ = Values<T>(generator, shape.batch * units, -1, 1);
    for (size_t i = 0; i < shape.batch * shape.timesteps; ++i) {
      mask_.push_back(generator.Next() % 3 != 0);
    }
    for (size_t i = 0; i < shape.batch; ++i) {
      lengths_.push_back(
          static_cast<int32_t>(generator.Next() % (shape.timesteps + 1)));
    }
    input_dropout_ = Keep(
        generator, options.input_dropout_masks * shape.batch * shape.features);
    recurrent_dropout_ = Keep(generator, 3 * shape.batch * units);
    d_output_ = Values<T>(
        generator,
        shape.batch * units * (options.return_sequences ? shape.timesteps : 1),
        -1, 1);
    d_state_ = Values<T>(generator, shape.batch * units, -1, 1);
  }

  cudnn_gru::Status Weights(
      const cudnn_gru::CpuBackend& backend,
      std::shared_ptr<const cudnn_gru::CpuWeights>* weights) const {
    cudnn_gru::GruDescription description;
    description.dtype = sizeof(T) == 4 ? cudnn_gru::Dtype::kFloat32
                                       : cudnn_gru::Dtype::kFloat64;
    description.features = shape_.features;
    description.units = shape_.units;
    description.reset_after = options_.reset_after;
    description.activation = Spec(options_.activation);
    description.recurrent_activation = Spec(options_.recurrent_activation);
    description.state_rounding = options_.rounding;
    return cudnn_gru::CpuWeights::Create(
        description, backend, kernel_.data(), recurrent_.data(),
        options_.bias ? bias_.data() : nullptr, weights);
  }

  // Computes rows [begin, begin + count) as a batch of their own, on up to
  // `threads` threads. What the call does not write stays -77.
  cudnn_gru::Status Forward(const cudnn_gru::CpuBackend& backend, size_t begin,
                            size_t count, int threads, Result<T>* result,
                            int failing_callback = 1000000) const {
    std::shared_ptr<const cudnn_gru::CpuWeights> weights;
    const cudnn_gru::Status created = Weights(backend, &weights);
    if (!created.ok()) return created;
    // Dropout masks are (masks, B, width): rows are gathered mask by mask.
    const std::vector<T> input_dropout =
        Rows(input_dropout_, options_.input_dropout_masks, shape_.features,
             begin, count);
    const std::vector<T> recurrent_dropout =
        Rows(recurrent_dropout_, 3, shape_.units, begin, count);
    cudnn_gru::GruCall call =
        Call(begin, count, input_dropout, recurrent_dropout, result);
    Callback<T> custom(failing_callback);
    call.custom = &custom;
    return cudnn_gru::ForwardOnCpu(*weights, call, threads, nullptr);
  }

  // Computes all rows and keeps a tape of them. The call's tensors and the
  // last other reference to the weights are gone when this returns.
  cudnn_gru::Status Forward(const cudnn_gru::CpuBackend& backend, int threads,
                            const cudnn_gru::Cancellation* cancellation,
                            Result<T>* result,
                            std::unique_ptr<cudnn_gru::CpuTape>* tape,
                            int failing_callback = 1000000) const {
    std::shared_ptr<const cudnn_gru::CpuWeights> weights;
    const cudnn_gru::Status created = Weights(backend, &weights);
    if (!created.ok()) return created;
    const Problem tensors = *this;
    cudnn_gru::GruCall call =
        tensors.Call(0, shape_.batch, tensors.input_dropout_,
                     tensors.recurrent_dropout_, result);
    Callback<T> custom(failing_callback);
    call.custom = &custom;
    return cudnn_gru::CpuTape::Forward(std::move(weights), call, threads,
                                       cancellation, tape);
  }

  // Gradients of the tensors that `wanted` has a bit for, in the order of
  // Gradients; upstream gradients are those of the problem where `given` (bits:
  // output, state) says so. What the call does not write stays -77.
  cudnn_gru::Status Backward(cudnn_gru::CpuTape& tape, int threads,
                             const cudnn_gru::Cancellation* cancellation,
                             Gradients<T>* gradients, int wanted = 31,
                             int given = 3,
                             int failing_callback = 1000000) const {
    const auto target = [&](int bit, std::vector<T>& values, size_t count) {
      values.assign(count, T(-77));
      return (wanted & bit) != 0 ? values.data() : nullptr;
    };
    cudnn_gru::GruGradients tensors;
    tensors.d_output = (given & 1) != 0 ? d_output_.data() : nullptr;
    tensors.d_state = (given & 2) != 0 ? d_state_.data() : nullptr;
    tensors.d_inputs = target(1, gradients->inputs, inputs_.size());
    tensors.d_initial_state =
        target(2, gradients->initial_state, initial_.size());
    tensors.d_kernel = target(4, gradients->kernel, kernel_.size());
    tensors.d_recurrent_kernel =
        target(8, gradients->recurrent_kernel, recurrent_.size());
    tensors.d_bias = target(16, gradients->bias, bias_.size());
    Callback<T> custom(failing_callback);
    tensors.custom = &custom;
    return tape.Backward(tensors, threads, cancellation);
  }

  const Shape& shape() const { return shape_; }

  std::string Name() const {
    const Options& o = options_;
    std::string name = sizeof(T) == 4 ? "float32" : "float64";
    name += " " + std::to_string(shape_.batch) + "x" +
            std::to_string(shape_.timesteps) + "x" +
            std::to_string(shape_.features) + " to " +
            std::to_string(shape_.units);
    if (!o.reset_after) name += " reset_after=False";
    if (!o.bias) name += " use_bias=False";
    if (!o.return_sequences) name += " return_sequences=False";
    if (o.go_backwards) name += " go_backwards";
    if (o.zero_output_for_mask) name += " zero_output_for_mask";
    if (o.initial_state) name += " initial_state";
    if (o.masking == Masking::kMask) name += " mask";
    if (o.masking == Masking::kLengths) name += " lengths";
    if (o.input_dropout_masks != 0) {
      name += " input dropout " + std::to_string(o.input_dropout_masks);
    }
    if (o.recurrent_dropout) name += " recurrent dropout";
    name += std::string(" ") + cudnn_gru::ActivationName(o.activation) + "/" +
            cudnn_gru::ActivationName(o.recurrent_activation);
    return name;
  }

 private:
  // `result` gets room, filled with -77.
  cudnn_gru::GruCall Call(size_t begin, size_t count,
                          const std::vector<T>& input_dropout,
                          const std::vector<T>& recurrent_dropout,
                          Result<T>* result) const {
    const size_t steps = shape_.timesteps;
    const size_t units = shape_.units;
    cudnn_gru::GruCall call;
    call.batch = count;
    call.timesteps = steps;
    call.return_sequences = options_.return_sequences;
    call.go_backwards = options_.go_backwards;
    call.zero_output_for_mask = options_.zero_output_for_mask;
    call.inputs = inputs_.data() + begin * steps * shape_.features;
    if (options_.initial_state) {
      call.initial_state = initial_.data() + begin * units;
    }
    if (options_.masking == Masking::kMask) {
      call.mask = mask_.data() + begin * steps;
    } else if (options_.masking == Masking::kLengths) {
      call.lengths = lengths_.data() + begin;
    }
    if (options_.input_dropout_masks != 0) {
      call.input_dropout = input_dropout.data();
      call.input_dropout_masks = options_.input_dropout_masks;
    }
    if (options_.recurrent_dropout) {
      call.recurrent_dropout = recurrent_dropout.data();
    }
    result->output.assign(
        count * units * (options_.return_sequences ? steps : 1), T(-77));
    result->state.assign(count * units, T(-77));
    call.output = result->output.data();
    call.state = result->state.data();
    return call;
  }

  static cudnn_gru::ActivationSpec Spec(cudnn_gru::Activation kind) {
    cudnn_gru::ActivationSpec spec;
    // With no parameters given, the name's default is taken.
    (void)cudnn_gru::FindActivation(cudnn_gru::ActivationName(kind), nullptr, 0,
                                    &spec);
    return spec;
  }

  static std::vector<T> Keep(Generator& generator, size_t count) {
    std::vector<T> keep(count);
    for (T& value : keep) value = generator.Next() % 4 == 0 ? T(0) : T(4.0 / 3);
    return keep;
  }

  std::vector<T> Rows(const std::vector<T>& masks, size_t mask_count,
                      size_t width, size_t begin, size_t count) const {
    std::vector<T> rows;
    for (size_t mask = 0; mask < mask_count; ++mask) {
      const T* first = masks.data() + (mask * shape_.batch + begin) * width;
      rows.insert(rows.end(), first, first + count * width);
    }
    return rows;
  }

  const Shape shape_;
  const Options options_;
  std::vector<T> kernel_, recurrent_, bias_, inputs_, initial_;
  std::vector<uint8_t> mask_;
  std::vector<int32_t> lengths_;
  std::vector<T> input_dropout_, recurrent_dropout_;
  std::vector<T> d_output_, d_state_;
};

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_PROBLEM_H_
