// Tapes of the CPU path: every backend's gradients against the scalar
// reference's, and what a tape holds, gives back and refuses. That the
// reference's own are right, golden data and finite differences say
// (test/layers).
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "core/aligned_buffer.h"
#include "cpu/gru_tape.h"
#include "problem.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::AvailableBackends;
using cudnn_gru::Cancellation;
using cudnn_gru::CpuBackend;
using cudnn_gru::CpuTape;
using cudnn_gru::Status;
using cudnn_gru::StatusCode;

template <typename T>
bool Same(const Gradients<T>& a, const Gradients<T>& b) {
  return a.inputs == b.inputs && a.initial_state == b.initial_state &&
         a.kernel == b.kernel && a.recurrent_kernel == b.recurrent_kernel &&
         a.bias == b.bias;
}

template <typename T>
bool Close(const Gradients<T>& a, const Gradients<T>& b, double tolerance) {
  return Near(a.inputs, b.inputs, tolerance) &&
         Near(a.initial_state, b.initial_state, tolerance) &&
         Near(a.kernel, b.kernel, tolerance) &&
         Near(a.recurrent_kernel, b.recurrent_kernel, tolerance) &&
         Near(a.bias, b.bias, tolerance);
}

// Forward and backward of one problem.
template <typename T>
bool Run(const Problem<T>& problem, const CpuBackend& backend, int threads,
         Result<T>* result, Gradients<T>* gradients) {
  std::unique_ptr<CpuTape> tape;
  const Status forward =
      problem.Forward(backend, threads, nullptr, result, &tape);
  if (!forward.ok()) return false;
  return problem.Backward(*tape, threads, nullptr, gradients).ok();
}

template <typename T>
void Compare(const Shape& shape, const Options& options, uint64_t seed) {
  const Problem<T> problem(shape, options, seed);
  const double tolerance = sizeof(T) == 4 ? 1e-4 : 1e-11;
  const std::string name = problem.Name();
  Result<T> expected;
  Gradients<T> wanted;
  Check(Run(problem, AvailableBackends().front(), 1, &expected, &wanted),
        "reference %s failed", name.c_str());
  for (const CpuBackend& backend : AvailableBackends()) {
    Result<T> result;
    Gradients<T> found;
    Check(Run(problem, backend, 1, &result, &found), "%s %s failed",
          backend.isa, name.c_str());
    Check(Near(result.output, expected.output, tolerance) &&
              Near(result.state, expected.state, tolerance),
          "%s %s: results differ from the reference", backend.isa,
          name.c_str());
    Check(Close(found, wanted, tolerance),
          "%s %s: gradients differ from the reference", backend.isa,
          name.c_str());
    for (int threads : {2, 5}) {
      Result<T> again;
      Gradients<T> same;
      Check(Run(problem, backend, threads, &again, &same) &&
                again.output == result.output && again.state == result.state &&
                Same(same, found),
            "%s %s: %d threads give other bits than one", backend.isa,
            name.c_str(), threads);
    }
  }
}

void CompareBoth(const Shape& shape, const Options& options, uint64_t seed) {
  Compare<float>(shape, options, seed);
  Compare<double>(shape, options, seed);
}

void Sizes() {
  uint64_t seed = 1;
  for (size_t units : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65}) {
    for (size_t features : {0, 1, 8, 17}) {
      Options options;
      options.reset_after = seed % 3 != 0;
      options.initial_state = seed % 2 == 0;
      CompareBoth({1 + seed % 7, 1 + seed % 5, features, units}, options, seed);
      ++seed;
    }
  }
  for (size_t batch = 0; batch <= 18; ++batch) {
    Options options;
    options.reset_after = batch % 2 == 0;
    CompareBoth({batch, 3, 3, 19}, options, 1000 + batch);
  }
  for (size_t timesteps : {63, 65, 130}) {
    CompareBoth({2, timesteps, 4, 24}, Options(), 2000 + timesteps);
  }
  // Large enough to be divided among threads.
  CompareBoth({43, 6, 8, 40}, Options(), 3000);
  CompareBoth({2, 8, 8, 136}, Options(), 3001);
}

