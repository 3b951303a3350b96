#ifndef CUDNN_GRU_CUDNN_STAGE_CLOCK_H_
#define CUDNN_GRU_CUDNN_STAGE_CLOCK_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/status.h"
#include "cudnn/device.h"

namespace cudnn_gru {

// The stages of a call on the device, in order. With several chunks, kCopyIn
// and kCompute alternate.
enum class Stage : size_t {
  kPlace,    // finds descriptors and acquires memory
  kCopyIn,   // packs into pinned memory and queues copies to the device
  kCompute,  // queues cuDNN's work
  kCopyOut,  // queues copies to the host
  kWait,     // waits for the device
  kUnpack,   // unpacks from pinned memory, after the device has finished
};
constexpr size_t kStages = 6;

// The time that calls have spent since timing was turned on, in milliseconds.
struct StageTimes {
  uint64_t calls = 0;
  // How many steps of cuDNN's work were replayed as CUDA graphs.
  uint64_t replays = 0;
  // The calling thread's time in each stage.
  std::array<double, kStages> host = {};
  // The device's time in kCopyIn, kCompute and kCopyOut, by CUDA events.
  std::array<double, kStages> device = {};
};

// Turns timing on or off for the whole process and returns the times until now.
// Timing starts from zero. It is off when the process starts.
enum class Timing { kOff, kOn };
StageTimes TimeStages(Timing timing);

// Times the stages of the calls on one stream. While timing is off, it makes no
// event and reads no clock.
class StageClock {
 public:
  explicit StageClock(Device& device) : device_(device) {}
  StageClock(const StageClock&) = delete;
  StageClock& operator=(const StageClock&) = delete;

  // Says that a call begins.
  void Start();
  // Ends the current stage and begins `stage`. Fails with kCuda when the driver
  // cannot time events or an event fails.
  Status Enter(Stage stage, abi::CUstream stream) {
    return running_ ? Record(stage, stream) : Status();
  }
  // Begins `stage` for the host's time only. The device's stage goes on.
  void EnterOnHost(Stage stage) {
    if (!running_) return;
    EndHostStage();
    stage_ = stage;
  }
  void CountReplay() {
    if (running_) ++times_.replays;
  }
  // Says that the call has ended, and adds its times to the totals.
  void Stop() {
    if (running_) AddUp();
  }

 private:
  struct Mark {
    abi::CUevent event = nullptr;
    Stage stage = Stage::kPlace;  // the stage that begins at the event
  };

  Status Record(Stage stage, abi::CUstream stream);
  Status ReadEvents();
  void EndHostStage();
  void AddUp();

  Device& device_;
  bool running_ = false;
  Stage stage_ = Stage::kPlace;
  std::chrono::steady_clock::time_point since_;
  StageTimes times_;         // of the current call
  std::vector<Mark> marks_;  // kept with their events for the process's life
  size_t used_ = 0;          // how many marks the current call uses
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STAGE_CLOCK_H_
