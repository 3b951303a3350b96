#include "core/status.h"

#include <utility>

namespace cudnn_gru {

Status::Status(StatusCode code, std::string message, Remedy remedy)
    : failure_(new Failure{code, std::move(message), remedy}) {}

Status::Status(const Status& other)
    : failure_(other.ok() ? nullptr : new Failure(*other.failure_)) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) *this = Status(other);
  return *this;
}

const std::string& Status::message() const {
  static const std::string* const none = new std::string();
  return ok() ? *none : failure_->message;
}

Status Aborted() {
  return Status(StatusCode::kAborted, "The call was aborted.");
}

Status OutOfMemory(size_t bytes, const char* purpose) {
  return Status(StatusCode::kOutOfMemory,
                "Expected " + std::to_string(bytes) + " bytes of " + purpose +
                    " but the system has no more to give.");
}

}  // namespace cudnn_gru
