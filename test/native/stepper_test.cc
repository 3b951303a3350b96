// A stepper's steps are bit for bit those of one call over the whole sequence,
// on every instruction set, and allocate nothing.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/gru_stepper.h"
#include "core/half.h"
#include "problem.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::AvailableIsas;
using cudnn_gru::CpuBackend;
using cudnn_gru::CpuIsa;
using cudnn_gru::CpuWeights;
using cudnn_gru::GruCall;
using cudnn_gru::GruStepper;
using cudnn_gru::ScratchBytes;
using cudnn_gru::StateRounding;
using cudnn_gru::Status;

template <typename T>
bool SameBits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() ||
          std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

template <typename T>
std::vector<T> AsFloats(const std::vector<T>& values, StateRounding) {
  return values;
}
std::vector<float> AsFloats(const std::vector<uint16_t>& bits,
                            StateRounding rounding) {
  std::vector<float> floats(bits.size());
  cudnn_gru::Widen(rounding, bits.data(), floats.data(), bits.size());
  return floats;
}

// Steps through the problem's sequence. The arrays of inputs and outputs hold
// elements of E, which is T or bits. Returns (B, T, U).
template <typename T, typename E>
Result<T> Steps(const CpuBackend& backend, const Problem<T>& problem,
                const std::vector<E>& inputs) {
  const Shape& shape = problem.shape();
  const StateRounding rounding = backend.description().state_rounding;
  const size_t cells = shape.batch * shape.units;
  Result<T> result;
  result.state = problem.initial_state();
  result.output.resize(shape.timesteps * cells);
  std::vector<E> frame(shape.batch * shape.features);
  std::vector<E> output(cells);
  GruCall call;
  call.batch = shape.batch;
  call.timesteps = 1;
  call.inputs = frame.data();
  call.initial_state = call.state = result.state.data();
  call.output = output.data();
  call.inputs_are_bits = call.output_is_bits = sizeof(E) == sizeof(uint16_t);
  std::unique_ptr<GruStepper> stepper;
  Status status = backend.MakeStepper(call, &stepper);
  CHECK_MESSAGE(status.ok(), status.message());
  for (size_t step = 0; step < shape.timesteps; ++step) {
    for (size_t row = 0; row < shape.batch; ++row) {
      std::copy_n(
          inputs.data() + (row * shape.timesteps + step) * shape.features,
          shape.features, frame.data() + row * shape.features);
    }
    status = stepper->Step();
    CHECK_MESSAGE(status.ok(), status.message());
    const std::vector<T> floats = AsFloats(output, rounding);
    for (size_t row = 0; row < shape.batch; ++row) {
      std::copy_n(
          floats.data() + row * shape.units, shape.units,
          result.output.data() + (row * shape.timesteps + step) * shape.units);
    }
  }
  return result;
}

template <typename T>
void Compare(const Shape& shape, Options options, uint64_t seed) {
  options.initial_state = true;
  const Problem<T> problem(shape, options, seed);
  for (const CpuIsa& isa : AvailableIsas()) {
    Result<T> whole;
    Status status = problem.Forward(isa, 0, shape.batch, 2, &whole);
    CHECK_MESSAGE(status.ok(), status.message());
    std::shared_ptr<const CpuWeights> weights;
    status = problem.Weights(isa, &weights);
    REQUIRE(status.ok());
    const Result<T> steps =
        Steps(CpuBackend(weights), problem, problem.inputs());
    CHECK_MESSAGE((SameBits(steps.output, whole.output) &&
                   SameBits(steps.state, whole.state)),
                  Format("%s %s: steps differ from the sequence", isa.name,
                         problem.Name().c_str()));
  }
}

void CompareBoth(const Shape& shape, const Options& options, uint64_t seed) {
  Compare<float>(shape, options, seed);
  Compare<double>(shape, options, seed);
}

