#include "cudnn/descriptors.h"

#include <mutex>
#include <set>

#include "cudnn/element.h"
#include "cudnn/errors.h"

namespace doubles {
namespace {

// Living descriptors of one kind; never destroyed.
struct Registry {
  const char* counter;
  std::mutex mutex;
  std::set<void*> alive;
};

template <typename Descriptor>
Registry& RegistryOf();

#define REGISTRY(Descriptor, counter)                          \
  template <>                                                  \
  Registry& RegistryOf<Descriptor>() {                         \
    static Registry* registry = new Registry{counter, {}, {}}; \
    return *registry;                                          \
  }
REGISTRY(cudnnTensorStruct, "live.tensor_descriptors")
REGISTRY(cudnnDropoutStruct, "live.dropout_descriptors")
REGISTRY(cudnnRNNStruct, "live.rnn_descriptors")
REGISTRY(cudnnRNNDataStruct, "live.rnn_data_descriptors")
#undef REGISTRY

template <typename Descriptor>
void Check(const char* function, Descriptor* descriptor) {
  Registry& registry = RegistryOf<Descriptor>();
  std::lock_guard<std::mutex> lock(registry.mutex);
  if (registry.alive.count(descriptor) == 0) {
    Violation(function, "%p is not living among %s",
              static_cast<void*>(descriptor), registry.counter);
  }
}

template <typename Descriptor>
cudnnStatus_t Create(Descriptor** descriptor) {
  BAD_PARAM_IF(descriptor == nullptr);
  Registry& registry = RegistryOf<Descriptor>();
  std::lock_guard<std::mutex> lock(registry.mutex);
  *descriptor = new Descriptor;
  registry.alive.insert(*descriptor);
  Count(registry.counter, 1);
  return CUDNN_STATUS_SUCCESS;
}

template <typename Descriptor>
cudnnStatus_t Destroy(const char* function, Descriptor* descriptor) {
  if (descriptor == nullptr) return CUDNN_STATUS_SUCCESS;
  Check(function, descriptor);
  Registry& registry = RegistryOf<Descriptor>();
  std::lock_guard<std::mutex> lock(registry.mutex);
  registry.alive.erase(descriptor);
  delete descriptor;
  Count(registry.counter, -1);
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

void CheckAlive(const char* function, cudnnTensorDescriptor_t descriptor) {
  Check(function, descriptor);
}
void CheckAlive(const char* function, cudnnDropoutDescriptor_t descriptor) {
  Check(function, descriptor);
}
void CheckAlive(const char* function, cudnnRNNDescriptor_t descriptor) {
  Check(function, descriptor);
}
void CheckAlive(const char* function, cudnnRNNDataDescriptor_t descriptor) {
  Check(function, descriptor);
}

size_t Directions(const cudnnRNNStruct& rnn) {
  return rnn.direction == CUDNN_BIDIRECTIONAL ? 2 : 1;
}

bool IsPackedState(cudnnTensorDescriptor_t descriptor,
                   const cudnnRNNStruct& rnn, int batch) {
  const int pseudo_layers = rnn.layers * static_cast<int>(Directions(rnn));
  const int hidden = rnn.hidden_size;
  return descriptor->set && descriptor->type == rnn.type &&
         descriptor->sizes == std::vector<int>{pseudo_layers, batch, hidden} &&
         descriptor->strides == std::vector<int>{batch * hidden, hidden, 1};
}

}  // namespace doubles

using doubles::CheckAlive;

#define CREATE_AND_DESTROY(Name, Type)                        \
  DOUBLE_EXPORT cudnnStatus_t cudnnCreate##Name(Type* made) { \
    CUDNN_ENTER();                                            \
    return doubles::Create(made);                             \
  }                                                           \
  DOUBLE_EXPORT cudnnStatus_t cudnnDestroy##Name(Type one) {  \
    CUDNN_ENTER();                                            \
    return doubles::Destroy(__func__, one);                   \
  }
CREATE_AND_DESTROY(TensorDescriptor, cudnnTensorDescriptor_t)
CREATE_AND_DESTROY(DropoutDescriptor, cudnnDropoutDescriptor_t)
CREATE_AND_DESTROY(RNNDescriptor, cudnnRNNDescriptor_t)
CREATE_AND_DESTROY(RNNDataDescriptor, cudnnRNNDataDescriptor_t)
#undef CREATE_AND_DESTROY

DOUBLE_EXPORT cudnnStatus_t cudnnSetTensorNdDescriptor(
    cudnnTensorDescriptor_t descriptor, cudnnDataType_t type, int dimensions,
    const int sizes[], const int strides[]) {
  CUDNN_ENTER();
  CheckAlive(__func__, descriptor);
  BAD_PARAM_IF(sizes == nullptr || strides == nullptr);
  // The real library also takes fewer, in some versions; 3 is what RNNs need.
  BAD_PARAM_IF(dimensions < 3);
  NOT_SUPPORTED_IF(dimensions > 8);
  NOT_SUPPORTED_IF(doubles::ElementBytes(type) == 0);
  for (int i = 0; i < dimensions; ++i)
    BAD_PARAM_IF(sizes[i] <= 0 || strides[i] <= 0);
  descriptor->type = type;
  descriptor->sizes.assign(sizes, sizes + dimensions);
  descriptor->strides.assign(strides, strides + dimensions);
  descriptor->set = true;
  return CUDNN_STATUS_SUCCESS;
}

