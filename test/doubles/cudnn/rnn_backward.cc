#include <algorithm>
#include <cstring>

#include "cudnn/algorithms.h"
#include "cudnn/element.h"
#include "cudnn/reserve.h"
#include "cudnn/rnn_call.h"
#include "cudnn/weight_layout.h"

// cudnnRNNBackwardData_v8 and cudnnRNNBackwardWeights_v8.
namespace doubles {
namespace {

struct DataPointers {
  const void* y;
  const void* dy;
  void* dx;
  const void* hx;
  const void* dhy;
  void* dhx;
  const void* weights;
  void* work;
  size_t work_bytes;
  void* reserve;
  size_t reserve_bytes;
};

struct WeightPointers {
  const void* x;
  const void* hx;
  const void* y;
  void* dweights;
  void* work;
  size_t work_bytes;
  void* reserve;
  size_t reserve_bytes;
};

void RequireSame(const RnnCall& call, const char* what, uint64_t now,
                 uint64_t then) {
  if (now != then) {
    Violation(call.function, "%s is not what it was in the forward call", what);
  }
}

int RunData(const RnnCall& call, const DataPointers& at) {
  std::memset(call.At("workSpace", at.work, at.work_bytes), 0xff,
              at.work_bytes);
  const char* weight_space =
      call.At("weightSpace", at.weights, call.WeightBytes());
  char* space = call.At("reserveSpace", at.reserve, at.reserve_bytes);
  Reserve reserve = ReadReserve(call, ReserveState::kForward, space);
  const std::vector<double> y = call.LoadSequence(call.y, "y", at.y);
  const std::vector<double> hx = call.LoadState("hx", at.hx);
  RequireSame(call, "y", HashOf(y), reserve.y);
  RequireSame(call, "hx", HashOf(hx), reserve.hx);
  RequireSame(call, "weightSpace", HashOf(weight_space, call.WeightBytes()),
              reserve.weights);
  call.RequireZeroPadding(call.y, "dy", at.dy);
  const std::vector<double> dy = call.LoadSequence(call.y, "dy", at.dy);
  const std::vector<double> dhy = call.LoadState("dhy", at.dhy);
  std::vector<double> dx;
  std::vector<double> dhx(hx.size());
  RnnBackwardData(call.Problem(),
                  LoadWeights(call.function, call.rnn, weight_space), y, hx, dy,
                  dhy, &reserve.saved, &dx, &dhx);
  for (double& value : dx) value += GradientError(call.rnn);
  // Nothing is promised about the padding of dx.
  call.StoreSequence(call.x, "dx", dx, at.dx, {});
  call.StoreState("dhx", dhx, at.dhx);
  reserve.state = ReserveState::kBackwardData;
  WriteReserve(call, reserve, space);
  return 0;
}

int RunWeights(const RnnCall& call, const WeightPointers& at) {
  std::memset(call.At("workSpace", at.work, at.work_bytes), 0xff,
              at.work_bytes);
  char* space = call.At("reserveSpace", at.reserve, at.reserve_bytes);
  const Reserve reserve = ReadReserve(call, ReserveState::kBackwardData, space);
  const std::vector<double> x = call.LoadSequence(call.x, "x", at.x);
  const std::vector<double> hx = call.LoadState("hx", at.hx);
  const std::vector<double> y = call.LoadSequence(call.y, "y", at.y);
  RequireSame(call, "x", HashOf(x), reserve.x);
  RequireSame(call, "hx", HashOf(hx), reserve.hx);
  RequireSame(call, "y", HashOf(y), reserve.y);
  const std::vector<GruWeights> gradients =
      RnnBackwardWeights(call.Problem(), reserve.saved, x, hx, y);
  AddWeights(call.rnn, gradients,
             call.At("dweightSpace", at.dweights, call.WeightBytes()));
  std::memset(space, 0xff, at.reserve_bytes);
  return 0;
}

// As in 8.9 (NVIDIA bug 4316250): wrong or failing when a row has no step.
bool AnyRowEmpty(const RnnCall& call) {
  return *std::min_element(call.x.lengths.begin(), call.x.lengths.end()) == 0;
}

}  // namespace
}  // namespace doubles

using doubles::CheckDescriptors;

