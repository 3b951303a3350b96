#include "cudnn/weight_layout.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "cudnn/element_format.h"
#include "cudnn/host_work.h"
#include "cudnn/result.h"

namespace cudnn_gru {
namespace {

constexpr size_t kGateCount = 3;
// Keras's gate (z, r, h) of each of cuDNN's (r, z, h).
constexpr size_t kKerasGate[kGateCount] = {1, 0, 2};
// What is transposed together: a cache line of float32 by as many bytes as a
// stack has room for.
constexpr size_t kTileUnits = 16;
constexpr size_t kTileDepth = 64;

Status Unexpected(size_t id, const char* what) {
  return Status(StatusCode::kCudnn,
                std::string("Expected cudnnGetRNNWeightParams to give ") +
                    what + " for linear layer " + std::to_string(id) +
                    " but received another");
}

// Checks a parameter's descriptor and place, and gives its offset in elements.
Status CheckParameter(const Device& device, const RnnSettings& settings,
                      const TensorDescriptor& descriptor, size_t id,
                      size_t rows, size_t columns, const char* space,
                      size_t bytes, const void* address, size_t size,
                      size_t* offset) {
  abi::cudnnDataType_t type = abi::CUDNN_DATA_FLOAT;
  int count = 0;
  int dims[3] = {0, 0, 0};
  int strides[3] = {0, 0, 0};
  CUDNN_GRU_RETURN_IF_ERROR(
      device.Check(device.cudnn().cudnnGetTensorNdDescriptor(
                       descriptor.get(), 3, &type, &count, dims, strides),
                   "cudnnGetTensorNdDescriptor"));
  if (type != settings.data_type) return Unexpected(id, "the layer's type");
  if (count != 3 || dims[0] != 1 || dims[1] != static_cast<int>(rows) ||
      dims[2] != static_cast<int>(columns) || strides[2] != 1 ||
      strides[1] != static_cast<int>(columns)) {
    return Unexpected(id, "a packed (1, units, depth) tensor");
  }
  const char* const at = static_cast<const char*>(address);
  const size_t needed = rows * columns * size;
  if (at == nullptr || at < space || needed > bytes ||
      static_cast<size_t>(at - space) > bytes - needed ||
      static_cast<size_t>(at - space) % size != 0) {
    return Unexpected(id, "an aligned place in the weight space");
  }
  *offset = static_cast<size_t>(at - space) / size;
  return Status();
}

// One gate of a (depth, 3U) tensor as a (U, depth) matrix.
struct GateMatrix {
  size_t depth;
  size_t units;
  size_t gate;
  size_t offset;  // in the space

  // Where row k of the tensor has the gate's unit.
  size_t TensorAt(size_t k, size_t unit) const {
    return (k * kGateCount + gate) * units + unit;
  }
  size_t SpaceAt(size_t unit, size_t k) const {
    return offset + unit * depth + k;
  }
};

// Units [begin, end), of the tensor into the space or back.
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

// A linear layer's gate, tensor and row of the bias.
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
                    const WeightLayout& layout, size_t id) {
  const LinearLayer layer(id);
  return {layer.recurrent ? description.units : description.features,
          description.units, layer.gate, layout.matrices[id]};
}

// Calls work(id, begin, end) for the units of every matrix, in tiles.
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

template <typename T>
void Pack(const GruDescription& description, const WeightLayout& layout,
          const KerasWeights& weights, void* space, int threads) {
  const ElementFormat format(description);
  const size_t units = description.units;
  // What no matrix covers is read all the same.
  std::memset(space, 0, layout.bytes);
  DivideMatrices(units, layout.bytes, threads,
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
void Unpack(const GruDescription& description, const WeightLayout& layout,
            const void* space, const KerasGradients& gradients, int threads) {
  const ElementFormat format(description);
  const size_t units = description.units;
  DivideMatrices(units, layout.bytes, threads,
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

}  // namespace

Status QueryWeightBytes(const Device& device, abi::cudnnHandle_t handle,
                        const RnnDescriptor& rnn, size_t* bytes) {
  return device.Check(
      device.cudnn().cudnnGetRNNWeightSpaceSize(handle, rnn.get(), bytes),
      "cudnnGetRNNWeightSpaceSize");
}

Status QueryWeightLayout(const Device& device, abi::cudnnHandle_t handle,
                         const RnnSettings& settings, const RnnDescriptor& rnn,
                         const char* space, WeightLayout* layout) {
  const CudnnLibrary& cudnn = device.cudnn();
  TensorDescriptor matrix;
  TensorDescriptor bias;
  CUDNN_GRU_RETURN_IF_ERROR(MakeTensorDescriptor(cudnn, &matrix));
  CUDNN_GRU_RETURN_IF_ERROR(MakeTensorDescriptor(cudnn, &bias));
  const size_t units = static_cast<size_t>(settings.units);
  const size_t size = settings.data_type == abi::CUDNN_DATA_DOUBLE  ? 8
                      : settings.data_type == abi::CUDNN_DATA_FLOAT ? 4
                                                                    : 2;
  for (size_t id = 0; id < kLinearLayers; ++id) {
    void* matrix_at = nullptr;
    void* bias_at = nullptr;
    CUDNN_GRU_RETURN_IF_ERROR(device.Check(
        cudnn.cudnnGetRNNWeightParams(handle, rnn.get(), 0, layout->bytes,
                                      space, static_cast<int32_t>(id),
                                      matrix.get(), &matrix_at, bias.get(),
                                      &bias_at),
        "cudnnGetRNNWeightParams"));
    const size_t depth = LinearLayer(id).recurrent
                             ? units
                             : static_cast<size_t>(settings.features);
    CUDNN_GRU_RETURN_IF_ERROR(
        CheckParameter(device, settings, matrix, id, units, depth, space,
                       layout->bytes, matrix_at, size, &layout->matrices[id]));
    CUDNN_GRU_RETURN_IF_ERROR(CheckParameter(device, settings, bias, id, units,
                                             1, space, layout->bytes, bias_at,
                                             size, &layout->biases[id]));
  }
  return Status();
}

void PackWeights(const GruDescription& description, const WeightLayout& layout,
                 const KerasWeights& weights, void* space, int threads) {
  if (description.dtype == Dtype::kFloat32) {
    Pack<float>(description, layout, weights, space, threads);
  } else {
    Pack<double>(description, layout, weights, space, threads);
  }
}

void UnpackWeights(const GruDescription& description,
                   const WeightLayout& layout, const void* space,
                   const KerasGradients& gradients, int threads) {
  if (description.dtype == Dtype::kFloat32) {
    Unpack<float>(description, layout, space, gradients, threads);
  } else {
    Unpack<double>(description, layout, space, gradients, threads);
  }
}

}  // namespace cudnn_gru
