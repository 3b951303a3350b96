#include "cudnn/stage_clock.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

std::atomic<bool> timing_is_on{false};

struct Totals {
  std::mutex mutex;
  StageTimes times;
};

Totals& AllTotals() {
  static auto* const totals = new Totals();
  return *totals;
}

}  // namespace

StageTimes TimeStages(Timing timing) {
  Totals& totals = AllTotals();
  std::lock_guard<std::mutex> lock(totals.mutex);
  timing_is_on.store(timing == Timing::kOn, std::memory_order_relaxed);
  return std::exchange(totals.times, StageTimes());
}

void StageClock::Start() {
  running_ = timing_is_on.load(std::memory_order_relaxed);
  if (!running_) return;
  times_ = StageTimes();
  used_ = 0;
  stage_ = Stage::kPlace;
  since_ = std::chrono::steady_clock::now();
}

void StageClock::EndHostStage() {
  const auto now = std::chrono::steady_clock::now();
  times_.host[static_cast<size_t>(stage_)] +=
      std::chrono::duration<double, std::milli>(now - since_).count();
  since_ = now;
}

Status StageClock::Record(Stage stage, abi::CUstream stream) {
  EndHostStage();
  stage_ = stage;
  if (stage == Stage::kUnpack) return ReadEvents();
  const CudaDriver& driver = device_.driver();
  if (driver.cuEventElapsedTime == nullptr) {
    running_ = false;
    return Status(StatusCode::kCuda,
                  "Expected a driver with cuEventElapsedTime, to time a call, "
                  "but this one has none.");
  }
  if (used_ == marks_.size()) {
    Mark mark;
    CUDNN_GRU_RETURN_IF_ERROR(
        device_.Check(driver.cuEventCreate(&mark.event, abi::CU_EVENT_DEFAULT),
                      "cuEventCreate"));
    marks_.push_back(mark);
  }
  Mark& mark = marks_[used_++];
  mark.stage = stage;
  return device_.Check(driver.cuEventRecord(mark.event, stream),
                       "cuEventRecord");
}

Status StageClock::ReadEvents() {
  for (size_t i = 0; i + 1 < used_; ++i) {
    float milliseconds = 0;
    CUDNN_GRU_RETURN_IF_ERROR(
        device_.Check(device_.driver().cuEventElapsedTime(
                          &milliseconds, marks_[i].event, marks_[i + 1].event),
                      "cuEventElapsedTime"));
    times_.device[static_cast<size_t>(marks_[i].stage)] += milliseconds;
  }
  return Status();
}

void StageClock::AddUp() {
  running_ = false;
  EndHostStage();
  Totals& totals = AllTotals();
  std::lock_guard<std::mutex> lock(totals.mutex);
  ++totals.times.calls;
  totals.times.replays += times_.replays;
  for (size_t stage = 0; stage < kStages; ++stage) {
    totals.times.host[stage] += times_.host[stage];
    totals.times.device[stage] += times_.device[stage];
  }
}

}  // namespace cudnn_gru
