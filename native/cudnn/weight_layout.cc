#include "cudnn/weight_layout.h"

#include <algorithm>
#include <string>

#include "cudnn/element_format.h"
#include "cudnn/host_work.h"
#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

constexpr size_t kGateCount = 3;
// The index of each of cuDNN's gates r, z, h in Keras's order z, r, h.
constexpr size_t kKerasGate[kGateCount] = {1, 0, 2};
// The size of a tile that is transposed at once: one cache line of float32
// units, by as many rows as fit on the stack.
constexpr size_t kTileUnits = 16;
constexpr size_t kTileDepth = 64;

size_t ElementBytes(abi::cudnnDataType_t type) {
  switch (type) {
    case abi::CUDNN_DATA_DOUBLE:
      return 8;
    case abi::CUDNN_DATA_FLOAT:
      return 4;
    case abi::CUDNN_DATA_HALF:
    case abi::CUDNN_DATA_BFLOAT16:
      break;
  }
  return 2;
}

// The weight space on the device, and the type of its elements.
struct WeightSpace {
  const char* data;
  size_t bytes;
  abi::cudnnDataType_t type;
};

// A matrix or bias of a linear layer that cuDNN has described.
struct Parameter {
  size_t pseudo_layer;
  size_t linear_layer;
  const TensorDescriptor& descriptor;  // its shape and type
  const void* address;                 // its place in the weight space
};

Status Unexpected(const Parameter& parameter, const char* expected) {
  return Status(
      StatusCode::kCudnn,
      std::string("Expected cudnnGetRNNWeightParams to give ") + expected +
          " for linear layer " + std::to_string(parameter.linear_layer) +
          " of pseudo-layer " + std::to_string(parameter.pseudo_layer) +
          " but received another.");
}

// Checks that the parameter is a packed (1, rows, columns) tensor.
Status CheckShape(const Device& device, const WeightSpace& space,
                  const Parameter& parameter, size_t rows, size_t columns) {
  abi::cudnnDataType_t type = abi::CUDNN_DATA_FLOAT;
  int count = 0;
  int dims[3] = {0, 0, 0};
  int strides[3] = {0, 0, 0};
  CUDNN_GRU_RETURN_IF_ERROR(device.Check(
      device.cudnn().cudnnGetTensorNdDescriptor(parameter.descriptor.get(), 3,
                                                &type, &count, dims, strides),
      "cudnnGetTensorNdDescriptor"));
  if (type != space.type) return Unexpected(parameter, "the layer's type");
  if (count != 3 || dims[0] != 1 || dims[1] != static_cast<int>(rows) ||
      dims[2] != static_cast<int>(columns) || strides[2] != 1 ||
      strides[1] != static_cast<int>(columns)) {
    return Unexpected(parameter, "a packed (1, units, depth) tensor");
  }
  return Status();
}

// Checks that the parameter, which has `elements` elements, lies in the weight
// space, and returns its offset in elements.
Status FindOffset(const WeightSpace& space, const Parameter& parameter,
                  size_t elements, size_t* offset) {
  const char* const at = static_cast<const char*>(parameter.address);
  const size_t size = ElementBytes(space.type);
  const size_t needed = elements * size;
  if (at == nullptr || at < space.data || needed > space.bytes ||
      static_cast<size_t>(at - space.data) > space.bytes - needed ||
      static_cast<size_t>(at - space.data) % size != 0) {
    return Unexpected(parameter, "an aligned place in the weight space");
  }
  *offset = static_cast<size_t>(at - space.data) / size;
  return Status();
}

// One gate of Keras's (depth, 3U) tensor as a (U, depth) matrix.
struct GateMatrix {
  size_t depth;
  size_t units;
  size_t gate;
  size_t offset;  // in the weight space, in elements

  // Return the index of element (k, unit) in Keras's tensor, and of the same
  // element in the weight space.
  size_t TensorAt(size_t k, size_t unit) const {
    return (k * kGateCount + gate) * units + unit;
  }
  size_t SpaceAt(size_t unit, size_t k) const {
    return offset + unit * depth + k;
  }
};

// Transposes units [begin, end) of Keras's tensor into the weight space.
template <typename T>
void PackMatrix(const ElementFormat& format, const GateMatrix& matrix,
                size_t begin, size_t end, const T* tensor, void* space) {
  T tile[kTileUnits][kTileDepth];
  for (size_t k = 0; k < matrix.depth; k += kTileDepth) {
    const size_t depth = std::min(kTileDepth, matrix.depth - k);
    for (size_t j = 0; j < depth; ++j) {
      const T* const from = tensor + matrix.TensorAt(k + j, begin);
      for (size_t i = 0; i < end - begin; ++i) tile[i][j] = from[i];
    }
    for (size_t i = 0; i < end - begin; ++i) {
      format.ToDevice(tile[i], 0, space, matrix.SpaceAt(begin + i, k), depth);
    }
  }
}

