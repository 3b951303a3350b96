// The team of threads, its barrier, and the executor of asynchronous calls.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "core/executor.h"
#include "core/spin_barrier.h"
#include "core/thread_pool.h"
#include "core/usable_cpus.h"
#include "core/workspace.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Executor;
using cudnn_gru::SpinBarrier;
using cudnn_gru::ThreadPool;

struct TeamOfThree {
  TeamOfThree() { ThreadPool::Get().set_threads(3); }
};

TEST_CASE("there are a CPU and a thread") {
  CHECK_MESSAGE(cudnn_gru::UsableCpus() >= 1, "no usable CPU");
  CHECK_MESSAGE(ThreadPool::Get().threads() >= 1, "no thread");
}

TEST_CASE_FIXTURE(TeamOfThree, "a team runs every index once") {
  for (int round = 0; round < 200; ++round) {
    const int threads = 1 + round % 5;
    std::vector<std::atomic<int>> runs(static_cast<size_t>(threads));
    const bool ran = ThreadPool::Get().TryRun(
        threads, [&](int index) { ++runs[static_cast<size_t>(index)]; });
    CHECK_MESSAGE(ran, Format("the free team of %d was refused", threads));
    for (int i = 0; i < threads; ++i) {
      CHECK_MESSAGE(runs[static_cast<size_t>(i)] == 1,
                    Format("index %d of %d ran %d times", i, threads,
                           runs[static_cast<size_t>(i)].load()));
    }
  }
}

TEST_CASE_FIXTURE(TeamOfThree, "a team is refused while it is taken") {
  bool inner = true;
  const bool outer = ThreadPool::Get().TryRun(
      1, [&](int) { inner = ThreadPool::Get().TryRun(1, [](int) {}); });
  CHECK_MESSAGE((outer && !inner), "a team was lent twice");
}

// The calling thread must come first, and every helper that begins must have
// ended when the call returns.
TEST_CASE_FIXTURE(TeamOfThree, "help is welcome and nobody waits for it") {
  std::atomic<int> late{0};
  int helped = 0;
  for (int round = 0; round < 300; ++round) {
    std::atomic<int> begun{0}, ended{0}, runs[3] = {};
    const bool ran = ThreadPool::Get().TryRunWithHelp(3, [&](int index) {
      ++begun;
      ++runs[index];
      // In every third round there is time for helpers to come.
      if (index == 0 && round % 3 == 0) {
        for (int i = 0; i < 2000 && begun < 3; ++i) {
          std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
      }
      ++ended;
    });
    late += begun != ended;
    helped += begun > 1;
    CHECK_MESSAGE((ran && runs[0] == 1 && runs[1] <= 1 && runs[2] <= 1),
                  Format("round %d: %d, %d and %d runs", round, runs[0].load(),
                         runs[1].load(), runs[2].load()));
  }
  CHECK_MESSAGE(late == 0, Format("%d helpers ran on", late.load()));
  CHECK_MESSAGE(helped > 0, "no helper ever came");
  // The door is closed, so that all of the next team's bodies run again.
  std::atomic<int> all{0};
  CHECK(ThreadPool::Get().TryRun(3, [&](int) { ++all; }));
  CHECK(all == 3);
}

// While the calling thread computes, a second call has no team.
TEST_CASE_FIXTURE(TeamOfThree, "help is refused while the team is taken") {
  bool inner = true;
  const bool outer = ThreadPool::Get().TryRun(
      1, [&](int) { inner = ThreadPool::Get().TryRunWithHelp(2, [](int) {}); });
  CHECK_MESSAGE((outer && !inner), "a team was lent twice");
}

// Each thread adds to its own cell and, after the barrier, reads all others.
TEST_CASE_FIXTURE(TeamOfThree, "a barrier orders memory") {
  constexpr int kThreads = 3;
  constexpr int kSteps = 500;
  SpinBarrier barrier(kThreads);
  int cells[kThreads] = {};
  std::atomic<int> wrong{0};
  const bool ran = ThreadPool::Get().TryRun(kThreads, [&](int index) {
    for (int step = 1; step <= kSteps; ++step) {
      cells[index] = step;
      if (!barrier.Wait()) ++wrong;
      for (int cell : cells) wrong += cell != step;
      if (!barrier.Wait()) ++wrong;
    }
  });
  CHECK_MESSAGE((ran && wrong == 0),
                Format("%d reads behind the barrier were stale", wrong.load()));
}

TEST_CASE_FIXTURE(TeamOfThree, "a broken barrier lets go") {
  SpinBarrier barrier(2);
  std::atomic<int> left{0};
  const bool ran = ThreadPool::Get().TryRun(2, [&](int index) {
    if (index == 1) {
      barrier.Break();
      ++left;
    } else if (!barrier.Wait()) {
      ++left;
    }
  });
  CHECK_MESSAGE((ran && left == 2), "a thread waits at a broken barrier");
}

TEST_CASE_FIXTURE(TeamOfThree,
                  "the executor runs all jobs and says who is alone") {
  constexpr int kJobs = 300;
  std::mutex mutex;
  std::condition_variable ended;
  int count = 0;
  for (int job = 0; job < kJobs; ++job) {
    const bool queued = Executor::Get().Submit([&](int) {
      std::lock_guard<std::mutex> lock(mutex);
      ++count;
      ended.notify_all();
    });
    CHECK_MESSAGE(queued, Format("job %d was refused", job));
  }
  std::unique_lock<std::mutex> lock(mutex);
  ended.wait(lock, [&] { return count == kJobs; });

  // Two jobs that run until both have started cannot both be alone.
  int started = 0, finished = 0, alone = 0;
  for (int job = 0; job < 2; ++job) {
    const bool queued = Executor::Get().Submit([&](int threads) {
      std::unique_lock<std::mutex> inner(mutex);
      alone += threads > 1;
      ++started;
      ended.notify_all();
      ended.wait(inner, [&] { return started == 2; });
      ++finished;
      ended.notify_all();
    });
    CHECK_MESSAGE(queued, "a job was refused");
  }
  ended.wait(lock, [&] { return finished == 2; });
  CHECK_MESSAGE(alone <= 1, Format("%d of two jobs ran alone", alone));
}

// A call that is awaited before the next one leaves nobody beside it.
TEST_CASE_FIXTURE(TeamOfThree, "jobs that answer each other are alone") {
  // The jobs of the tests before are not counted as ended until a moment after
  // they have said so.
  while (Executor::Get().jobs() != 0) std::this_thread::yield();
  std::mutex mutex;
  std::condition_variable changed;
  int started = 0, alone = 0, ended = 0;
  const auto end = [&] {
    std::lock_guard<std::mutex> lock(mutex);
    ++ended;
    changed.notify_all();
  };
  const auto submit = [&](const Executor::Job& job) {
    CHECK_MESSAGE(Executor::Get().Submit(job, end), "a job was refused");
  };
  const auto wait_for = [&](int jobs) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return ended == jobs; });
  };
  // Two at a time, so that there is a second thread to take the next job.
  for (int job = 0; job < 2; ++job) {
    submit([&](int) {
      std::unique_lock<std::mutex> lock(mutex);
      ++started;
      changed.notify_all();
      changed.wait(lock, [&] { return started == 2; });
    });
  }
  wait_for(2);
  constexpr int kJobs = 2000;
  for (int job = 0; job < kJobs; ++job) {
    submit([&](int threads) { alone += threads > 1; });
    wait_for(job + 3);
  }
  CHECK_MESSAGE(alone == kJobs,
                Format("%d of %d jobs ran alone", alone, kJobs));
}

