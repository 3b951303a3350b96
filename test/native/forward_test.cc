// Every instruction set this CPU has, against the scalar reference, at sizes
// below, at and above the vector widths.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/half.h"
#include "cpu/forward/gru_forward.h"
#include "problem.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::CpuIsa;

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

template <typename T>
void Compare(const Shape& shape, const Options& options, uint64_t seed) {
  const Problem<T> problem(shape, options, seed);
  double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;
  // A sum on the border of two 16-bit values may fall to either side.
  if (options.rounding == cudnn_gru::StateRounding::kFloat16) tolerance = 4e-3;
  if (options.rounding == cudnn_gru::StateRounding::kBfloat16) tolerance = 3e-2;
  const CpuIsa reference = cudnn_gru::AvailableIsas().front();
  Result<T> expected;
  const cudnn_gru::Status status =
      problem.Forward(reference, 0, shape.batch, 1, &expected);
  CHECK_MESSAGE(status.ok(), Format("reference %s: %s", problem.Name().c_str(),
                                    status.message().c_str()));
  for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    if (isa.kernels == nullptr) continue;
    Result<T> result;
    const cudnn_gru::Status forward =
        problem.Forward(isa, 0, shape.batch, 2, &result);
    CHECK_MESSAGE(forward.ok(),
                  Format("%s %s: %s", isa.name, problem.Name().c_str(),
                         forward.message().c_str()));
    CHECK_MESSAGE(Near(result.output, expected.output, tolerance),
                  Format("%s %s: output differs from the reference", isa.name,
                         problem.Name().c_str()));
    CHECK_MESSAGE(Near(result.state, expected.state, tolerance),
                  Format("%s %s: state differs from the reference", isa.name,
                         problem.Name().c_str()));
  }
}

void CompareBoth(const Shape& shape, const Options& options, uint64_t seed) {
  Compare<float>(shape, options, seed);
  Compare<double>(shape, options, seed);
}

TEST_CASE("the reference is the first of the instruction sets") {
  CHECK(cudnn_gru::AvailableIsas().front().kernels == nullptr);
  for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    std::printf("instruction set %s\n", isa.name);
  }
}

// Units and features around every vector width (2 to 16 lanes) and panel.
TEST_CASE_FIXTURE(WithBarriers, "sizes around every vector width") {
  const size_t units[] = {1,  2,  3,  4,  5,  7,  8,  9, 15,
                          16, 17, 31, 32, 33, 47, 64, 65};
  const size_t features[] = {1, 2, 5, 8, 17};
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
  // Batches around every block of rows, and long sequences.
  for (size_t batch = 0; batch <= 34; ++batch) {
    Options options;
    options.reset_after = batch % 3 != 0;
    CompareBoth({batch, 3, 3, 19}, options, 1000 + batch);
  }
  for (size_t timesteps : {63, 64, 65, 129, 300}) {
    CompareBoth({3, timesteps, 4, 24}, Options(), 2000 + timesteps);
  }
  // No features: the bias alone drives the layer.
  CompareBoth({3, 4, 0, 9}, Options(), 3000);
}

// Every number of panels that a tile can hold, for few rows, with the gates'
// operands in common and each with its own.
TEST_CASE_FIXTURE(WithBarriers, "every number of panels in a tile") {
  uint64_t seed = 4000;
  for (size_t panels = 1; panels <= 17; ++panels) {
    for (size_t batch = 1; batch <= 5; ++batch) {
      Options options;
      options.reset_after = seed % 2 == 0;
      options.recurrent_dropout = batch % 2 == 0 || panels % 3 == 0;
      options.input_dropout_masks = panels % 2 == 0 ? 3 : 0;
      CompareBoth({batch, 3, 5, 16 * panels - 3}, options, seed);
      options.reset_after = !options.reset_after;
      options.recurrent_dropout = !options.recurrent_dropout;
      CompareBoth({batch, 2, 2, 8 * panels}, options, seed + 1);
      seed += 3;
    }
  }
}

// Every combination of the options that change the time loop.
TEST_CASE_FIXTURE(WithBarriers, "every combination of the options") {
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
        CompareBoth({1 + seed % 9, 1 + seed % 6, 3, 1 + seed % 21}, options,
                    seed);
        ++seed;
      }
    }
  }
}

