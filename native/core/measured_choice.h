#ifndef CUDNN_GRU_CORE_MEASURED_CHOICE_H_
#define CUDNN_GRU_CORE_MEASURED_CHOICE_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>

namespace cudnn_gru {

// How a call is computed: by threads that meet at a barrier after each time
// step, or without barriers, which is slower on an idle machine and faster
// where one of the threads must wait for its CPU.
enum class Way { kBarriers, kNoBarriers };

// Chooses the faster way for calls of one size, by how long such calls took.
// Barriers come first. Now and then one call goes the other way, because what
// else runs on the machine changes. Such a trial is made again when the calls
// in between have taken at least 32 times as long as the trial has cost, so
// that trials cost 3 % or less of the time.
class MeasuredChoice {
 public:
  // Returns the way of the next call.
  Way Next() const;

  // Takes note of a call that was computed in that way and took so long.
  // `work` is what the time is proportional to, for example timesteps.
  void Note(Way way, std::chrono::nanoseconds took, double work);

 private:
  static constexpr size_t kWays = 2;

  // Nanoseconds for a unit of work, a mean of the latest calls. Valid where
  // `calls_` is not 0.
  std::array<double, kWays> pace_ = {};
  std::array<int64_t, kWays> calls_ = {};
  double since_trial_ = 0;  // nanoseconds of the calls since the last trial
  double next_trial_ = 0;   // how many of them must pass before the next one
  double gap_ = kFirstGap;  // the same, in costs of the last trial
  static constexpr double kFirstGap = 32;

  Way Faster() const;
  void UpdatePace(Way way, double pace, Way expected);
};

// The choices of this process for the sizes of the latest calls.
class MeasuredChoices {
 public:
  // Returns the one object of the process.
  static MeasuredChoices& Get();

  // Returns a number that identifies calls of one size, made of all numbers
  // that their time depends on. It is never 0.
  static uint64_t SizeOf(std::initializer_list<uint64_t> numbers);

  // As those of MeasuredChoice, for calls of one size.
  Way Next(uint64_t size);
  void Note(uint64_t size, Way way, std::chrono::nanoseconds took, double work);

  // Makes Next return kBarriers until `Measure` is called, for tests that need
  // barriers on any machine.
  void AlwaysBarriers() { always_.store(true, std::memory_order_relaxed); }
  void Measure() { always_.store(false, std::memory_order_relaxed); }

 private:
  struct Entry {
    uint64_t size = 0;  // 0 in an entry that is free
    uint64_t used = 0;  // when, in calls of Find
    MeasuredChoice choice;
  };
  // Returns the entry of a size. A new one takes the place of the entry that
  // was not used for longest.
  Entry& Find(uint64_t size);

  std::mutex mutex_;
  std::array<Entry, 64> entries_;
  uint64_t clock_ = 0;
  std::atomic<bool> always_{false};
};

// Measures a call and notes its time when it ends.
class MeasuredCall {
 public:
  // Does nothing where `size` is 0, because there was no choice.
  MeasuredCall(uint64_t size, Way way, double work);

  // Notes the time since the constructor.
  void End();

 private:
  using Clock = std::chrono::steady_clock;

  const uint64_t size_;
  const Way way_;
  const double work_;
  Clock::time_point begin_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_MEASURED_CHOICE_H_
