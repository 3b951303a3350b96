#ifndef CUDNN_GRU_TEST_NATIVE_PROBLEM_H_
#define CUDNN_GRU_TEST_NATIVE_PROBLEM_H_

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/activation_names.h"
#include "core/gru_call.h"
#include "core/half.h"
#include "core/measured_choice.h"
#include "cpu/cpu_backend.h"
#include "cpu/dispatch/dispatch.h"
#include "cpu/weights/weights.h"
#include "generator.h"
#include "native_test.h"

namespace cudnn_gru_test {

// A fixture for tests that need barriers on any machine.
struct WithBarriers {
  WithBarriers() { cudnn_gru::MeasuredChoices::Get().AlwaysBarriers(); }
  ~WithBarriers() { cudnn_gru::MeasuredChoices::Get().Measure(); }
};

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

  cudnn_gru::Status Apply(cudnn_gru::ActivationRole, const void* x, void* y,
                          size_t n) override {
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

  cudnn_gru::Status Differentiate(cudnn_gru::ActivationRole, const void* x,
                                  const void*, const void* dy, void* dx,
                                  size_t n) override {
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
  std::vector<T> inputs;
  std::vector<T> initial_state;
  std::vector<T> kernel;
  std::vector<T> recurrent_kernel;
  std::vector<T> bias;
};

constexpr int kAllGradients = 31;

// Which gradients come from above.
struct Upstream {
  bool output = true;
  bool state = true;
};

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
    // A layer of a 16-bit type has weights, inputs and states of that type.
    for (std::vector<T>* values :
         {&kernel_, &recurrent_, &bias_, &inputs_, &initial_}) {
      cudnn_gru::RoundValues(options.rounding, values->data(), values->size());
    }
    input_dropout_ = Keep(
        generator, options.input_dropout_masks * shape.batch * shape.features);
    recurrent_dropout_ = Keep(generator, 3 * shape.batch * units);
  }