// Transposes units [begin, end) of the weight space into Keras's tensor.
template <typename T>
void UnpackMatrix(const ElementFormat& format, const GateMatrix& matrix,
                  size_t begin, size_t end, const void* space, T* tensor) {
  T tile[kTileUnits][kTileDepth];
  for (size_t k = 0; k < matrix.depth; k += kTileDepth) {
    const size_t depth = std::min(kTileDepth, matrix.depth - k);
    for (size_t i = 0; i < end - begin; ++i) {
      format.ToHost(space, matrix.SpaceAt(begin + i, k), tile[i], 0, depth);
    }
    for (size_t j = 0; j < depth; ++j) {
      T* const to = tensor + matrix.TensorAt(k + j, begin);
      for (size_t i = 0; i < end - begin; ++i) to[i] = tile[i][j];
    }
  }
}

// Which of Keras's gates and tensors a linear layer belongs to.
struct LinearLayer {
  explicit LinearLayer(size_t id)
      : gate(kKerasGate[id % kGateCount]), recurrent(id >= kGateCount) {}
  size_t BiasAt(size_t units) const {
    return ((recurrent ? kGateCount : 0) + gate) * units;
  }

  size_t gate;
  bool recurrent;
};

GateMatrix MatrixOf(const GruDescription& description,
                    const PseudoLayerLayout& layout, size_t id) {
  const LinearLayer layer(id);
  return {layer.recurrent ? description.units : description.features,
          description.units, layer.gate, layout.matrices[id]};
}

// Divides the units of every linear layer into tiles and calls
// work(id, begin, end) for each.
template <typename Work>
void DivideMatrices(size_t units, size_t bytes, int threads, Work work) {
  const size_t tiles = (units + kTileUnits - 1) / kTileUnits;
  DivideHostWork(threads, kLinearLayers * tiles, bytes,
                 [&](size_t begin, size_t end) {
                   for (size_t i = begin; i < end; ++i) {
                     const size_t unit = i % tiles * kTileUnits;
                     work(i / tiles, unit, std::min(unit + kTileUnits, units));
                   }
                 });
}

// Returns the bytes of a pseudo-layer's weights on the device.
size_t BytesOf(const GruDescription& description) {
  return (description.features + description.units + 2) * kGateCount *
         description.units * ElementFormat(description).device_bytes();
}

template <typename T>
void Pack(const GruDescription& description, const PseudoLayerLayout& layout,
          const KerasWeights& weights, void* space, int threads) {
  const ElementFormat format(description);
  const size_t units = description.units;
  DivideMatrices(units, BytesOf(description), threads,
                 [&](size_t id, size_t begin, size_t end) {
                   const void* const tensor = LinearLayer(id).recurrent
                                                  ? weights.recurrent_kernel
                                                  : weights.kernel;
                   PackMatrix(format, MatrixOf(description, layout, id), begin,
                              end, static_cast<const T*>(tensor), space);
                 });
  for (size_t id = 0; id < kLinearLayers; ++id) {
    format.ToDevice(weights.bias, LinearLayer(id).BiasAt(units), space,
                    layout.biases[id], units);
  }
}

template <typename T>
void Unpack(const GruDescription& description, const PseudoLayerLayout& layout,
            const void* space, const KerasGradients& gradients, int threads) {
  const ElementFormat format(description);
  const size_t units = description.units;
  DivideMatrices(units, BytesOf(description), threads,
                 [&](size_t id, size_t begin, size_t end) {
                   void* const tensor = LinearLayer(id).recurrent
                                            ? gradients.recurrent_kernel
                                            : gradients.kernel;
                   if (tensor == nullptr) return;
                   UnpackMatrix(format, MatrixOf(description, layout, id),
                                begin, end, space, static_cast<T*>(tensor));
                 });
  if (gradients.bias == nullptr) return;
  for (size_t id = 0; id < kLinearLayers; ++id) {
    format.ToHost(space, layout.biases[id], gradients.bias,
                  LinearLayer(id).BiasAt(units), units);
  }
}

// Whom to ask about a weight space.
struct WeightQuery {
  const Device& device;
  abi::cudnnHandle_t handle;
  const RnnDescriptor& rnn;
  WeightSpace space;
};