DOUBLE_EXPORT cudnnStatus_t cudnnRNNBackwardData_v8(
    cudnnHandle_t handle, cudnnRNNDescriptor_t descriptor,
    const int32_t device_lengths[], cudnnRNNDataDescriptor_t y_descriptor,
    const void* y, const void* dy, cudnnRNNDataDescriptor_t x_descriptor,
    void* dx, cudnnTensorDescriptor_t h_descriptor, const void* hx,
    const void* dhy, void* dhx, cudnnTensorDescriptor_t, const void* cx,
    const void* dcy, void* dcx, size_t weight_bytes, const void* weights,
    size_t work_bytes, void* work, size_t reserve_bytes, void* reserve) {
  CUDNN_ENTER();
  doubles::HandleUse use(__func__, handle);
  doubles::RnnCall call;
  const cudnnStatus_t status =
      CheckDescriptors(__func__, handle, descriptor, device_lengths,
                       x_descriptor, y_descriptor, h_descriptor, &call);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  const cudnnStatus_t supported =
      doubles::CheckAlgorithm(call.rnn, call.x, doubles::Query::kBackward);
  if (supported != CUDNN_STATUS_SUCCESS) return supported;
  if (cx != nullptr || dcy != nullptr || dcx != nullptr)
    doubles::Violation(__func__, "a GRU has no cell state, and one came");
  const doubles::TempSizes sizes = call.Temp(CUDNN_FWD_MODE_TRAINING);
  FAIL_IF(y == nullptr || dy == nullptr || dx == nullptr ||
              weights == nullptr || work == nullptr || reserve == nullptr,
          CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  FAIL_IF(weight_bytes < call.WeightBytes(),
          CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  FAIL_IF(work_bytes < sizes.work, CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  FAIL_IF(reserve_bytes < sizes.reserve,
          CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  FAIL_IF(doubles::AnyRowEmpty(call), CUDNN_STATUS_EXECUTION_FAILED);
  call.CheckRanges({{"y", y, call.YBytes(), false},
                    {"dy", dy, call.YBytes(), false},
                    {"dx", dx, call.XBytes(), true},
                    {"hx", hx, call.StateBytes(), false},
                    {"dhy", dhy, call.StateBytes(), false},
                    {"dhx", dhx, call.StateBytes(), true},
                    {"weightSpace", weights, weight_bytes, false},
                    {"workSpace", work, work_bytes, true},
                    {"reserveSpace", reserve, reserve_bytes, true}});
  doubles::CountAlgorithm(call.rnn, call.x, doubles::Query::kBackward);
  const doubles::DataPointers at{y,          dy,      dx,           hx,
                                 dhy,        dhx,     weights,      work,
                                 work_bytes, reserve, reserve_bytes};
  handle->device->enqueue(handle->stream, handle->context,
                          [call, at] { return doubles::RunData(call, at); });
  return CUDNN_STATUS_SUCCESS;
}

DOUBLE_EXPORT cudnnStatus_t cudnnRNNBackwardWeights_v8(
    cudnnHandle_t handle, cudnnRNNDescriptor_t descriptor,
    cudnnWgradMode_t add_gradients, const int32_t device_lengths[],
    cudnnRNNDataDescriptor_t x_descriptor, const void* x,
    cudnnTensorDescriptor_t h_descriptor, const void* hx,
    cudnnRNNDataDescriptor_t y_descriptor, const void* y, size_t weight_bytes,
    void* dweights, size_t work_bytes, void* work, size_t reserve_bytes,
    void* reserve) {
  CUDNN_ENTER();
  NOT_SUPPORTED_IF(add_gradients != CUDNN_WGRAD_MODE_ADD);
  doubles::HandleUse use(__func__, handle);
  doubles::RnnCall call;
  const cudnnStatus_t status =
      CheckDescriptors(__func__, handle, descriptor, device_lengths,
                       x_descriptor, y_descriptor, h_descriptor, &call);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  const cudnnStatus_t supported =
      doubles::CheckAlgorithm(call.rnn, call.x, doubles::Query::kBackward);
  if (supported != CUDNN_STATUS_SUCCESS) return supported;
  const doubles::TempSizes sizes = call.Temp(CUDNN_FWD_MODE_TRAINING);
  FAIL_IF(x == nullptr || y == nullptr || dweights == nullptr ||
              work == nullptr || reserve == nullptr,
          CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  FAIL_IF(weight_bytes < call.WeightBytes(),
          CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  FAIL_IF(work_bytes < sizes.work, CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  FAIL_IF(reserve_bytes < sizes.reserve,
          CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  FAIL_IF(doubles::AnyRowEmpty(call), CUDNN_STATUS_EXECUTION_FAILED);
  call.CheckRanges({{"x", x, call.XBytes(), false},
                    {"y", y, call.YBytes(), false},
                    {"hx", hx, call.StateBytes(), false},
                    {"dweightSpace", dweights, weight_bytes, true},
                    {"workSpace", work, work_bytes, true},
                    {"reserveSpace", reserve, reserve_bytes, true}});
  const doubles::WeightPointers at{x,    hx,         y,       dweights,
                                   work, work_bytes, reserve, reserve_bytes};
  handle->device->enqueue(handle->stream, handle->context,
                          [call, at] { return doubles::RunWeights(call, at); });
  return CUDNN_STATUS_SUCCESS;
}
