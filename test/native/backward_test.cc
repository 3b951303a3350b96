// The gradients of every instruction set against the scalar reference's, at
// sizes below, at and above the vector widths, and their independence of
// threads.
#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "problem.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::CpuIsa;

// The largest error relative to max(1, max|b|); infinity where only one is
// finite.
template <typename T>
double Error(const std::vector<T>& a, const std::vector<T>& b) {
  double largest = 1.0;
  double error = 0.0;
  for (size_t i = 0; i < b.size(); ++i) {
    if (std::isfinite(a[i]) != std::isfinite(b[i])) return HUGE_VAL;
    if (!std::isfinite(b[i])) continue;
    largest = std::max<double>(largest, std::fabs(b[i]));
    error =
        std::max<double>(error, std::fabs(static_cast<double>(a[i]) - b[i]));
  }
  return a.size() == b.size() ? error / largest : HUGE_VAL;
}

double worst_float = 0.0;
double worst_double = 0.0;

// Prints the worst errors of the test case at its end.
struct GradientTest : WithBarriers {
  ~GradientTest() {
    std::printf("worst errors so far: float32 %.3g, float64 %.3g\n",
                worst_float, worst_double);
  }
};

template <typename T>
void Compare(const Shape& shape, const Options& options, uint64_t seed,
             const Upstream& upstream = Upstream()) {
  const Problem<T> problem(shape, options, seed);
  double tolerance = sizeof(T) == 4 ? 1e-4 : 1e-12;
  // States that round to different 16-bit values change what follows.
  if (options.rounding == cudnn_gru::StateRounding::kFloat16) tolerance = 1e-2;
  if (options.rounding == cudnn_gru::StateRounding::kBfloat16) tolerance = 6e-2;
  Result<T> expected_result;
  Gradients<T> expected;
  const cudnn_gru::Status status =
      problem.Backward(cudnn_gru::AvailableIsas().front(), 1, upstream,
                       &expected_result, &expected);
  CHECK_MESSAGE(status.ok(), Format("reference %s: %s", problem.Name().c_str(),
                                    status.message().c_str()));
  for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    if (isa.kernels == nullptr) continue;
    Result<T> inferred;
    CHECK_MESSAGE(problem.Forward(isa, 0, shape.batch, 1, &inferred).ok(),
                  Format("%s %s failed", isa.name, problem.Name().c_str()));
    Result<T> result;
    Gradients<T> found;
    const cudnn_gru::Status backward =
        problem.Backward(isa, 1, upstream, &result, &found);
    CHECK_MESSAGE(backward.ok(),
                  Format("%s %s: %s", isa.name, problem.Name().c_str(),
                         backward.message().c_str()));
    CHECK_MESSAGE(
        (result.output == inferred.output && result.state == inferred.state),
        Format("%s %s: keeping the steps changes the results", isa.name,
               problem.Name().c_str()));
    const struct {
      const char* name;
      const std::vector<T>& found;
      const std::vector<T>& expected;
    } tensors[] = {
        {"inputs", found.inputs, expected.inputs},
        {"initial_state", found.initial_state, expected.initial_state},
        {"kernel", found.kernel, expected.kernel},
        {"recurrent_kernel", found.recurrent_kernel, expected.recurrent_kernel},
        {"bias", found.bias, expected.bias},
    };
    for (const auto& tensor : tensors) {
      const double error = Error(tensor.found, tensor.expected);
      CHECK_MESSAGE(error <= tolerance,
                    Format("%s %s: gradient of %s is off by %g", isa.name,
                           problem.Name().c_str(), tensor.name, error));
      if (options.rounding == cudnn_gru::StateRounding::kNone) {
        double& worst = sizeof(T) == 4 ? worst_float : worst_double;
        worst = std::max(worst, error);
      }
    }
  }
}

void CompareBoth(const Shape& shape, const Options& options, uint64_t seed,
                 const Upstream& upstream = Upstream()) {
  Compare<float>(shape, options, seed, upstream);
  Compare<double>(shape, options, seed, upstream);
}

// Units and features around every vector width and tile height.
TEST_CASE_FIXTURE(GradientTest, "sizes around every vector width") {
  const size_t units[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 48, 65};
  const size_t features[] = {1, 2, 5, 8, 17, 40};
  uint64_t seed = 1;
  for (size_t unit : units) {
    for (size_t feature : features) {
      for (bool reset_after : {true, false}) {
        Options options;
        options.reset_after = reset_after;
        CompareBoth({1 + seed % 7, 1 + seed % 5, feature, unit}, options, seed);
        ++seed;
      }
    }
  }
  // Batches around every height of a tile, and several blocks of steps.
  for (size_t batch = 0; batch <= 34; ++batch) {
    Options options;
    options.reset_after = batch % 3 != 0;
    CompareBoth({batch, 3, 3, 19}, options, 1000 + batch);
  }
  for (size_t timesteps : {63, 129, 300}) {
    CompareBoth({9, timesteps, 4, 24}, Options(), 2000 + timesteps);
  }
  CompareBoth({21, 129, 4, 24}, Options(), 2400);
  CompareBoth({600, 3, 4, 5}, Options(), 2500);
  CompareBoth({3, 4, 0, 9}, Options(), 3000);
}