  cudnn_gru::Status Weights(
      const cudnn_gru::CpuIsa& isa,
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
        description, isa, kernel_.data(), recurrent_.data(),
        options_.bias ? bias_.data() : nullptr, weights);
  }

  // Computes rows [begin, begin + count) as a batch of their own, on up to
  // `threads` threads. What the call does not write stays -77.
  cudnn_gru::Status Forward(const cudnn_gru::CpuIsa& isa, size_t begin,
                            size_t count, int threads, Result<T>* result,
                            int failing_callback = 1000000) const {
    std::shared_ptr<const cudnn_gru::CpuWeights> weights;
    const cudnn_gru::Status created = Weights(isa, &weights);
    if (!created.ok()) return created;
    const Tensors tensors(*this, begin, count, failing_callback);
    return cudnn_gru::CpuBackend(std::move(weights))
        .Forward(tensors.Call(result), {threads});
  }

  // The whole batch, with a pass. The call's tensors and every other reference
  // to the weights are gone when this returns.
  cudnn_gru::Status Forward(const cudnn_gru::CpuIsa& isa, int threads,
                            const cudnn_gru::Cancellation* cancellation,
                            Result<T>* result,
                            std::unique_ptr<cudnn_gru::GruPass>* pass,
                            int failing_callback = 1000000) const {
    std::shared_ptr<const cudnn_gru::CpuWeights> weights;
    const cudnn_gru::Status created = Weights(isa, &weights);
    if (!created.ok()) return created;
    const Problem copy = *this;
    const Tensors tensors(copy, 0, shape_.batch, failing_callback);
    return cudnn_gru::CpuBackend(std::move(weights))
        .ForwardKeepingPass(tensors.Call(result), {threads, cancellation},
                            pass);
  }

  // Gradients of the tensors that `wanted` has a bit for, in the order of
  // Gradients. What is not written stays -77.
  cudnn_gru::Status Backward(cudnn_gru::GruPass& pass, int threads,
                             const cudnn_gru::Cancellation* cancellation,
                             const Upstream& upstream, int wanted,
                             Gradients<T>* gradients,
                             int failing_callback = 1000000) const {
    Generator generator(99);
    const size_t steps = options_.return_sequences ? shape_.timesteps : 1;
    const std::vector<T> d_output =
        Values<T>(generator, shape_.batch * steps * shape_.units, -1, 1);
    const std::vector<T> d_state =
        Values<T>(generator, shape_.batch * shape_.units, -1, 1);
    const auto target = [&](int bit, std::vector<T>& values, size_t count) {
      values.assign(count, T(-77));
      return (wanted & bit) != 0 ? values.data() : nullptr;
    };
    Callback<T> custom(failing_callback);
    cudnn_gru::GruGradients pointers;
    if (upstream.output) pointers.d_output = d_output.data();
    if (upstream.state) pointers.d_state = d_state.data();
    pointers.d_inputs = target(1, gradients->inputs, inputs_.size());
    pointers.d_initial_state =
        target(2, gradients->initial_state, initial_.size());
    pointers.d_kernel = target(4, gradients->kernel, kernel_.size());
    pointers.d_recurrent_kernel =
        target(8, gradients->recurrent_kernel, recurrent_.size());
    pointers.d_bias = target(16, gradients->bias, bias_.size());
    pointers.custom = &custom;
    return pass.Backward(pointers, threads, cancellation);
  }

  // Both, on up to `threads` threads each; all gradients.
  cudnn_gru::Status Backward(const cudnn_gru::CpuIsa& isa, int threads,
                             const Upstream& upstream, Result<T>* result,
                             Gradients<T>* gradients,
                             int failing_callback = 1000000) const {
    std::unique_ptr<cudnn_gru::GruPass> pass;
    const cudnn_gru::Status status =
        Forward(isa, threads, nullptr, result, &pass);
    if (!status.ok()) return status;
    return Backward(*pass, threads, nullptr, upstream, kAllGradients, gradients,
                    failing_callback);
  }

  const Shape& shape() const { return shape_; }
  const std::vector<T>& inputs() const { return inputs_; }
  const std::vector<T>& initial_state() const { return initial_; }

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
  // The tensors of a call for rows [begin, begin + count).
  class Tensors {
   public:
    Tensors(const Problem& problem, size_t begin, size_t count, int failing)
        : problem_(problem),
          begin_(begin),
          count_(count),
          // Dropout masks are (masks, B, width): rows are gathered mask by
          // mask.
          input_dropout_(problem.Rows(problem.input_dropout_,
                                      problem.options_.input_dropout_masks,
                                      problem.shape_.features, begin, count)),
          recurrent_dropout_(problem.Rows(problem.recurrent_dropout_, 3,
                                          problem.shape_.units, begin, count)),
          custom_(failing) {}

    cudnn_gru::GruCall Call(Result<T>* result) const {
      const Options& options = problem_.options_;
      const size_t steps = problem_.shape_.timesteps;
      const size_t units = problem_.shape_.units;
      cudnn_gru::GruCall call;
      call.batch = count_;
      call.timesteps = steps;
      call.return_sequences = options.return_sequences;
      call.go_backwards = options.go_backwards;
      call.zero_output_for_mask = options.zero_output_for_mask;
      call.inputs =
          problem_.inputs_.data() + begin_ * steps * problem_.shape_.features;
      if (options.initial_state) {
        call.initial_state = problem_.initial_.data() + begin_ * units;
      }
      if (options.masking == Masking::kMask) {
        call.mask = problem_.mask_.data() + begin_ * steps;
      } else if (options.masking == Masking::kLengths) {
        call.lengths = problem_.lengths_.data() + begin_;
      }
      if (options.input_dropout_masks != 0) {
        call.input_dropout = input_dropout_.data();
        call.input_dropout_masks = options.input_dropout_masks;
      }
      if (options.recurrent_dropout) {
        call.recurrent_dropout = recurrent_dropout_.data();
      }
      result->output.assign(
          count_ * units * (options.return_sequences ? steps : 1), T(-77));
      result->state.assign(count_ * units, T(-77));
      call.output = result->output.data();
      call.state = result->state.data();
      call.custom = &custom_;
      return call;
    }

   private:
    const Problem& problem_;
    const size_t begin_;
    const size_t count_;
    const std::vector<T> input_dropout_;
    const std::vector<T> recurrent_dropout_;
    mutable Callback<T> custom_;
  };

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
};

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_PROBLEM_H_
