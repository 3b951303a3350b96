#include "cudnn/stack/stack_pass.h"

#include "cudnn/backward.h"
#include "cudnn/library_status.h"
#include "cudnn/stack/stack_calls.h"
#include "cudnn/stack/stack_gradient_tensors.h"

namespace cudnn_gru {
namespace {

// One GRU of the stack. Its gradients are computed with those of all others.
class PartOfStack : public GruPass {
 public:
  PartOfStack(const GruDescription& description, const GruCall& call)
      : description_(description), call_(call) {}

  const GruDescription& description() const override { return description_; }
  const GruCall& call() const override { return call_; }
  size_t bytes() const override { return 0; }
  bool spent() const override { return false; }
  Status Backward(const GruGradients&, int, const Cancellation*) override {
    return Status(StatusCode::kUnsupported,
                  "Expected a pass of its own for the gradients of one GRU but "
                  "received a part of a stack's.");
  }

 private:
  const GruDescription description_;
  const GruCall call_;
};

}  // namespace

CudnnStackPass::CudnnStackPass(Device& owner,
                               std::shared_ptr<CudnnWeights> weights,
                               const StackCall& call)
    : kept(owner, std::move(weights)), call_(WithoutPointers(call)) {
  const RnnShape& shape = kept.weights->shape();
  for (size_t i = 0; i < shape.layers; ++i) {
    LayerPass layer;
    layer.merge = call_.layers[i].merge;
    for (size_t half = 0; half < shape.directions; ++half) {
      layer.halves[half] = std::make_unique<PartOfStack>(
          shape.DescriptionOf(i * shape.directions + half),
          CallOfHalf(call_, i, half, nullptr));
    }
    Add(std::move(layer));
  }
}

size_t CudnnStackPass::bytes() const {
  return kept.tensors.buffer.bytes() +
         (halves_ == nullptr ? 0 : halves_->size());
}

Status CudnnStackPass::Backward(const StackGradients& gradients, int threads,
                                const Cancellation* cancellation) {
  if (kept.used) return CudnnPass::Spent();
  const RnnShape& shape = kept.weights->shape();
  const void* outputs[2] = {nullptr, nullptr};
  if (halves_ != nullptr) {
    const size_t bytes =
        HalfOutputSize(shape, call_) * DtypeSize(shape.first.dtype);
    const char* const data = static_cast<const char*>(halves_->data());
    outputs[0] = data;
    outputs[1] = data + bytes;
  }
  StackGradientTensors tensors(shape, call_, kept.chunking, gradients, outputs);
  CUDNN_GRU_RETURN_IF_ERROR(tensors.SplitOutputs(threads));
  return BackwardOnCudnn(&kept, tensors, threads, cancellation);
}

}  // namespace cudnn_gru
