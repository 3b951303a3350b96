#include <algorithm>
#include <cstring>

#include "cudnn/algorithms.h"
#include "cudnn/element.h"
#include "cudnn/reserve.h"
#include "cudnn/rnn_call.h"
#include "cudnn/weight_layout.h"

// cudnnRNNForward.
namespace doubles {
namespace {

struct Pointers {
  const void* x;
  void* y;
  const void* hx;
  void* hy;
  const void* weights;
  void* work;
  size_t work_bytes;
  void* reserve;
  size_t reserve_bytes;
};

int Run(const RnnCall& call, cudnnForwardMode_t mode, const Pointers& at) {
  std::memset(call.At("workSpace", at.work, at.work_bytes), 0xff,
              at.work_bytes);
  const std::vector<GruWeights> weights =
      LoadWeights(call.function, call.rnn,
                  call.At("weightSpace", at.weights, call.WeightBytes()));
  const std::vector<double> x = call.LoadSequence(call.x, "x", at.x);
  const std::vector<double> hx = call.LoadState("hx", at.hx);
  std::vector<double> y;
  std::vector<double> hy(hx.size());
  SavedLayers saved;
  RnnForward(call.Problem(), weights, x, hx, &y, &hy, &saved);
  if (const double error = StateError(call.rnn); error != 0) {
    for (std::vector<double>* states : {&y, &hy})
      for (double& value : *states)
        value = RoundTo(call.rnn.type, value + error);
  }
  call.StoreSequence(call.y, "y", y, at.y, call.y.padding_fill);
  call.StoreState("hy", hy, at.hy);
  if (mode == CUDNN_FWD_MODE_TRAINING) {
    char* reserve = call.At("reserveSpace", at.reserve, at.reserve_bytes);
    std::memset(reserve, 0xff, at.reserve_bytes);
    const uint64_t weight_hash =
        HashOf(call.At("weightSpace", at.weights, call.WeightBytes()),
               call.WeightBytes());
    WriteReserve(call,
                 {ReserveState::kForward, SettingsHash(call), HashOf(x),
                  HashOf(hx), HashOf(call.LoadSequence(call.y, "y", at.y)),
                  weight_hash, 0, std::move(saved)},
                 reserve);
  }
  return 0;
}

}  // namespace
}  // namespace doubles

DOUBLE_EXPORT cudnnStatus_t
cudnnRNNForward(cudnnHandle_t handle, cudnnRNNDescriptor_t descriptor,
                cudnnForwardMode_t mode, const int32_t device_lengths[],
                cudnnRNNDataDescriptor_t x_descriptor, const void* x,
                cudnnRNNDataDescriptor_t y_descriptor, void* y,
                cudnnTensorDescriptor_t h_descriptor, const void* hx, void* hy,
                cudnnTensorDescriptor_t, const void* cx, void* cy,
                size_t weight_bytes, const void* weights, size_t work_bytes,
                void* work, size_t reserve_bytes, void* reserve) {
  CUDNN_ENTER();
  doubles::HandleUse use(__func__, handle);
  doubles::RnnCall call;
  const cudnnStatus_t status = doubles::CheckDescriptors(
      __func__, handle, descriptor, device_lengths, x_descriptor, y_descriptor,
      h_descriptor, &call);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  const cudnnStatus_t supported =
      doubles::CheckAlgorithm(call.rnn, call.x, doubles::Query::kForward);
  if (supported != CUDNN_STATUS_SUCCESS) return supported;
  if (cx != nullptr || cy != nullptr)
    doubles::Violation(__func__, "a GRU has no cell state, and cx or cy came");
  const doubles::TempSizes sizes = call.Temp(mode);
  FAIL_IF(x == nullptr || y == nullptr || weights == nullptr || work == nullptr,
          CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  FAIL_IF(weight_bytes < call.WeightBytes(),
          CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  FAIL_IF(work_bytes < sizes.work, CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  FAIL_IF(reserve_bytes < sizes.reserve,
          CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  FAIL_IF(sizes.reserve > 0 && reserve == nullptr,
          CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  // NVIDIA bug 4316250 (jax-ml/jax#17966): nothing to do is a failure.
  FAIL_IF(*std::max_element(call.x.lengths.begin(), call.x.lengths.end()) == 0,
          CUDNN_STATUS_EXECUTION_FAILED);
  const size_t used_reserve = sizes.reserve > 0 ? reserve_bytes : 0;
  call.CheckRanges({{"x", x, call.XBytes(), false},
                    {"y", y, call.YBytes(), true},
                    {"hx", hx, call.StateBytes(), false},
                    {"hy", hy, call.StateBytes(), true},
                    {"weightSpace", weights, weight_bytes, false},
                    {"workSpace", work, work_bytes, true},
                    {"reserveSpace", reserve, used_reserve, true}});
  doubles::CountAlgorithm(call.rnn, call.x, doubles::Query::kForward);
  const doubles::Pointers at{x,    y,          hx,      hy,          weights,
                             work, work_bytes, reserve, used_reserve};
  handle->device->enqueue(handle->stream, handle->context, [call, mode, at] {
    return doubles::Run(call, mode, at);
  });
  return CUDNN_STATUS_SUCCESS;
}
