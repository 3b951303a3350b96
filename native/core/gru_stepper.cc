#include "core/gru_stepper.h"

#include "core/gru_backend.h"
#include "core/thread_pool.h"

namespace cudnn_gru {
namespace {

class ForwardStepper : public GruStepper {
 public:
  ForwardStepper(const GruBackend& backend, const GruCall& call)
      : backend_(backend), call_(call) {}

  Status Step() override {
    return backend_.Forward(call_, {ThreadPool::Get().threads()});
  }

 private:
  const GruBackend& backend_;
  const GruCall call_;
};

}  // namespace

std::unique_ptr<GruStepper> MakeForwardStepper(const GruBackend& backend,
                                               const GruCall& call) {
  return std::make_unique<ForwardStepper>(backend, call);
}

}  // namespace cudnn_gru