DOUBLE_EXPORT cudnnStatus_t cudnnGetTensorNdDescriptor(
    const cudnnTensorDescriptor_t descriptor, int dimensions_requested,
    cudnnDataType_t* type, int* dimensions, int sizes[], int strides[]) {
  CUDNN_ENTER();
  CheckAlive(__func__, descriptor);
  if (!descriptor->set)
    doubles::Violation(__func__, "the descriptor was never set");
  *type = descriptor->type;
  *dimensions = static_cast<int>(descriptor->sizes.size());
  for (int i = 0; i < *dimensions && i < dimensions_requested; ++i) {
    sizes[i] = descriptor->sizes[i];
    strides[i] = descriptor->strides[i];
  }
  return CUDNN_STATUS_SUCCESS;
}

DOUBLE_EXPORT cudnnStatus_t cudnnSetRNNDescriptor_v8(
    cudnnRNNDescriptor_t descriptor, cudnnRNNAlgo_t algorithm,
    cudnnRNNMode_t cell, cudnnRNNBiasMode_t bias,
    cudnnDirectionMode_t direction, cudnnRNNInputMode_t input,
    cudnnDataType_t type, cudnnDataType_t math_precision,
    cudnnMathType_t math_type, int32_t input_size, int32_t hidden_size,
    int32_t projection_size, int32_t layers, cudnnDropoutDescriptor_t dropout,
    uint32_t aux_flags) {
  CUDNN_ENTER();
  CheckAlive(__func__, descriptor);
  BAD_PARAM_IF(aux_flags > 1);
  BAD_PARAM_IF(input_size <= 0);
  BAD_PARAM_IF(hidden_size <= 0);
  BAD_PARAM_IF(projection_size <= 0);
  BAD_PARAM_IF(layers <= 0);
  BAD_PARAM_IF(static_cast<unsigned>(math_type) > 3);
  NOT_SUPPORTED_IF(cell == CUDNN_GRU && projection_size != hidden_size);
  const bool standard = algorithm == CUDNN_RNN_ALGO_STANDARD;
  NOT_SUPPORTED_IF(bias != CUDNN_RNN_DOUBLE_BIAS && !standard);
  switch (type) {
    case CUDNN_DATA_FLOAT:
    case CUDNN_DATA_BFLOAT16:
      NOT_SUPPORTED_IF(math_precision != CUDNN_DATA_FLOAT);
      break;
    case CUDNN_DATA_DOUBLE:
      NOT_SUPPORTED_IF(math_precision != CUDNN_DATA_DOUBLE);
      NOT_SUPPORTED_IF(!standard &&
                       algorithm != CUDNN_RNN_ALGO_PERSIST_DYNAMIC);
      break;
    case CUDNN_DATA_HALF:
      NOT_SUPPORTED_IF(math_precision != CUDNN_DATA_FLOAT &&
                       (math_precision != CUDNN_DATA_HALF || !standard));
      break;
    default:
      return doubles::Fail(CUDNN_STATUS_NOT_SUPPORTED, "dataType");
  }
  // Legal, but nothing that this double computes.
  if (cell != CUDNN_GRU || bias != CUDNN_RNN_DOUBLE_BIAS ||
      input != CUDNN_LINEAR_INPUT) {
    doubles::Violation(__func__,
                       "the double computes GRU layers with two biases only");
  }
  BAD_PARAM_IF(direction != CUDNN_UNIDIRECTIONAL &&
               direction != CUDNN_BIDIRECTIONAL);
  if (dropout != nullptr) CheckAlive(__func__, dropout);
  *descriptor = {true,        algorithm, cell,           bias,      direction,
                 input,       type,      math_precision, math_type, input_size,
                 hidden_size, layers,    dropout,        aux_flags};
  return CUDNN_STATUS_SUCCESS;
}

DOUBLE_EXPORT cudnnStatus_t cudnnSetRNNDataDescriptor(
    cudnnRNNDataDescriptor_t descriptor, cudnnDataType_t type,
    cudnnRNNDataLayout_t layout, int max_length, int batch, int vector_size,
    const int lengths[], void* padding_fill) {
  CUDNN_ENTER();
  CheckAlive(__func__, descriptor);
  const size_t element = doubles::ElementBytes(type);
  NOT_SUPPORTED_IF(element == 0);
  BAD_PARAM_IF(max_length <= 0);
  NOT_SUPPORTED_IF(max_length > 65535);
  BAD_PARAM_IF(batch <= 0);
  BAD_PARAM_IF(vector_size <= 0);
  BAD_PARAM_IF(lengths == nullptr);
  for (int i = 0; i < batch; ++i)
    BAD_PARAM_IF(lengths[i] < 0 || lengths[i] > max_length);
  if (layout == CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED)
    doubles::Violation(__func__, "the double knows unpacked data only");
  *descriptor = {true, type, layout, max_length, batch, vector_size, {}, {}};
  descriptor->lengths.assign(lengths, lengths + batch);
  if (padding_fill != nullptr) {
    const char* fill = static_cast<const char*>(padding_fill);
    descriptor->padding_fill.assign(fill, fill + element);
  }
  return CUDNN_STATUS_SUCCESS;
}
