#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_RNN_CALL_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_RNN_CALL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cudnn/descriptors.h"
#include "cudnn/errors.h"
#include "cudnn/handle.h"
#include "cudnn/rnn_layers.h"

// The part that the forward call and both backward calls share: the descriptors
// as they were at the call, the checks, and the way to device memory.
namespace doubles {

struct TempSizes {
  size_t work;
  size_t reserve;  // 0 for inference
};

TempSizes TempSizesOf(const cudnnRNNStruct& rnn, const cudnnRNNDataStruct& x,
                      cudnnForwardMode_t mode);

// One device pointer of a call.
struct Range {
  const char* what;
  const void* address;  // null: not given
  size_t bytes;
  bool written;
};

// One call's settings, copied when it was made.
struct RnnCall {
  const char* function;
  const DeviceInterface* device;
  void* context;
  void* stream;
  cudnnRNNStruct rnn;
  cudnnRNNDataStruct x;
  cudnnRNNDataStruct y;

  RnnProblem Problem() const;
  size_t XBytes() const;
  size_t YBytes() const;
  size_t StateBytes() const;  // of all pseudo-layers
  size_t WeightBytes() const;
  TempSizes Temp(cudnnForwardMode_t mode) const;

  // Aborts unless each range is aligned living device memory, and what is
  // written overlaps nothing else.
  void CheckRanges(const std::vector<Range>& ranges) const;

  // For work on the device. Padding is left out, as zeros.
  char* At(const char* what, const void* address, size_t bytes) const;
  std::vector<double> LoadSequence(const cudnnRNNDataStruct& data,
                                   const char* what, const void* from) const;
  // The padding becomes `fill`, or poison where there is none.
  void StoreSequence(const cudnnRNNDataStruct& data, const char* what,
                     const std::vector<double>& values, void* to,
                     const std::vector<char>& fill) const;
  // Aborts unless it is: the real library may multiply the padding by zero, and
  // NaN stays NaN.
  void RequireZeroPadding(const cudnnRNNDataStruct& data, const char* what,
                          const void* from) const;
  // Zeros for null; null is not written.
  std::vector<double> LoadState(const char* what, const void* from) const;
  void StoreState(const char* what, const std::vector<double>& values,
                  void* to) const;
};

// The checks that the real library makes in every RNN call, with its statuses.
cudnnStatus_t CheckDescriptors(const char* function, cudnnHandle_t handle,
                               cudnnRNNDescriptor_t rnn,
                               const int32_t* device_lengths,
                               cudnnRNNDataDescriptor_t x,
                               cudnnRNNDataDescriptor_t y,
                               cudnnTensorDescriptor_t h, RnnCall* call);

uint64_t HashOf(const void* data, size_t bytes, uint64_t seed = 0);
uint64_t HashOf(const std::vector<double>& values);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_RNN_CALL_H_