void Combinations() {
  uint64_t seed = 5000;
  for (int bits = 0; bits < 64; ++bits) {
    for (Masking masking :
         {Masking::kNone, Masking::kMask, Masking::kLengths}) {
      Options options;
      options.reset_after = (bits & 1) != 0;
      options.return_sequences = (bits & 2) != 0;
      options.go_backwards = (bits & 4) != 0;
      options.zero_output_for_mask = (bits & 8) != 0;
      options.initial_state = (bits & 16) != 0;
      options.recurrent_dropout = (bits & 32) != 0;
      options.bias = seed % 4 != 0;
      options.masking = masking;
      options.input_dropout_masks = seed % 3 == 2 ? 3 : seed % 3;
      CompareBoth({1 + seed % 9, 1 + seed % 6, 3, 1 + seed % 21}, options,
                  seed);
      ++seed;
    }
  }
}

void Activations() {
  for (int kind = 0; kind < cudnn_gru::kActivationCount; ++kind) {
    for (bool reset_after : {true, false}) {
      Options options;
      options.reset_after = reset_after;
      options.initial_state = true;
      const uint64_t seed = 9000 + static_cast<uint64_t>(kind);
      options.activation = static_cast<Activation>(kind);
      CompareBoth({5, 1, 4, 21}, options, seed);
      options.activation = Activation::kTanh;
      options.recurrent_activation = static_cast<Activation>(kind);
      CompareBoth({5, 1, 4, 21}, options, seed + 100);
    }
  }
}

void Rounding() {
  for (auto rounding : {cudnn_gru::StateRounding::kFloat16,
                        cudnn_gru::StateRounding::kBfloat16}) {
    Options options;
    options.rounding = rounding;
    options.masking = Masking::kMask;
    const Problem<float> problem({4, 1, 3, 17}, options, 14000);
    Result<float> expected;
    Gradients<float> wanted;
    Check(Run(problem, AvailableBackends().front(), 1, &expected, &wanted),
          "reference failed");
    for (const CpuBackend& backend : AvailableBackends()) {
      Result<float> result;
      Gradients<float> found;
      Check(Run(problem, backend, 1, &result, &found), "%s failed",
            backend.isa);
      Check(Close(found, wanted, 3e-2), "%s: 16-bit gradients differ",
            backend.isa);
    }
  }
}

// What is not wanted is not written and changes nothing; what is not given is
// zeros.
void Parts() {
  Options options;
  options.masking = Masking::kMask;
  const Problem<double> problem({3, 4, 5, 9}, options, 15000);
  for (const CpuBackend& backend : AvailableBackends()) {
    const auto run = [&](int wanted, int given) {
      Result<double> result;
      Gradients<double> gradients;
      std::unique_ptr<CpuTape> tape;
      Check(problem.Forward(backend, 2, nullptr, &result, &tape).ok() &&
                problem.Backward(*tape, 2, nullptr, &gradients, wanted, given)
                    .ok(),
            "%s failed", backend.isa);
      return gradients;
    };
    const Gradients<double> all = run(31, 3);
    const Gradients<double> output = run(31, 1);
    const Gradients<double> state = run(31, 2);
    const Gradients<double> nothing = run(31, 0);
    Check(nothing.kernel == std::vector<double>(nothing.kernel.size()),
          "%s: a gradient out of nothing", backend.isa);
    std::vector<double> sum = output.kernel;
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += state.kernel[i];
    Check(Near(sum, all.kernel, 1e-12), "%s: parts do not add up", backend.isa);
    for (int bit = 0; bit < 5; ++bit) {
      const Gradients<double> one = run(1 << bit, 3);
      const std::vector<double> Gradients<double>::* const members[] = {
          &Gradients<double>::inputs, &Gradients<double>::initial_state,
          &Gradients<double>::kernel, &Gradients<double>::recurrent_kernel,
          &Gradients<double>::bias};
      for (int member = 0; member < 5; ++member) {
        const std::vector<double>& values = one.*members[member];
        Check(member == bit ? values == all.*members[member]
                            : values == std::vector<double>(values.size(), -77),
              "%s: tensor %d when %d is wanted", backend.isa, member, bit);
      }
    }
  }
}

