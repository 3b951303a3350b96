// What passes of the CPU path hold, give back and refuse. Their gradients are
// judged by backward_test, and by golden data and finite differences
// (test/layers).
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/gru_pass.h"
#include "problem.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::AvailableIsas;
using cudnn_gru::Cancellation;
using cudnn_gru::CpuIsa;
using cudnn_gru::GruPass;
using cudnn_gru::Status;
using cudnn_gru::StatusCode;

template <typename T>
bool Same(const Gradients<T>& a, const Gradients<T>& b) {
  return a.inputs == b.inputs && a.initial_state == b.initial_state &&
         a.kernel == b.kernel && a.recurrent_kernel == b.recurrent_kernel &&
         a.bias == b.bias;
}

template <typename T>
Status Differentiate(const Problem<T>& problem, GruPass& pass, int threads,
                     const Cancellation* cancellation,
                     Gradients<T>* gradients) {
  return problem.Backward(pass, threads, cancellation, Upstream(),
                          kAllGradients, gradients);
}

// What is not wanted is not written and changes nothing; what is not given is
// zeros.
TEST_CASE_FIXTURE(
    WithBarriers,
    "what is not wanted is not written and what is not given is zeros") {
  Options options;
  options.masking = Masking::kMask;
  const Problem<double> problem({3, 4, 5, 9}, options, 15000);
  for (const CpuIsa& isa : AvailableIsas()) {
    const auto run = [&](int wanted, const Upstream& given) {
      Result<double> result;
      Gradients<double> gradients;
      std::unique_ptr<GruPass> pass;
      CHECK_MESSAGE(
          (problem.Forward(isa, 2, nullptr, &result, &pass).ok() &&
           problem.Backward(*pass, 2, nullptr, given, wanted, &gradients).ok()),
          Format("%s failed", isa.name));
      return gradients;
    };
    const Gradients<double> all = run(kAllGradients, {true, true});
    const Gradients<double> output = run(kAllGradients, {true, false});
    const Gradients<double> state = run(kAllGradients, {false, true});
    const Gradients<double> nothing = run(kAllGradients, {false, false});
    CHECK_MESSAGE(nothing.kernel == std::vector<double>(nothing.kernel.size()),
                  Format("%s: a gradient out of nothing", isa.name));
    std::vector<double> sum = output.kernel;
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += state.kernel[i];
    bool adds_up = true;
    for (size_t i = 0; i < sum.size(); ++i) {
      adds_up = adds_up && std::fabs(sum[i] - all.kernel[i]) < 1e-12;
    }
    CHECK_MESSAGE(adds_up, Format("%s: parts do not add up", isa.name));
    for (int bit = 0; bit < 5; ++bit) {
      const Gradients<double> one = run(1 << bit, {true, true});
      const std::vector<double> Gradients<double>::* const members[] = {
          &Gradients<double>::inputs, &Gradients<double>::initial_state,
          &Gradients<double>::kernel, &Gradients<double>::recurrent_kernel,
          &Gradients<double>::bias};
      for (int member = 0; member < 5; ++member) {
        const std::vector<double>& values = one.*members[member];
        CHECK_MESSAGE(
            (member == bit ? values == all.*members[member]
                           : values == std::vector<double>(values.size(), -77)),
            Format("%s: tensor %d when %d is wanted", isa.name, member, bit));
      }
    }
  }
}

// A pass serves one backward call, which is the first that computes.
TEST_CASE_FIXTURE(WithBarriers, "a pass serves one backward call") {
  const Problem<float> problem({3, 4, 5, 6}, Options(), 16000);
  for (const CpuIsa& isa : AvailableIsas()) {
    Result<float> result;
    Gradients<float> gradients;
    std::unique_ptr<GruPass> pass;
    Cancellation cancelled;
    cancelled.Request();
    CHECK_MESSAGE((problem.Forward(isa, 1, &cancelled, &result, &pass).code() ==
                       StatusCode::kAborted &&
                   pass == nullptr),
                  Format("%s: a cancelled forward call left a pass", isa.name));
    CHECK_MESSAGE(problem.Forward(isa, 1, nullptr, &result, &pass).ok(),
                  Format("%s failed", isa.name));
    // A pass also has lists, which are small.
    const size_t counted = cudnn_gru::PassBytes().load();
    CHECK_MESSAGE((counted > 0 && pass->bytes() >= counted),
                  Format("%s: the pass's memory is not counted", isa.name));
    CHECK_MESSAGE(
        (Differentiate(problem, *pass, 1, &cancelled, &gradients).code() ==
             StatusCode::kAborted &&
         !pass->spent()),
        Format("%s: a call that was cancelled before it began used the pass",
               isa.name));
    CHECK_MESSAGE((Differentiate(problem, *pass, 1, nullptr, &gradients).ok() &&
                   pass->spent()),
                  Format("%s: backward failed", isa.name));
    CHECK_MESSAGE(
        Differentiate(problem, *pass, 1, nullptr, &gradients).code() ==
            StatusCode::kState,
        Format("%s: a pass was used twice", isa.name));
    pass = nullptr;
    CHECK_MESSAGE(cudnn_gru::PassBytes().load() == 0,
                  Format("%s: memory stayed", isa.name));
  }
}

