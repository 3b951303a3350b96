#include "cudnn/weight_layout.h"

#include <vector>

#include "cudnn/element.h"
#include "cudnn/errors.h"
#include "cudnn/handle.h"

namespace doubles {
namespace {

size_t MatrixSize(const cudnnRNNStruct& rnn, int id) {
  const int columns = id < 3 ? rnn.input_size : rnn.hidden_size;
  return static_cast<size_t>(rnn.hidden_size) * static_cast<size_t>(columns);
}

// Calls visit(id, is_bias, byte offset, elements) for all twelve.
template <typename Visit>
void VisitAll(const cudnnRNNStruct& rnn, const WeightLayout& layout,
              Visit visit) {
  for (int id = 0; id < 6; ++id) {
    visit(id, false, layout.matrix[id], MatrixSize(rnn, id));
    visit(id, true, layout.bias[id], static_cast<size_t>(rnn.hidden_size));
  }
}

std::vector<double>& Part(GruWeights& weights, int id, bool is_bias) {
  return is_bias ? weights.bias[id] : weights.matrix[id];
}

}  // namespace

WeightLayout::WeightLayout(const cudnnRNNStruct& rnn) {
  static const int kBiasOrder[] = {5, 0, 3, 1, 4, 2};
  static const int kMatrixOrder[] = {4, 1, 5, 0, 2, 3};
  const size_t element = ElementBytes(rnn.type);
  size_t end = 48;
  const auto place = [&](size_t elements) {
    const size_t at = end;
    end = (end + elements * element + 15) / 16 * 16 + 32;
    return at;
  };
  for (int i = 0; i < 3; ++i) bias[kBiasOrder[i]] = place(rnn.hidden_size);
  for (int id : kMatrixOrder) matrix[id] = place(MatrixSize(rnn, id));
  for (int i = 3; i < 6; ++i) bias[kBiasOrder[i]] = place(rnn.hidden_size);
  bytes = end;
}

GruWeights LoadWeights(const char* function, const cudnnRNNStruct& rnn,
                       const char* space) {
  const WeightLayout layout(rnn);
  const size_t element = ElementBytes(rnn.type);
  std::vector<bool> used(layout.bytes);
  GruWeights weights;
  VisitAll(rnn, layout, [&](int id, bool is_bias, size_t offset, size_t count) {
    std::vector<double>& part = Part(weights, id, is_bias);
    part.resize(count);
    for (size_t i = 0; i < count; ++i)
      part[i] = Load(space + offset, rnn.type, i);
    for (size_t i = 0; i < count * element; ++i) used[offset + i] = true;
  });
  for (size_t i = 0; i < layout.bytes; ++i) {
    if (!used[i] && space[i] != 0)
      Violation(function, "byte %zu of the weight space, in a gap, is not 0",
                i);
  }
  return weights;
}

void AddWeights(const cudnnRNNStruct& rnn, const GruWeights& gradients,
                char* space) {
  const WeightLayout layout(rnn);
  VisitAll(rnn, layout, [&](int id, bool is_bias, size_t offset, size_t count) {
    const std::vector<double>& part =
        is_bias ? gradients.bias[id] : gradients.matrix[id];
    for (size_t i = 0; i < count; ++i) {
      Store(space + offset, rnn.type, i,
            Load(space + offset, rnn.type, i) + part[i]);
    }
  });
}

}  // namespace doubles

DOUBLE_EXPORT cudnnStatus_t cudnnGetRNNWeightSpaceSize(
    cudnnHandle_t handle, cudnnRNNDescriptor_t descriptor, size_t* bytes) {
  CUDNN_ENTER();
  doubles::HandleUse use(__func__, handle);
  doubles::CheckAlive(__func__, descriptor);
  BAD_PARAM_IF(!descriptor->set);
  *bytes = doubles::WeightLayout(*descriptor).bytes;
  return CUDNN_STATUS_SUCCESS;
}

// Arithmetic with the address only: it need not be memory.
DOUBLE_EXPORT cudnnStatus_t cudnnGetRNNWeightParams(
    cudnnHandle_t handle, cudnnRNNDescriptor_t descriptor, int32_t pseudo_layer,
    size_t weight_bytes, const void* weights, int32_t linear_layer,
    cudnnTensorDescriptor_t matrix, void** matrix_address,
    cudnnTensorDescriptor_t bias, void** bias_address) {
  CUDNN_ENTER();
  doubles::HandleUse use(__func__, handle);
  doubles::CheckAlive(__func__, descriptor);
  // Some versions refuse a null pair.
  doubles::CheckAlive(__func__, matrix);
  doubles::CheckAlive(__func__, bias);
  BAD_PARAM_IF(!descriptor->set);
  BAD_PARAM_IF(pseudo_layer != 0);
  BAD_PARAM_IF(linear_layer < 0);
  BAD_PARAM_IF(matrix_address == nullptr || bias_address == nullptr);
  if (linear_layer > 5) {
    *matrix_address = *bias_address = nullptr;
    return CUDNN_STATUS_SUCCESS;
  }
  const doubles::WeightLayout layout(*descriptor);
  FAIL_IF(weight_bytes < layout.bytes,
          CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
  const int hidden = descriptor->hidden_size;
  const int columns = linear_layer < 3 ? descriptor->input_size : hidden;
  char* base = static_cast<char*>(const_cast<void*>(weights));
  *matrix_address = base + layout.matrix[linear_layer];
  *bias_address = base + layout.bias[linear_layer];
  *matrix = {true,
             descriptor->type,
             {1, hidden, columns},
             {hidden * columns, columns, 1}};
  *bias = {true, descriptor->type, {1, hidden, 1}, {hidden, 1, 1}};
  return CUDNN_STATUS_SUCCESS;
}
