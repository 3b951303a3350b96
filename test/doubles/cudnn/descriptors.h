#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_DESCRIPTORS_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_DESCRIPTORS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "api/cudnn_api.h"

// The descriptors hold copies of the values that they were set to.
struct cudnnTensorStruct {
  bool set = false;
  cudnnDataType_t type;
  std::vector<int> sizes;
  std::vector<int> strides;
};

struct cudnnDropoutStruct {
  float dropout = 0;
};

struct cudnnRNNStruct {
  bool set = false;
  cudnnRNNAlgo_t algorithm;
  cudnnRNNMode_t cell;
  cudnnRNNBiasMode_t bias;
  cudnnDirectionMode_t direction;
  cudnnRNNInputMode_t input;
  cudnnDataType_t type;
  cudnnDataType_t math_precision;
  cudnnMathType_t math_type;
  int32_t input_size;
  int32_t hidden_size;
  int32_t layers;
  cudnnDropoutDescriptor_t dropout;
  uint32_t aux_flags;
};

struct cudnnRNNDataStruct {
  bool set = false;
  cudnnDataType_t type;
  cudnnRNNDataLayout_t layout;
  int max_length;
  int batch;
  int vector_size;
  std::vector<int> lengths;
  std::vector<char> padding_fill;  // empty: padding is undefined
};

namespace doubles {

// Aborts unless the argument is a living descriptor of its kind.
void CheckAlive(const char* function, cudnnTensorDescriptor_t descriptor);
void CheckAlive(const char* function, cudnnDropoutDescriptor_t descriptor);
void CheckAlive(const char* function, cudnnRNNDescriptor_t descriptor);
void CheckAlive(const char* function, cudnnRNNDataDescriptor_t descriptor);

// The number of directions.
size_t Directions(const cudnnRNNStruct& rnn);

// Whether it is [layers * directions, batch, hidden], fully packed, of the type
// of `rnn`.
bool IsPackedState(cudnnTensorDescriptor_t descriptor,
                   const cudnnRNNStruct& rnn, int batch);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_DESCRIPTORS_H_