// A tape serves one backward call, which is the first that computes.
void Once() {
  const Problem<float> problem({3, 4, 5, 6}, Options(), 16000);
  for (const CpuBackend& backend : AvailableBackends()) {
    Result<float> result;
    Gradients<float> gradients;
    std::unique_ptr<CpuTape> tape;
    Cancellation cancelled;
    cancelled.Request();
    Check(problem.Forward(backend, 1, &cancelled, &result, &tape).code() ==
                  StatusCode::kAborted &&
              tape == nullptr,
          "%s: a cancelled forward call left a tape", backend.isa);
    Check(problem.Forward(backend, 1, nullptr, &result, &tape).ok(),
          "%s failed", backend.isa);
    Check(tape->bytes() > 0 && cudnn_gru::TapeBytes().load() == tape->bytes(),
          "%s: the tape's memory is not counted", backend.isa);
    Check(problem.Backward(*tape, 1, &cancelled, &gradients).code() ==
                  StatusCode::kAborted &&
              !tape->spent(),
          "%s: a call that was cancelled before it began used the tape",
          backend.isa);
    Check(problem.Backward(*tape, 1, nullptr, &gradients).ok() && tape->spent(),
          "%s: backward failed", backend.isa);
    Check(problem.Backward(*tape, 1, nullptr, &gradients).code() ==
              StatusCode::kState,
          "%s: a tape was used twice", backend.isa);
    tape = nullptr;
    Check(cudnn_gru::TapeBytes().load() == 0, "%s: memory stayed", backend.isa);
  }
}

// A failing callback ends the call, in either direction.
void FailingCallback() {
  Options options;
  options.activation = Activation::kCustom;
  options.recurrent_activation = Activation::kCustom;
  const Problem<double> problem({3, 4, 5, 6}, options, 17000);
  for (const CpuBackend& backend : AvailableBackends()) {
    for (int failing : {0, 1, 7, 35}) {
      Result<double> result;
      Gradients<double> gradients;
      std::unique_ptr<CpuTape> tape;
      Check(problem.Forward(backend, 2, nullptr, &result, &tape, failing)
                        .code() == StatusCode::kCallback &&
                tape == nullptr,
            "%s: forward's failure was lost", backend.isa);
      Check(problem.Forward(backend, 2, nullptr, &result, &tape).ok() &&
                problem.Backward(*tape, 2, nullptr, &gradients, 31, 3, failing)
                        .code() == StatusCode::kCallback,
            "%s: backward's failure was lost", backend.isa);
      Check(tape->spent(), "%s: a failed call left the tape", backend.isa);
    }
  }
}

// Another thread's request ends a running call between time steps.
void Cancelled() {
  Options options;
  options.return_sequences = false;
  const Problem<float> problem({2, 6000, 2, 16}, options, 18000);
  for (const CpuBackend& backend : AvailableBackends()) {
    bool stopped = false;
    // The first attempts may be too late on a slow day.
    for (int delay = 3000; delay >= 0 && !stopped; delay -= 500) {
      Result<float> result;
      Gradients<float> gradients;
      std::unique_ptr<CpuTape> tape;
      Check(problem.Forward(backend, 2, nullptr, &result, &tape).ok(),
            "%s failed", backend.isa);
      Cancellation cancellation;
      std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::microseconds(delay));
        cancellation.Request();
      });
      const Status status =
          problem.Backward(*tape, 2, &cancellation, &gradients);
      other.join();
      stopped = status.code() == StatusCode::kAborted;
      Check(stopped || status.ok(), "%s: %s", backend.isa,
            status.message().c_str());
    }
    Check(stopped, "%s: no request was heard", backend.isa);
  }
}

// Tapes of several threads at once do not meet.
void Concurrent() {
  const Problem<float> problem({4, 12, 6, 33}, Options(), 19000);
  for (const CpuBackend& backend : AvailableBackends()) {
    Result<float> result;
    Gradients<float> wanted;
    Check(Run(problem, backend, 1, &result, &wanted), "%s failed", backend.isa);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 3; ++round) {
          Result<float> own;
          Gradients<float> found;
          if (!Run(problem, backend, 2, &own, &found) || !Same(found, wanted)) {
            ++wrong;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    Check(wrong == 0, "%s: %d of 12 calls at once went wrong", backend.isa,
          wrong.load());
  }
}

}  // namespace
}  // namespace cudnn_gru_test

int main() {
  cudnn_gru_test::Sizes();
  cudnn_gru_test::Combinations();
  cudnn_gru_test::Activations();
  cudnn_gru_test::Rounding();
  cudnn_gru_test::Parts();
  cudnn_gru_test::Once();
  cudnn_gru_test::FailingCallback();
  cudnn_gru_test::Cancelled();
  cudnn_gru_test::Concurrent();
  return cudnn_gru_test::Finish();
}
