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

// What a call on the device does, in order; chunks alternate between kCopyIn
// and kCompute.
enum class Stage : size_t {
  kPlace,    // finds descriptors and takes memory
  kCopyIn,   // packs into pinned memory, queues copies to the device
  kCompute,  // queues cuDNN's work
  kCopyOut,  // queues copies back
  kWait,     // for the device
  kUnpack,   // from pinned memory; the device is done
};
constexpr size_t kStages = 6;

// What calls have spent since timing was turned on, in milliseconds.
struct StageTimes {
  uint64_t calls = 0;
  // The calling thread's time in each stage.
  std::array<double, kStages> host = {};
  // The device's: kCopyIn, kCompute and kCopyOut, by CUDA events.
  std::array<double, kStages> device = {};
};

// Turns timing on, from zero, or off (as it is at first), for the whole
// process. Gives what was timed until then.
StageTimes TimeStages(bool enabled);

// Times the stages of one stream's calls. With timing off it makes no event and
// reads no clock.
class StageClock {
 public:
  explicit StageClock(Device& device) : device_(device) {}
  StageClock(const StageClock&) = delete;
  StageClock& operator=(const StageClock&) = delete;

  // Begins a call.
  void Start();
  // Ends the stage that was, and begins `stage`. kCuda when the driver has no
  // events, or an event fails.
  Status Enter(Stage stage, abi::CUstream stream) {
    return running_ ? Record(stage, stream) : Status();
  }
  // The same within a stage's time on the device, which goes on.
  void EnterOnHost(Stage stage) {
    if (!running_) return;
    EndHostStage();
    stage_ = stage;
  }
  // Ends the call.
  void Stop() {
    if (running_) AddUp();
  }

 private:
  struct Mark {
    abi::CUevent event = nullptr;
    Stage stage = Stage::kPlace;  // that begins here
  };

  Status Record(Stage stage, abi::CUstream stream);
  Status ReadEvents();
  void EndHostStage();
  void AddUp();

  Device& device_;
  bool running_ = false;
  Stage stage_ = Stage::kPlace;
  std::chrono::steady_clock::time_point since_;
  StageTimes times_;         // of this call
  std::vector<Mark> marks_;  // their events are kept, for the process's life
  size_t used_ = 0;          // marks of this call
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_STAGE_CLOCK_H_
