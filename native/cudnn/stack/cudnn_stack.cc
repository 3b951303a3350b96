#include "cudnn/stack/cudnn_stack.h"

#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "core/one_by_one.h"
#include "cudnn/cudnn_backend.h"
#include "cudnn/stack/obstacles.h"
#include "cudnn/stack/stack_forward.h"

namespace cudnn_gru {
namespace {

// The versions of a stack's weights, by the GRUs' backends. A stack does not
// keep versions alive that its layers have given up.
class Versions {
 public:
  // Whether they are those of the call.
  bool AreOf(const StackCall& call) const {
    size_t i = 0;
    for (const StackLayer& layer : call.layers) {
      for (size_t half = 0; half < layer.half_count; ++half, ++i) {
        if (i == backends_.size() ||
            backends_[i].lock() != layer.halves[half].backend) {
          return false;
        }
      }
    }
    return i == backends_.size();
  }

  void Set(const StackCall& call) {
    backends_.clear();
    for (const StackLayer& layer : call.layers) {
      for (size_t half = 0; half < layer.half_count; ++half) {
        backends_.push_back(layer.halves[half].backend);
      }
    }
  }

 private:
  std::vector<std::weak_ptr<const GruBackend>> backends_;
};

size_t DeviceOf(const StackCall& call) {
  return static_cast<const CudnnBackend&>(*call.layers[0].halves[0].backend)
      .device_index();
}

bool SameShape(const RnnShape& a, const RnnShape& b) {
  return a.layers == b.layers && a.directions == b.directions &&
         a.first.features == b.first.features &&
         a.first.units == b.first.units && a.first.dtype == b.first.dtype &&
         a.first.state_rounding == b.first.state_rounding;
}

// Whether the layers are worth calling one by one after this failure: that
// needs less memory at a time, and cuDNN supports each of them.
bool IsForOneByOne(const Status& status) {
  return status.code() == StatusCode::kOutOfMemory ||
         status.remedy() == Remedy::kAnotherWay;
}

class CudnnStackRunner : public GruStackRunner {
 public:
  bool CanRun(const StackCall& call) const override {
    return !FindObstacleHere(call).has_value();
  }

  Status Forward(const StackCall& call,
                 const ComputeOptions& options) override {
    std::shared_ptr<CudnnWeights> weights;
    Status status = FindWeights(call, &weights);
    if (status.ok()) {
      status = ForwardStackOnCudnn(weights, call, CudnnOptionsOf(options),
                                   options.cancellation);
    }
    if (!IsForOneByOne(status)) return status;
    weights = nullptr;
    ForgetWeights();
    return ForwardOneByOne(call, options, nullptr);
  }

  Status ForwardKeepingPass(const StackCall& call,
                            const ComputeOptions& options,
                            std::unique_ptr<GruStackPass>* pass) override {
    std::shared_ptr<CudnnWeights> weights;
    Status status = FindWeights(call, &weights);
    if (status.ok()) {
      status = ForwardStackOnCudnn(weights, call, CudnnOptionsOf(options),
                                   options.cancellation, pass);
    }
    if (!IsForOneByOne(status)) return status;
    weights = nullptr;
    ForgetWeights();
    std::unique_ptr<GruStackPass> made(new (std::nothrow) GruStackPass());
    if (made == nullptr) return OutOfMemory(sizeof(GruStackPass), "a pass");
    status = ForwardOneByOne(call, options, made.get());
    if (status.ok()) *pass = std::move(made);
    return status;
  }

 private:
  // Finds the weights of the call, which are on the device after the first call
  // with them.
  Status FindWeights(const StackCall& call,
                     std::shared_ptr<CudnnWeights>* weights) {
    const RnnShape shape = ShapeOf(call);
    const size_t device = DeviceOf(call);
    std::lock_guard<std::mutex> lock(mutex_);
    try {
      if (layer_ == nullptr || layer_->device_index() != device ||
          !SameShape(layer_->shape(), shape)) {
        weights_ = nullptr;
        layer_ = std::make_shared<CudnnLayer>(shape, device);
      }
      if (weights_ == nullptr || !versions_.AreOf(call)) {
        weights_ = nullptr;
        versions_.Set(call);
        weights_ = StackWeights(layer_, call);
      }
    } catch (const std::bad_alloc&) {
      return OutOfMemory(call.layers.size() * sizeof(StackLayer),
                         "a table of weights");
    }
    *weights = weights_;
    return Status();
  }

  // Frees the weights, unless other calls use them.
  void ForgetWeights() {
    std::lock_guard<std::mutex> lock(mutex_);
    weights_ = nullptr;
  }

  std::mutex mutex_;
  // The part that all versions share. The device stays in use as long as this
  // lives.
  std::shared_ptr<CudnnLayer> layer_;
  std::shared_ptr<CudnnWeights> weights_;
  Versions versions_;
};

}  // namespace

std::unique_ptr<GruStackRunner> MakeCudnnStackRunner() {
  return std::make_unique<CudnnStackRunner>();
}

}  // namespace cudnn_gru
