#include "cudnn/weight_layout.h"

#include <vector>

#include "cudnn/element.h"
#include "cudnn/errors.h"
#include "cudnn/handle.h"

namespace doubles {
namespace {

// The columns of a matrix.
int Columns(const cudnnRNNStruct& rnn, size_t pseudo_layer, int id) {
  if (id >= 3) return rnn.hidden_size;
  const size_t directions = Directions(rnn);
  return pseudo_layer < directions
             ? rnn.input_size
             : rnn.hidden_size * static_cast<int>(directions);
}

size_t MatrixSize(const cudnnRNNStruct& rnn, size_t pseudo_layer, int id) {
  return static_cast<size_t>(rnn.hidden_size) *
         static_cast<size_t>(Columns(rnn, pseudo_layer, id));
}

// Calls visit(pseudo-layer, id, is_bias, byte offset, elements) for all parts.
template <typename Visit>
void VisitAll(const cudnnRNNStruct& rnn, const WeightLayout& layout,
              Visit visit) {
  for (size_t p = 0; p < layout.pseudo_layers.size(); ++p) {
    for (int id = 0; id < 6; ++id) {
      visit(p, id, false, layout.pseudo_layers[p].matrix[id],
            MatrixSize(rnn, p, id));
      visit(p, id, true, layout.pseudo_layers[p].bias[id],
            static_cast<size_t>(rnn.hidden_size));
    }
  }
}

}  // namespace

WeightLayout::WeightLayout(const cudnnRNNStruct& rnn)
    : pseudo_layers(static_cast<size_t>(rnn.layers) * Directions(rnn)) {
  static const int kBiasOrder[] = {5, 0, 3, 1, 4, 2};
  static const int kMatrixOrder[] = {4, 1, 5, 0, 2, 3};
  const size_t element = ElementBytes(rnn.type);
  const size_t hidden = static_cast<size_t>(rnn.hidden_size);
  size_t end = 48;
  const auto place = [&](size_t elements) {
    const size_t at = end;
    end = (end + elements * element + 15) / 16 * 16 + 32;
    return at;
  };
  for (size_t p = pseudo_layers.size(); p-- > 0;) {
    PseudoLayerOffsets& offsets = pseudo_layers[p];
    const auto bias = [&](size_t i) {
      offsets.bias[kBiasOrder[(i + p) % 6]] = place(hidden);
    };
    for (size_t i = 0; i < 3; ++i) bias(i);
    for (size_t i = 0; i < 6; ++i) {
      const int id = kMatrixOrder[(i + 2 * p) % 6];
      offsets.matrix[id] = place(MatrixSize(rnn, p, id));
    }
    for (size_t i = 3; i < 6; ++i) bias(i);
  }
  bytes = end;
}

std::vector<GruWeights> LoadWeights(const char* function,
                                    const cudnnRNNStruct& rnn,
                                    const char* space) {
  const WeightLayout layout(rnn);
  const size_t element = ElementBytes(rnn.type);
  std::vector<bool> used(layout.bytes);
  std::vector<GruWeights> weights(layout.pseudo_layers.size());
  VisitAll(rnn, layout,
           [&](size_t p, int id, bool is_bias, size_t offset, size_t count) {
             std::vector<double>& part =
                 is_bias ? weights[p].bias[id] : weights[p].matrix[id];
             part.resize(count);
             for (size_t i = 0; i < count; ++i)
               part[i] = Load(space + offset, rnn.type, i);
             for (size_t i = 0; i < count * element; ++i)
               used[offset + i] = true;
           });
  for (size_t i = 0; i < layout.bytes; ++i) {
    if (!used[i] && space[i] != 0)
      Violation(function, "byte %zu of the weight space, in a gap, is not 0",
                i);
  }
  return weights;
}

void AddWeights(const cudnnRNNStruct& rnn,
                const std::vector<GruWeights>& gradients, char* space) {
  const WeightLayout layout(rnn);
  VisitAll(rnn, layout,
           [&](size_t p, int id, bool is_bias, size_t offset, size_t count) {
             const std::vector<double>& part =
                 is_bias ? gradients[p].bias[id] : gradients[p].matrix[id];
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
  BAD_PARAM_IF(pseudo_layer < 0);
  BAD_PARAM_IF(static_cast<size_t>(pseudo_layer) >=
               static_cast<size_t>(descriptor->layers) *
                   doubles::Directions(*descriptor));
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
  const size_t pseudo = static_cast<size_t>(pseudo_layer);
  const int columns = doubles::Columns(*descriptor, pseudo, linear_layer);
  char* base = static_cast<char*>(const_cast<void*>(weights));
  *matrix_address = base + layout.pseudo_layers[pseudo].matrix[linear_layer];
  *bias_address = base + layout.pseudo_layers[pseudo].bias[linear_layer];
  *matrix = {true,
             descriptor->type,
             {1, hidden, columns},
             {hidden * columns, columns, 1}};
  *bias = {true, descriptor->type, {1, hidden, 1}, {hidden, 1, 1}};
  return CUDNN_STATUS_SUCCESS;
}
