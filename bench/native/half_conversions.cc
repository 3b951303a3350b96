// How fast arrays of 16-bit types are converted, beside the plain copy of as
// many bytes in the same rounds: a table of nanoseconds an element, the median
// and (the least) of the rounds.
// `half_conversions <isa>... [--threads <n>]` measures these sets of kernels,
// by default the one that calls get. It is linked from the addon's own object
// files.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "core/half.h"
#include "core/thread_pool.h"
#include "cpu/dispatch/dispatch.h"

namespace {

using cudnn_gru::StateRounding;

constexpr int kRounds = 41;
// A sample repeats its work until it has converted so many elements.
constexpr size_t kElementsOfSample = size_t{1} << 20;

struct Job {
  std::function<void()> run;
  std::vector<double> nanoseconds = {};  // an element, one for each round
};

double Sample(const std::function<void()>& run, size_t n) {
  using Clock = std::chrono::steady_clock;
  const size_t calls = std::max<size_t>(kElementsOfSample / n, 1);
  run();
  const auto start = Clock::now();
  for (size_t i = 0; i < calls; ++i) run();
  const std::chrono::duration<double, std::nano> time = Clock::now() - start;
  return time.count() / static_cast<double>(calls * n);
}

// The buffers are written before they are measured, so that their pages exist.
struct Arrays {
  explicit Arrays(size_t n)
      : bits(n, 0x3C00), values(n, 1.0f), from(6 * n / 2, 1), to(6 * n / 2, 1) {
    for (size_t i = 0; i < n; ++i) {
      bits[i] = static_cast<uint16_t>(0x3000 + i % 0x1000);
    }
  }
  std::vector<uint16_t> bits;
  std::vector<float> values;
  std::vector<char> from, to;  // together the bytes of a conversion
};

void Measure(const char* isa, size_t n, int threads) {
  Arrays arrays(n);
  std::vector<Job> jobs;
  const auto add = [&](std::function<void()> run) {
    jobs.push_back({std::move(run)});
  };
  const auto copy = [&] {
    std::memcpy(arrays.to.data(), arrays.from.data(), arrays.from.size());
    // Opaque, so that no copy is left out.
    asm volatile("" : : "r"(arrays.to.data()) : "memory");
  };
  add(copy);
  for (StateRounding type :
       {StateRounding::kFloat16, StateRounding::kBfloat16}) {
    add([&arrays, n, type, threads] {
      cudnn_gru::Widen(type, arrays.bits.data(), arrays.values.data(), n,
                       threads);
    });
    add([&arrays, n, type, threads] {
      cudnn_gru::Narrow(type, arrays.values.data(), arrays.bits.data(), n,
                        threads);
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    for (Job& job : jobs) job.nanoseconds.push_back(Sample(job.run, n));
  }
  std::printf("| %s | %zu |", isa, n);
  for (Job& job : jobs) {
    std::sort(job.nanoseconds.begin(), job.nanoseconds.end());
    std::printf(" %.3f (%.3f) |", job.nanoseconds[kRounds / 2],
                job.nanoseconds[0]);
  }
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 1;
  std::vector<std::string> wanted;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      threads = std::atoi(argv[++i]);
    } else {
      wanted.push_back(argv[i]);
    }
  }
  const auto& isas = cudnn_gru::AvailableIsas();
  if (wanted.empty()) wanted.push_back(isas.back().name);
  std::printf(
      "%d thread%s; ns an element, median (least) of %d rounds\n\n"
      "| kernels | elements | memcpy of 6 bytes | widen float16 | narrow "
      "float16 | widen bfloat16 | narrow bfloat16 |\n"
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
      threads, threads == 1 ? "" : "s", kRounds);
  for (const auto& isa : isas) {
    if (std::find(wanted.begin(), wanted.end(), isa.name) == wanted.end()) {
      continue;
    }
    cudnn_gru::UseHalfKernels(isa.kernels == nullptr
                                  ? cudnn_gru::ScalarHalfKernels()
                                  : isa.kernels->half);
    for (size_t n : {size_t{1} << 10, size_t{32} << 10, size_t{1} << 20,
                     size_t{16} << 20}) {
      Measure(isa.name, n, threads);
    }
  }
  return 0;
}
