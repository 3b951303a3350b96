#include "core/measured_choice.h"

#include <algorithm>

namespace cudnn_gru {
namespace {

// The other way is tried for the first time after so many calls.
constexpr int64_t kCallsBeforeTrial = 8;
// Each trial that changes nothing makes the next gap twice as long, up to this
// one: where barriers are faster, a later trial is a formality, because a busy
// machine shows in the times of the calls themselves. Where they are slower,
// only a trial tells that the machine is idle again.
constexpr double kLongestGap[] = {1024, 64};
// A trial costs at least this part of its time.
constexpr double kLeastCost = 1.0 / 8;
// The weight of a new time in the mean, and the most that it counts: a single
// call that was held up for milliseconds proves nothing.
constexpr double kWeight = 1.0 / 4;
constexpr double kMost = 2;

size_t IndexOf(Way way) { return static_cast<size_t>(way); }

Way OtherOf(Way way) {
  return way == Way::kBarriers ? Way::kNoBarriers : Way::kBarriers;
}

}  // namespace

Way MeasuredChoice::Faster() const {
  const size_t with = IndexOf(Way::kBarriers);
  const size_t without = IndexOf(Way::kNoBarriers);
  return calls_[without] != 0 && pace_[without] < pace_[with] ? Way::kNoBarriers
                                                              : Way::kBarriers;
}

Way MeasuredChoice::Next() const {
  const Way faster = Faster();
  const bool known = calls_[IndexOf(OtherOf(faster))] != 0;
  const bool tries = known ? since_trial_ >= next_trial_
                           : calls_[IndexOf(faster)] >= kCallsBeforeTrial;
  return tries ? OtherOf(faster) : faster;
}

void MeasuredChoice::UpdatePace(Way way, double pace, Way expected) {
  const size_t index = IndexOf(way);
  // The first call of a way touches memory and starts threads. What a trial
  // says is newer than the mean from before.
  if (calls_[index]++ <= 1 || way != expected) {
    pace_[index] = pace;
    return;
  }
  const double most = kMost * pace_[index];
  pace_[index] += kWeight * (std::min(pace, most) - pace_[index]);
}

void MeasuredChoice::Note(Way way, std::chrono::nanoseconds took, double work) {
  const Way expected = Faster();
  const double time = static_cast<double>(took.count());
  UpdatePace(way, time / work, expected);
  since_trial_ = way == expected ? since_trial_ + time : 0;
  const Way faster = Faster();
  const bool both = calls_[0] != 0 && calls_[1] != 0;
  if (!both || (way == expected && faster == expected)) return;
  // A trial has ended, or the other way has become the faster one.
  gap_ = faster != expected ? kFirstGap
                            : std::min(2 * gap_, kLongestGap[IndexOf(faster)]);
  const double difference =
      pace_[IndexOf(OtherOf(faster))] - pace_[IndexOf(faster)];
  next_trial_ = gap_ * std::max(difference * work, kLeastCost * time);
  since_trial_ = 0;
}

MeasuredChoices& MeasuredChoices::Get() {
  static MeasuredChoices* const choices = new MeasuredChoices();
  return *choices;
}

uint64_t MeasuredChoices::SizeOf(std::initializer_list<uint64_t> numbers) {
  // Fowler, Noll and Vo's hash, over numbers in place of bytes.
  uint64_t hash = 0xcbf29ce484222325u;
  for (const uint64_t number : numbers) {
    hash = (hash ^ number) * 0x100000001b3u;
    hash ^= hash >> 29;
  }
  return std::max<uint64_t>(hash, 1);
}

MeasuredChoices::Entry& MeasuredChoices::Find(uint64_t size) {
  ++clock_;
  Entry* oldest = &entries_[0];
  for (Entry& entry : entries_) {
    if (entry.size == size) {
      entry.used = clock_;
      return entry;
    }
    if (entry.used < oldest->used) oldest = &entry;
  }
  *oldest = {size, clock_, MeasuredChoice()};
  return *oldest;
}

Way MeasuredChoices::Next(uint64_t size) {
  if (always_.load(std::memory_order_relaxed)) return Way::kBarriers;
  const std::lock_guard<std::mutex> lock(mutex_);
  return Find(size).choice.Next();
}

void MeasuredChoices::Note(uint64_t size, Way way,
                           std::chrono::nanoseconds took, double work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Find(size).choice.Note(way, took, work);
}

MeasuredCall::MeasuredCall(uint64_t size, Way way, double work)
    : size_(size), way_(way), work_(work) {
  if (size_ != 0) begin_ = Clock::now();
}

void MeasuredCall::End() {
  if (size_ == 0) return;
  MeasuredChoices::Get().Note(size_, way_, Clock::now() - begin_, work_);
}

}  // namespace cudnn_gru