// Jobs beyond the configured number wait, also when more threads exist.
TEST_CASE_FIXTURE(TeamOfThree, "the executor keeps to its number of threads") {
  ThreadPool::Get().set_threads(2);
  std::mutex mutex;
  std::condition_variable changed;
  int running = 0, most = 0, ended = 0;
  constexpr int kJobs = 40;
  for (int job = 0; job < kJobs; ++job) {
    CHECK_MESSAGE(Executor::Get().Submit([&](int) {
      std::unique_lock<std::mutex> lock(mutex);
      most = std::max(most, ++running);
      changed.notify_all();
      // Held until a second job has come, or for a moment.
      changed.wait_for(lock, std::chrono::milliseconds(1),
                       [&] { return running > 1; });
      --running;
      ++ended;
      changed.notify_all();
    }),
                  "a job was refused");
  }
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return ended == kJobs; });
  CHECK_MESSAGE((most >= 1 && most <= 2),
                Format("%d jobs ran at a time, expected at most 2", most));
}

TEST_CASE_FIXTURE(TeamOfThree, "a workspace is reused") {
  const size_t before = cudnn_gru::ScratchBytes().load();
  void* first = nullptr;
  {
    cudnn_gru::Workspace workspace(1 << 20);
    first = workspace.data();
    CHECK_MESSAGE(first != nullptr, "no workspace");
  }
  cudnn_gru::Workspace again(1 << 19);
  CHECK_MESSAGE(again.data() == first, "a free workspace was not reused");
  CHECK_MESSAGE(cudnn_gru::ScratchBytes().load() <= before + (1 << 20),
                "scratch memory grew");
}

// Much longer than threads spin, so that all of them sleep.
TEST_CASE_FIXTURE(TeamOfThree, "threads at a barrier sleep and are woken") {
  constexpr int kThreads = 3;
  constexpr int kSteps = 12;
  SpinBarrier barrier(kThreads);
  int cells[kThreads] = {};
  std::atomic<int> wrong{0};
  std::atomic<long> cpu_time{0};  // microseconds, of the threads that wait
  const auto microseconds = [] {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
  };
  const bool ran = ThreadPool::Get().TryRun(kThreads, [&](int index) {
    const long before = microseconds();
    for (int step = 1; step <= kSteps; ++step) {
      if (step % kThreads == index) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      cells[index] = step;
      if (!barrier.Wait()) ++wrong;
      for (int cell : cells) wrong += cell != step;
      if (!barrier.Wait()) ++wrong;
    }
    cpu_time += microseconds() - before;
  });
  CHECK_MESSAGE((ran && wrong == 0),
                Format("%d reads behind the barrier were stale", wrong.load()));
  // Each step waits for 5 ms, two threads at a time. Spinning all the time
  // would take 120 ms.
  CHECK_MESSAGE(cpu_time < 60000,
                Format("waiting took %ld us of CPU time", cpu_time.load()));
}

TEST_CASE_FIXTURE(TeamOfThree, "a broken barrier wakes who sleeps") {
  SpinBarrier barrier(2);
  std::atomic<int> left{0};
  const bool ran = ThreadPool::Get().TryRun(2, [&](int index) {
    if (index == 1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      barrier.Break();
      ++left;
    } else if (!barrier.Wait()) {
      ++left;
    }
  });
  CHECK_MESSAGE((ran && left == 2), "a thread sleeps at a broken barrier");
}

}  // namespace
}  // namespace cudnn_gru_test
