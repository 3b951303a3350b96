// What one machine can do at best, for bench/limits.ts. `limits <threads>`
// answers on standard input:
//
//   fma <ms>           float32 operations a second of independent fused
//                      multiply-adds in registers, 2 each, of all threads
//   bfloat16 <ms>      the same for products of bfloat16 numbers that are added
//                      up in float32: by vdpbf16ps, if the CPU has it
//   read <bytes> <ms>  bytes a second when an array of that size, which the
//                      threads share in equal slices, is loaded over and over
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr size_t kVectorBytes = 64;
#elif defined(__AVX__)
constexpr size_t kVectorBytes = 32;
#else
constexpr size_t kVectorBytes = 16;
#endif
#if defined(__x86_64__)
#define BENCH_USE(x) asm volatile("" : "+v"(x))
#elif defined(__aarch64__)
#define BENCH_USE(x) asm volatile("" : "+w"(x))
#endif

typedef float FloatVector __attribute__((vector_size(kVectorBytes)));
typedef long long IntegerVector __attribute__((vector_size(kVectorBytes)));

// Two units with a latency of 4 or 5 cycles need 8 to 10 chains; 12 and the two
// factors fit sixteen registers.
constexpr int kChains = 12;
constexpr int kLoads = 8;

constexpr size_t kFmaSteps = 100000;

double RunFma() {
  FloatVector chains[kChains];
  for (int i = 0; i < kChains; ++i) {
    chains[i] = FloatVector{} + 0.01f * static_cast<float>(i);
  }
  FloatVector scale = FloatVector{} + 0.999f;
  FloatVector offset = FloatVector{} + 0.001f;
  // Opaque, so that nothing can be computed at compile time.
  BENCH_USE(scale);
  BENCH_USE(offset);
  for (size_t step = 0; step < kFmaSteps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chains[i] = chains[i] * scale + offset;
  }
  for (int i = 0; i < kChains; ++i) BENCH_USE(chains[i]);
  return 2.0 * kFmaSteps * kChains * (kVectorBytes / sizeof(float));
}

// Operations of independent dot products of bfloat16 pairs, or of float32
// numbers where the CPU has no such instruction.
double RunBfloat16() {
#if defined(__AVX512BF16__)
  // The pair (1, 1) in each lane: 0x3F80 twice.
  FloatVector factor = FloatVector{} + 1.0019378662109375f;
  size_t steps = kFmaSteps;
  // 24 chains, in registers that are named here, because GCC would keep an
  // array of operands in memory.
#define BENCH_DOT(n) "vdpbf16ps %1, %1, %%zmm" #n "\n\t"
#define BENCH_DOTS(a, b, c, d, e, f) \
  BENCH_DOT(a) BENCH_DOT(b) BENCH_DOT(c) BENCH_DOT(d) BENCH_DOT(e) BENCH_DOT(f)
  asm volatile(
      "0:\n\t" BENCH_DOTS(0, 1, 2, 3, 4, 5) BENCH_DOTS(6, 7, 8, 9, 10, 11)
          BENCH_DOTS(12, 13, 14, 15, 16, 17) BENCH_DOTS(18, 19, 20, 21, 22, 23)
      "dec %0\n\t"
      "jnz 0b"
      : "+r"(steps)
      : "v"(factor)
      : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
        "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23");
#undef BENCH_DOTS
#undef BENCH_DOT
  return 4.0 * kFmaSteps * 24 * (kVectorBytes / sizeof(float));
#else
  return RunFma();
#endif
}

// One pass over whole groups of kLoads vectors; the bytes read.
double RunRead(const IntegerVector* data, size_t vectors) {
  IntegerVector mixed[kLoads] = {};
  const size_t groups = vectors / kLoads;
  for (size_t group = 0; group < groups; ++group) {
#pragma GCC unroll 8
    for (int i = 0; i < kLoads; ++i) mixed[i] ^= data[group * kLoads + i];
  }
  for (int i = 0; i < kLoads; ++i) BENCH_USE(mixed[i]);
  // The next pass must load again.
  asm volatile("" ::: "memory");
  return static_cast<double>(groups * kLoads * kVectorBytes);
}

// Runs body(thread) over and over on every thread at once for `ms` and returns
// the sum of what it returned, by the second of the longest thread.
double Rate(int threads, double ms, const std::function<double(int)>& body) {
  using Clock = std::chrono::steady_clock;
  std::atomic<int> ready{0};
  std::vector<double> work(threads, 0.0);
  std::vector<double> seconds(threads, 0.0);
  const auto run = [&](int index) {
    body(index);
    ready.fetch_add(1);
    while (ready.load() < threads) std::this_thread::yield();
    const Clock::time_point start = Clock::now();
    const auto elapsed = [start] {
      return std::chrono::duration<double>(Clock::now() - start).count();
    };
    double done = 0.0;
    do {
      // The clock is looked at rarely enough to cost nothing.
      for (int i = 0; i < 8; ++i) done += body(index);
    } while (elapsed() < ms * 1e-3);
    seconds[index] = elapsed();
    work[index] = done;
  };
  std::vector<std::thread> team;
  for (int i = 1; i < threads; ++i) team.emplace_back(run, i);
  run(0);
  for (std::thread& thread : team) thread.join();
  double total = 0.0;
  double longest = 0.0;
  for (int i = 0; i < threads; ++i) {
    total += work[i];
    longest = std::max(longest, seconds[i]);
  }
  return total / longest;
}

double ReadRate(int threads, size_t bytes, double ms) {
  static std::unique_ptr<void, decltype(&std::free)> data(nullptr, &std::free);
  static size_t held = 0;
  // A pass reads one group of vectors at least.
  bytes = std::max(bytes, static_cast<size_t>(threads) * kLoads * kVectorBytes);
  if (held != bytes) {
    const size_t rounded = (bytes + 63) / 64 * 64;
    data.reset(std::aligned_alloc(64, rounded));
    if (data == nullptr) return 0.0;
    std::memset(data.get(), 1, rounded);
    held = bytes;
  }
  const size_t vectors = bytes / kVectorBytes;
  return Rate(threads, ms, [&](int index) {
    const size_t begin = vectors * index / threads;
    const size_t end = vectors * (index + 1) / threads;
    return RunRead(static_cast<const IntegerVector*>(data.get()) + begin,
                   end - begin);
  });
}

}  // namespace

int main(int, char** argv) {
  const int threads = std::atoi(argv[1]);
  std::cout << "ok" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream request(line);
    std::string verb;
    size_t bytes = 0;
    double ms = 0;
    request >> verb;
    double rate = 0.0;
    if (verb == "fma" && request >> ms) {
      rate = Rate(threads, ms, [](int) { return RunFma(); });
    } else if (verb == "bfloat16" && request >> ms) {
      rate = Rate(threads, ms, [](int) { return RunBfloat16(); });
    } else if (verb == "read" && request >> bytes >> ms) {
      rate = ReadRate(threads, bytes, ms);
    }
    if (rate > 0) {
      std::cout << "ok " << std::fixed << rate << std::endl;
    } else {
      std::cout << "error cannot do: " << line << std::endl;
    }
  }
  return 0;
}
