#ifndef CUDNN_GRU_CORE_STATUS_H_
#define CUDNN_GRU_CORE_STATUS_H_

#include <cstddef>
#include <memory>
#include <string>

namespace cudnn_gru {

// One value for each GRUError code that native code can cause (docs/errors.md).
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

// Says whether something may help after a failure.
enum class Remedy {
  kNone,
  // The same may succeed after memory was freed, or later.
  kAgain,
  // Another way to compute the same may succeed.
  kAnotherWay,
};

// The outcome of an operation. Native code below the addon reports errors by it
// and never throws. A tiny call checks dozens of them, so success is a null
// pointer.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message, Remedy remedy = Remedy::kNone);
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) = default;
  Status& operator=(Status&&) = default;
  ~Status() = default;

  bool ok() const { return failure_ == nullptr; }
  StatusCode code() const { return ok() ? StatusCode::kOk : failure_->code; }
  // Empty for a success.
  const std::string& message() const;
  Remedy remedy() const { return ok() ? Remedy::kNone : failure_->remedy; }

 private:
  struct Failure {
    StatusCode code;
    std::string message;
    Remedy remedy;
  };

  std::unique_ptr<const Failure> failure_;
};

// Returns the status of a call that was asked to stop (core/cancellation.h).
Status Aborted();

// Returns the status of an allocation that failed; `purpose` says in the
// message what the memory was for, as in "scratch memory for the call".
Status OutOfMemory(size_t bytes, const char* purpose);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_STATUS_H_