// One step: over more of them an unbounded activation's state explodes, and the
// comparison would tell how badly conditioned the layer is.
TEST_CASE_FIXTURE(WithBarriers, "every activation") {
  for (int kind = 0; kind < cudnn_gru::kElementwiseActivations; ++kind) {
    const Activation activation = static_cast<Activation>(kind);
    const uint64_t seed = 9000 + static_cast<uint64_t>(kind);
    for (bool reset_after : {true, false}) {
      Options options;
      options.reset_after = reset_after;
      options.initial_state = true;
      options.activation = activation;
      CompareBoth({5, 1, 4, 21}, options, seed);
      options.activation = Activation::kTanh;
      options.recurrent_activation = activation;
      CompareBoth({5, 1, 4, 21}, options, seed + 100);
    }
  }
}

// Softmax and its kin and the user's own, whose rows go through memory, with
// every option of the time loop.
TEST_CASE_FIXTURE(WithBarriers, "activations of whole rows") {
  uint64_t seed = 12000;
  for (Activation kind : {Activation::kSoftmax, Activation::kLogSoftmax,
                          Activation::kSparsemax, Activation::kCustom}) {
    for (int bits = 0; bits < 16; ++bits) {
      Options options;
      options.reset_after = (bits & 1) != 0;
      options.return_sequences = (bits & 2) != 0;
      options.recurrent_dropout = (bits & 4) != 0;
      options.masking = (bits & 8) != 0 ? Masking::kMask : Masking::kNone;
      options.initial_state = seed % 2 == 0;
      (seed % 3 == 0 ? options.activation : options.recurrent_activation) =
          kind;
      CompareBoth({1 + seed % 9, 1 + seed % 4, 3, 1 + seed % 37}, options,
                  seed);
      ++seed;
    }
  }
}

// A failing callback ends the call at once, on every instruction set.
TEST_CASE_FIXTURE(WithBarriers, "a failing callback ends the call") {
  Options options;
  options.activation = Activation::kCustom;
  const Problem<float> problem({3, 4, 5, 6}, options, 13000);
  for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    for (int failing : {0, 1, 7}) {
      Result<float> result;
      const cudnn_gru::Status status =
          problem.Forward(isa, 0, 3, 2, &result, failing);
      CHECK_MESSAGE(status.code() == cudnn_gru::StatusCode::kCallback,
                    Format("%s: the callback's failure was lost", isa.name));
    }
  }
}

TEST_CASE_FIXTURE(WithBarriers, "states rounded to 16 bits") {
  uint64_t seed = 14000;
  for (auto rounding : {cudnn_gru::StateRounding::kFloat16,
                        cudnn_gru::StateRounding::kBfloat16}) {
    for (bool reset_after : {true, false}) {
      for (bool return_sequences : {true, false}) {
        for (size_t units : {1, 7, 16, 40}) {
          Options options;
          options.reset_after = reset_after;
          options.return_sequences = return_sequences;
          options.masking = Masking::kMask;
          options.rounding = rounding;
          const Shape shape = {5, 6, 4, units};
          Compare<float>(shape, options, seed);
          Result<float> result;
          const Problem<float> problem(shape, options, seed++);
          CHECK_MESSAGE(
              problem
                  .Forward(cudnn_gru::AvailableIsas().back(), 0, 5, 1, &result)
                  .ok(),
              Format("%s failed", problem.Name().c_str()));
          std::vector<float> rounded = result.output;
          cudnn_gru::RoundValues(rounding, rounded.data(), rounded.size());
          CHECK_MESSAGE(
              rounded == result.output,
              Format("%s: output has other values", problem.Name().c_str()));
        }
      }
    }
  }
}

// The options of 16-bit layers of both kinds and types.
std::vector<Options> SixteenBitOptions() {
  std::vector<Options> all;
  for (auto rounding : {cudnn_gru::StateRounding::kFloat16,
                        cudnn_gru::StateRounding::kBfloat16}) {
    for (bool reset_after : {true, false}) {
      Options options;
      options.rounding = rounding;
      options.reset_after = reset_after;
      all.push_back(options);
    }
  }
  return all;
}

// So large that their weights stay 16-bit where the kernels can read them.
TEST_CASE_FIXTURE(WithBarriers, "large layers of 16-bit types") {
  uint64_t seed = 14500;
  for (const Options& options : SixteenBitOptions()) {
    Compare<float>({3, 2, 401, 399}, options, seed++);
  }
}

