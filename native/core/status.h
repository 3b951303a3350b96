#ifndef CUDNN_GRU_CORE_STATUS_H_
#define CUDNN_GRU_CORE_STATUS_H_

#include <cstddef>
#include <string>
#include <utility>

namespace cudnn_gru {

// One value per GRUError code that native code can raise (lib/errors.ts).
enum class StatusCode {
  kOk,
  kArgument,
  kShape,
  kDtype,
  kNotBuilt,
  kState,
  kOutOfMemory,
  kDisposed,
  kAborted,
  kCallback,
  kUnsupported,
  kNativeLoad,
  kCudnn,
  kCuda,
  kCudnnUnavailable,
};

// What may help after a failure: nothing; trying again, now that something was
// freed, or later; or doing it in another way.
enum class Remedy { kNone, kAgain, kAnotherWay };

// The outcome of an operation; nothing below the addon layer throws.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message, Remedy remedy = Remedy::kNone)
      : code_(code), message_(std::move(message)), remedy_(remedy) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }
  Remedy remedy() const { return remedy_; }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
  Remedy remedy_ = Remedy::kNone;
};

// Returns the status of an allocation that failed; `purpose` says in the
// message what the memory was for, as in "scratch memory for the call".
Status OutOfMemory(size_t bytes, const char* purpose);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_STATUS_H_