// Every combination of the options that change the time loop.
TEST_CASE_FIXTURE(GradientTest, "every combination of the options") {
  uint64_t seed = 5000;
  for (int bits = 0; bits < 64; ++bits) {
    for (Masking masking :
         {Masking::kNone, Masking::kMask, Masking::kLengths}) {
      for (size_t input_masks : {0, 1, 3}) {
        Options options;
        options.reset_after = (bits & 1) != 0;
        options.return_sequences = (bits & 2) != 0;
        options.go_backwards = (bits & 4) != 0;
        options.zero_output_for_mask = (bits & 8) != 0;
        options.initial_state = (bits & 16) != 0;
        options.recurrent_dropout = (bits & 32) != 0;
        options.bias = seed % 4 != 0;
        options.masking = masking;
        options.input_dropout_masks = input_masks;
        Upstream upstream;
        upstream.output = seed % 5 != 0;
        upstream.state = seed % 3 != 0;
        CompareBoth({1 + seed % 9, 1 + seed % 6, 3, 1 + seed % 21}, options,
                    seed, upstream);
        // Batches whose rows are in two groups.
        if (seed % 5 == 0) {
          CompareBoth({16 + seed % 9, 1 + seed % 6, 3, 1 + seed % 21}, options,
                      seed, upstream);
        }
        ++seed;
      }
    }
  }
}

TEST_CASE_FIXTURE(GradientTest, "every activation") {
  for (int kind = 0; kind < cudnn_gru::kActivationCount; ++kind) {
    const Activation activation = static_cast<Activation>(kind);
    const uint64_t seed = 9000 + static_cast<uint64_t>(kind);
    for (bool reset_after : {true, false}) {
      Options options;
      options.reset_after = reset_after;
      options.initial_state = true;
      // One step: over more an unbounded activation's gradients explode.
      options.activation = activation;
      CompareBoth({5, 1, 4, 21}, options, seed);
      options.masking = Masking::kMask;
      options.recurrent_dropout = true;
      options.activation = Activation::kTanh;
      options.recurrent_activation = activation;
      CompareBoth({5, 2, 4, 21}, options, seed + 100);
    }
  }
}

TEST_CASE_FIXTURE(GradientTest, "states rounded to 16 bits") {
  uint64_t seed = 14000;
  for (auto rounding : {cudnn_gru::StateRounding::kFloat16,
                        cudnn_gru::StateRounding::kBfloat16}) {
    for (bool reset_after : {true, false}) {
      Options options;
      options.reset_after = reset_after;
      options.masking = Masking::kMask;
      options.rounding = rounding;
      Compare<float>({5, 4, 4, 21}, options, seed++);
    }
  }
}

// A failing callback ends the pass, on every instruction set.
TEST_CASE_FIXTURE(WithBarriers, "a failing callback ends the call") {
  Options options;
  options.activation = Activation::kCustom;
  const Problem<float> problem({3, 4, 5, 6}, options, 13000);
  for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    for (int failing : {0, 1, 7}) {
      Result<float> result;
      Gradients<float> gradients;
      const cudnn_gru::Status status =
          problem.Backward(isa, 2, Upstream(), &result, &gradients, failing);
      CHECK_MESSAGE(status.code() == cudnn_gru::StatusCode::kCallback,
                    Format("%s: the callback's failure was lost", isa.name));
    }
  }
}

template <typename T>
bool Same(const Gradients<T>& a, const Gradients<T>& b) {
  return a.inputs == b.inputs && a.initial_state == b.initial_state &&
         a.kernel == b.kernel && a.recurrent_kernel == b.recurrent_kernel &&
         a.bias == b.bias;
}

// Passes large enough to be divided give the same bits on any number of
// threads.
template <typename T>
void Divided(const Shape& shape) {
  const WithBarriers quiet;
  uint64_t seed = (std::is_same_v<T, float> ? 30000 : 31000) + shape.units;
  for (bool reset_after : {true, false}) {
    for (Masking masking : {Masking::kNone, Masking::kMask}) {
      for (bool dropout : {false, true}) {
        Options options;
        options.reset_after = reset_after;
        options.masking = masking;
        options.recurrent_dropout = dropout;
        options.input_dropout_masks = dropout ? 3 : 0;
        options.return_sequences = masking == Masking::kNone;
        if (seed % 4 == 3) options.activation = Activation::kSoftmax;
        if (seed % 4 == 1) options.activation = Activation::kRelu6;
        const Problem<T> problem(shape, options, seed++);
        for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
          if (isa.kernels == nullptr) continue;
          Result<T> result;
          Gradients<T> alone;
          CHECK_MESSAGE(
              problem.Backward(isa, 1, Upstream(), &result, &alone).ok(),
              Format("%s %s failed", isa.name, problem.Name().c_str()));
          for (int threads : {2, 3, 4, 5}) {
            Gradients<T> team;
            CHECK_MESSAGE(
                (problem.Backward(isa, threads, Upstream(), &result, &team)
                     .ok() &&
                 Same(team, alone)),
                Format("%s %s: %d threads give other bits than one", isa.name,
                       problem.Name().c_str(), threads));
          }
        }
      }
    }
  }
}

// One case for each shape and type: under ThreadSanitizer all of them together
// take two minutes, and ctest runs cases side by side.
TEST_CASE_TEMPLATE(
    "any number of threads gives the same bits: a batch divided by rows", T,
    float, double) {
  Divided<T>({43, 12, 8, 40});
}

TEST_CASE_TEMPLATE(
    "any number of threads gives the same bits: a batch divided by units", T,
    float, double) {
  Divided<T>({2, 20, 8, 136});
}

TEST_CASE_TEMPLATE(
    "any number of threads gives the same bits: two groups divided by units", T,
    float, double) {
  Divided<T>({17, 20, 8, 72});
}

TEST_CASE_TEMPLATE(
    "any number of threads gives the same bits: one row divided by units", T,
    float, double) {
  Divided<T>({1, 20, 8, 200});
}

TEST_CASE_TEMPLATE(
    "any number of threads gives the same bits: few rows and many steps", T,
    float, double) {
  Divided<T>({5, 300, 30, 16});
}

}  // namespace
}  // namespace cudnn_gru_test