// A layer's result is defined by its row alone: the same bits whatever the
// batch around it and the number of threads.
template <typename T>
void SameBits(const Shape& shape, const Options& options, uint64_t seed) {
  const Problem<T> problem(shape, options, seed);
  const size_t units = shape.units;
  for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    Result<T> whole;
    CHECK_MESSAGE(problem.Forward(isa, 0, shape.batch, 1, &whole).ok(),
                  Format("%s %s failed", isa.name, problem.Name().c_str()));
    for (int threads : {2, 3, 5}) {
      Result<T> result;
      CHECK_MESSAGE(
          (problem.Forward(isa, 0, shape.batch, threads, &result).ok() &&
           result.output == whole.output && result.state == whole.state),
          Format("%s %s: %d threads give other bits than one", isa.name,
                 problem.Name().c_str(), threads));
    }
    const size_t row_size = whole.output.size() / shape.batch;
    for (size_t count : {1, 2, 3, 5}) {
      for (size_t begin = 0; begin + count <= shape.batch; begin += count) {
        Result<T> part;
        const bool ok = problem.Forward(isa, begin, count, 1, &part).ok();
        CHECK_MESSAGE(
            (ok &&
             std::equal(part.output.begin(), part.output.end(),
                        whole.output.begin() +
                            static_cast<std::ptrdiff_t>(begin * row_size)) &&
             std::equal(part.state.begin(), part.state.end(),
                        whole.state.begin() +
                            static_cast<std::ptrdiff_t>(begin * units))),
            Format("%s %s: rows %zu to %zu alone give other bits", isa.name,
                   problem.Name().c_str(), begin, begin + count - 1));
      }
    }
  }
}

TEST_CASE_FIXTURE(WithBarriers, "a row has the same bits in any batch") {
  uint64_t seed = 20000;
  for (size_t units : {1, 5, 16, 33}) {
    for (bool reset_after : {true, false}) {
      for (Masking masking : {Masking::kNone, Masking::kMask}) {
        Options options;
        options.reset_after = reset_after;
        options.masking = masking;
        options.recurrent_dropout = seed % 2 == 0;
        if (seed % 5 == 0) options.activation = Activation::kSoftmax;
        SameBits<float>({17, 4, 6, units}, options, seed);
        SameBits<double>({17, 4, 6, units}, options, seed);
        ++seed;
      }
    }
  }
}

TEST_CASE_FIXTURE(WithBarriers,
                  "a row of a large 16-bit layer has the same bits") {
  for (const Options& options : SixteenBitOptions()) {
    SameBits<float>({9, 2, 401, 399}, options, 20500);
  }
}

// Calls large enough to be divided: a large batch by rows, a small batch of a
// large layer by units, with every array that threads share in use.
template <typename T>
void Divided(const Shape& shape, uint64_t seed) {
  for (bool reset_after : {true, false}) {
    for (Masking masking : {Masking::kNone, Masking::kMask}) {
      Options options;
      options.reset_after = reset_after;
      options.masking = masking;
      options.recurrent_dropout = true;
      options.input_dropout_masks = 3;
      options.return_sequences = masking == Masking::kNone;
      const Problem<T> problem(shape, options, seed++);
      for (const CpuIsa& isa : cudnn_gru::AvailableIsas()) {
        if (isa.kernels == nullptr) continue;
        Result<T> alone;
        CHECK_MESSAGE(problem.Forward(isa, 0, shape.batch, 1, &alone).ok(),
                      Format("%s %s failed", isa.name, problem.Name().c_str()));
        for (int threads : {2, 3, 5}) {
          Result<T> team;
          CHECK_MESSAGE(
              (problem.Forward(isa, 0, shape.batch, threads, &team).ok() &&
               team.output == alone.output && team.state == alone.state),
              Format("%s %s: %d threads give other bits than one", isa.name,
                     problem.Name().c_str(), threads));
        }
      }
    }
  }
}

TEST_CASE_FIXTURE(WithBarriers, "any number of threads gives the same bits") {
  const Shape by_rows = {43, 12, 8, 40};
  const Shape by_units = {2, 20, 8, 136};
  Divided<float>(by_rows, 30000);
  Divided<double>(by_rows, 30100);
  Divided<float>(by_units, 30200);
  Divided<double>(by_units, 30300);
}

}  // namespace
}  // namespace cudnn_gru_test