// The sizes of a pseudo-layer's GRU.
struct GruSizes {
  size_t features;
  size_t units;
};

Status QueryPseudoLayer(const WeightQuery& query, size_t pseudo_layer,
                        const GruSizes& sizes, PseudoLayerLayout* layout) {
  const CudnnLibrary& cudnn = query.device.cudnn();
  TensorDescriptor matrix;
  TensorDescriptor bias;
  CUDNN_GRU_RETURN_IF_ERROR(MakeTensorDescriptor(cudnn, &matrix));
  CUDNN_GRU_RETURN_IF_ERROR(MakeTensorDescriptor(cudnn, &bias));
  const WeightSpace& space = query.space;
  const size_t units = sizes.units;
  for (size_t id = 0; id < kLinearLayers; ++id) {
    void* matrix_at = nullptr;
    void* bias_at = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(query.device.Check(
        cudnn.cudnnGetRNNWeightParams(
            query.handle, query.rnn.get(), static_cast<int32_t>(pseudo_layer),
            space.bytes, space.data, static_cast<int32_t>(id), matrix.get(),
            &matrix_at, bias.get(), &bias_at),
        "cudnnGetRNNWeightParams"));
    const size_t depth = LinearLayer(id).recurrent ? units : sizes.features;
    const Parameter found_matrix = {pseudo_layer, id, matrix, matrix_at};
    CUDNN_GRU_RETURN_IF_ERROR(
        CheckShape(query.device, space, found_matrix, units, depth));
    CUDNN_GRU_RETURN_IF_ERROR(
        FindOffset(space, found_matrix, units * depth, &layout->matrices[id]));
    const Parameter found_bias = {pseudo_layer, id, bias, bias_at};
    CUDNN_GRU_RETURN_IF_ERROR(
        CheckShape(query.device, space, found_bias, units, 1));
    CUDNN_GRU_RETURN_IF_ERROR(
        FindOffset(space, found_bias, units, &layout->biases[id]));
  }
  return Status();
}

}  // namespace

Status QueryWeightBytes(const Device& device, abi::cudnnHandle_t handle,
                        const RnnDescriptor& rnn, size_t* bytes) {
  return device.Check(
      device.cudnn().cudnnGetRNNWeightSpaceSize(handle, rnn.get(), bytes),
      "cudnnGetRNNWeightSpaceSize");
}

Status QueryWeightLayout(const Device& device, abi::cudnnHandle_t handle,
                         const RnnSettings& settings, const RnnDescriptor& rnn,
                         const char* space_data, WeightLayout* layout) {
  const WeightSpace space = {space_data, layout->bytes, settings.data_type};
  const size_t directions = static_cast<size_t>(settings.directions);
  const size_t count = static_cast<size_t>(settings.layers) * directions;
  layout->pseudo_layers.assign(count, PseudoLayerLayout());
  for (size_t i = 0; i < count; ++i) {
    const size_t features =
        i < directions ? static_cast<size_t>(settings.features)
                       : directions * static_cast<size_t>(settings.units);
    CUDNN_GRU_RETURN_IF_ERROR(
        QueryPseudoLayer({device, handle, rnn, space}, i,
                         {features, static_cast<size_t>(settings.units)},
                         &layout->pseudo_layers[i]));
  }
  return Status();
}

void PackWeights(const GruDescription& description,
                 const PseudoLayerLayout& layout, const KerasWeights& weights,
                 void* space, int threads) {
  if (description.dtype == Dtype::kFloat32) {
    Pack<float>(description, layout, weights, space, threads);
  } else {
    Pack<double>(description, layout, weights, space, threads);
  }
}

void UnpackWeights(const GruDescription& description,
                   const PseudoLayerLayout& layout, const void* space,
                   const KerasGradients& gradients, int threads) {
  if (description.dtype == Dtype::kFloat32) {
    Unpack<float>(description, layout, space, gradients, threads);
  } else {
    Unpack<double>(description, layout, space, gradients, threads);
  }
}

void ZeroWeights(const GruDescription& description,
                 const KerasGradients& gradients) {
  const ElementFormat format(description);
  const size_t row = kGateCount * description.units;
  const auto zero = [&](void* tensor, size_t n) {
    if (tensor != nullptr) format.ZeroHost(tensor, 0, n);
  };
  zero(gradients.kernel, description.features * row);
  zero(gradients.recurrent_kernel, description.units * row);
  zero(gradients.bias, 2 * row);
}

}  // namespace cudnn_gru