// A failing callback ends the call, in either direction.
TEST_CASE_FIXTURE(WithBarriers,
                  "a failing callback ends the call in either direction") {
  Options options;
  options.activation = Activation::kCustom;
  options.recurrent_activation = Activation::kCustom;
  const Problem<double> problem({3, 4, 5, 6}, options, 17000);
  for (const CpuIsa& isa : AvailableIsas()) {
    for (int failing : {0, 1, 7, 35}) {
      Result<double> result;
      Gradients<double> gradients;
      std::unique_ptr<GruPass> pass;
      CHECK_MESSAGE(
          (problem.Forward(isa, 2, nullptr, &result, &pass, failing).code() ==
               StatusCode::kCallback &&
           pass == nullptr),
          Format("%s: forward's failure was lost", isa.name));
      CHECK_MESSAGE((problem.Forward(isa, 2, nullptr, &result, &pass).ok() &&
                     problem.Backward(*pass, 2, nullptr, Upstream(),
                                      kAllGradients, &gradients, failing)
                             .code() == StatusCode::kCallback),
                    Format("%s: backward's failure was lost", isa.name));
      CHECK_MESSAGE(pass->spent(),
                    Format("%s: a failed call left the pass", isa.name));
    }
  }
}

// Another thread's request ends a running call between time steps.
TEST_CASE_FIXTURE(WithBarriers, "another thread ends a running call") {
  Options options;
  options.return_sequences = false;
  const Problem<float> problem({2, 6000, 2, 16}, options, 18000);
  for (const CpuIsa& isa : AvailableIsas()) {
    bool stopped = false;
    // The first attempts may be too late on a slow day.
    for (int delay = 3000; delay >= 0 && !stopped; delay -= 500) {
      Result<float> result;
      Gradients<float> gradients;
      std::unique_ptr<GruPass> pass;
      CHECK_MESSAGE(problem.Forward(isa, 2, nullptr, &result, &pass).ok(),
                    Format("%s failed", isa.name));
      Cancellation cancellation;
      std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::microseconds(delay));
        cancellation.Request();
      });
      const Status status =
          Differentiate(problem, *pass, 2, &cancellation, &gradients);
      other.join();
      stopped = status.code() == StatusCode::kAborted;
      CHECK_MESSAGE((stopped || status.ok()),
                    Format("%s: %s", isa.name, status.message().c_str()));
    }
    CHECK_MESSAGE(stopped, Format("%s: no request was heard", isa.name));
  }
}

// Passes of several threads at once do not meet.
TEST_CASE_FIXTURE(WithBarriers, "passes of several threads do not meet") {
  const Problem<float> problem({4, 12, 6, 33}, Options(), 19000);
  for (const CpuIsa& isa : AvailableIsas()) {
    Result<float> result;
    Gradients<float> wanted;
    CHECK_MESSAGE(problem.Backward(isa, 1, Upstream(), &result, &wanted).ok(),
                  Format("%s failed", isa.name));
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 3; ++round) {
          Result<float> own;
          Gradients<float> found;
          if (!problem.Backward(isa, 2, Upstream(), &own, &found).ok() ||
              !Same(found, wanted)) {
            ++wrong;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK_MESSAGE(wrong == 0, Format("%s: %d of 12 calls at once went wrong",
                                     isa.name, wrong.load()));
  }
}

}  // namespace
}  // namespace cudnn_gru_test
