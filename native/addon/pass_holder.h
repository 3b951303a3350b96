#ifndef CUDNN_GRU_ADDON_PASS_HOLDER_H_
#define CUDNN_GRU_ADDON_PASS_HOLDER_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include "core/status.h"

namespace cudnn_gru {

// Shares a pass with the backward call, which may run on another thread. Only
// one call at a time can have it, and it is freed when that call has used it.
template <typename Pass>
class PassHolder {
 public:
  explicit PassHolder(std::unique_ptr<Pass> pass) : pass_(std::move(pass)) {}

  // Lends the pass to one backward call. Returns kState when it is lent already
  // or used up.
  Status Take(std::shared_ptr<Pass>* pass) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (taken_ || pass_ == nullptr) {
      return Status(StatusCode::kState,
                    "Expected a pass whose `backward` has not been called yet "
                    "but received a used one. Call `forward` again.");
    }
    taken_ = true;
    *pass = pass_;
    return Status();
  }

  // Ends the loan. The next call can have the pass if this one failed before it
  // began to compute.
  void GiveBack() {
    std::lock_guard<std::mutex> lock(mutex_);
    taken_ = false;
    if (pass_ != nullptr && pass_->spent()) pass_ = nullptr;
  }

  // Returns a pass that `holder` has lent, which is given back when the last
  // reference to the result is gone: when an asynchronous call has ended, or
  // was dropped before it began.
  static std::shared_ptr<Pass> LendTo(std::shared_ptr<Pass> taken,
                                      std::shared_ptr<PassHolder> holder) {
    Pass* const pass = taken.get();
    return std::shared_ptr<Pass>(
        pass,
        [taken = std::move(taken), holder = std::move(holder)](Pass*) mutable {
          taken = nullptr;
          holder->GiveBack();
        });
  }

  void Drop() {
    std::lock_guard<std::mutex> lock(mutex_);
    pass_ = nullptr;
  }

  size_t bytes() {
    std::lock_guard<std::mutex> lock(mutex_);
    return pass_ == nullptr ? 0 : pass_->bytes();
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<Pass> pass_;
  bool taken_ = false;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_PASS_HOLDER_H_