TEST_CASE("steps are those of a sequence") {
  uint64_t seed = 1;
  for (size_t units : {1, 4, 15, 16, 17, 32, 40, 64}) {
    for (size_t features : {0, 1, 3, 32}) {
      for (size_t batch : {1, 2, 9}) {
        Options options;
        options.reset_after = seed % 2 == 0;
        options.bias = seed % 3 != 0;
        CompareBoth({batch, 6, features, units}, options, seed++);
      }
    }
  }
}

TEST_CASE("steps with other activations and one over a whole row") {
  uint64_t seed = 1000;
  for (Activation activation :
       {Activation::kRelu, Activation::kGelu, Activation::kSoftmax}) {
    for (bool reset_after : {true, false}) {
      Options options;
      options.activation = activation;
      options.recurrent_activation = activation == Activation::kSoftmax
                                         ? Activation::kSoftmax
                                         : Activation::kHardSigmoid;
      options.reset_after = reset_after;
      CompareBoth({3, 5, 4, 21}, options, seed++);
    }
  }
}

// So much work that threads share it, and the widest batch that is not.
TEST_CASE_FIXTURE(WithBarriers, "steps that several threads share") {
  CompareBoth({64, 3, 64, 128}, Options(), 2000);
  CompareBoth({1, 3, 700, 700}, Options(), 2001);
  CompareBoth({40, 3, 64, 64}, Options(), 2002);
}

TEST_CASE("steps of layers with 16 bits") {
  uint64_t seed = 3000;
  for (StateRounding rounding :
       {StateRounding::kFloat16, StateRounding::kBfloat16}) {
    for (bool reset_after : {true, false}) {
      Options options;
      options.rounding = rounding;
      options.reset_after = reset_after;
      Compare<float>({2, 6, 5, 19}, options, seed++);
    }
  }
}

TEST_CASE("steps that read and write bits") {
  for (StateRounding rounding :
       {StateRounding::kFloat16, StateRounding::kBfloat16}) {
    Options options;
    options.rounding = rounding;
    const Problem<float> problem({3, 6, 5, 19}, options, 4000);
    std::vector<uint16_t> bits(problem.inputs().size());
    cudnn_gru::Narrow(rounding, problem.inputs().data(), bits.data(),
                      bits.size());
    const std::vector<float> rounded = AsFloats(bits, rounding);
    for (const CpuIsa& isa : AvailableIsas()) {
      std::shared_ptr<const CpuWeights> weights;
      REQUIRE(problem.Weights(isa, &weights).ok());
      const CpuBackend backend(weights);
      const Result<float> from_bits = Steps(backend, problem, bits);
      const Result<float> from_floats = Steps(backend, problem, rounded);
      CHECK_MESSAGE((SameBits(from_bits.output, from_floats.output) &&
                     SameBits(from_bits.state, from_floats.state)),
                    Format("%s: bits differ from floats", isa.name));
    }
  }
}

TEST_CASE("a stepper keeps its memory until it goes") {
  const Problem<float> problem({1, 1, 32, 32}, Options(), 5000);
  std::shared_ptr<const CpuWeights> weights;
  REQUIRE(problem.Weights(AvailableIsas().back(), &weights).ok());
  const CpuBackend backend(weights);
  std::vector<float> frame(32), output(32), state(32);
  GruCall call;
  call.batch = call.timesteps = 1;
  call.inputs = frame.data();
  call.initial_state = call.state = state.data();
  call.output = output.data();
  std::unique_ptr<GruStepper> stepper;
  REQUIRE(backend.MakeStepper(call, &stepper).ok());
  const size_t bytes = ScratchBytes();
  CHECK(stepper->bytes() > 0);
  CHECK(stepper->bytes() <= bytes);
  for (int i = 0; i < 100; ++i) CHECK(stepper->Step().ok());
  CHECK(ScratchBytes() == bytes);
}

}  // namespace
}  // namespace cudnn_gru_test
