#include "cudnn/weight_layout.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "cudnn/element.h"
#include "cudnn/result.h"

namespace cudnn_gru {
namespace {

constexpr size_t kGateCount = 3;
// Keras's gate (z, r, h) of each of cuDNN's (r, z, h).
constexpr size_t kKerasGate[kGateCount] = {1, 0, 2};
// Units that are transposed together: a cache line of float32.
constexpr size_t kTile = 16;

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
template <typename T>
void PackMatrix(const Element& element, const T* tensor, size_t depth,
                size_t units, size_t gate, void* space, size_t offset,
                std::vector<T>* tile) {
  tile->resize(kTile * depth);
  for (size_t unit = 0; unit < units; unit += kTile) {
    const size_t count = std::min(kTile, units - unit);
    for (size_t k = 0; k < depth; ++k) {
      const T* const from = tensor + (k * kGateCount + gate) * units + unit;
      for (size_t i = 0; i < count; ++i) (*tile)[i * depth + k] = from[i];
    }
    element.ToDevice(tile->data(), 0, space, offset + unit * depth,
                     count * depth);
  }
}

template <typename T>
void UnpackMatrix(const Element& element, const void* space, size_t offset,
                  size_t depth, size_t units, size_t gate, T* tensor,
                  std::vector<T>* tile) {
  tile->resize(kTile * depth);
  for (size_t unit = 0; unit < units; unit += kTile) {
    const size_t count = std::min(kTile, units - unit);
    element.ToHost(space, offset + unit * depth, tile->data(), 0,
                   count * depth);
    for (size_t k = 0; k < depth; ++k) {
      T* const to = tensor + (k * kGateCount + gate) * units + unit;
      for (size_t i = 0; i < count; ++i) to[i] = (*tile)[i * depth + k];
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

template <typename T>
void Pack(const GruDescription& description, const WeightLayout& layout,
          const T* kernel, const T* recurrent_kernel, const T* bias,
          void* space) {
  const Element element(description);
  const size_t units = description.units;
  // What no matrix covers is read all the same.
  std::memset(space, 0, layout.bytes);
  std::vector<T> tile;
  for (size_t id = 0; id < kLinearLayers; ++id) {
    const LinearLayer layer(id);
    PackMatrix(element, layer.recurrent ? recurrent_kernel : kernel,
               layer.recurrent ? units : description.features, units,
               layer.gate, space, layout.matrices[id], &tile);
    element.ToDevice(bias, layer.BiasAt(units), space, layout.biases[id],
                     units);
  }
}

template <typename T>
void Unpack(const GruDescription& description, const WeightLayout& layout,
            const void* space, T* kernel, T* recurrent_kernel, T* bias) {
  const Element element(description);
  const size_t units = description.units;
  std::vector<T> tile;
  for (size_t id = 0; id < kLinearLayers; ++id) {
    const LinearLayer layer(id);
    T* const tensor = layer.recurrent ? recurrent_kernel : kernel;
    if (tensor != nullptr) {
      UnpackMatrix(element, space, layout.matrices[id],
                   layer.recurrent ? units : description.features, units,
                   layer.gate, tensor, &tile);
    }
    if (bias != nullptr) {
      element.ToHost(space, layout.biases[id], bias, layer.BiasAt(units),
                     units);
    }
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
                 const void* kernel, const void* recurrent_kernel,
                 const void* bias, void* space) {
  if (description.dtype == Dtype::kFloat32) {
    Pack(description, layout, static_cast<const float*>(kernel),
         static_cast<const float*>(recurrent_kernel),
         static_cast<const float*>(bias), space);
  } else {
    Pack(description, layout, static_cast<const double*>(kernel),
         static_cast<const double*>(recurrent_kernel),
         static_cast<const double*>(bias), space);
  }
}

void UnpackWeights(const GruDescription& description,
                   const WeightLayout& layout, const void* space, void* kernel,
                   void* recurrent_kernel, void* bias) {
  if (description.dtype == Dtype::kFloat32) {
    Unpack(description, layout, space, static_cast<float*>(kernel),
           static_cast<float*>(recurrent_kernel), static_cast<float*>(bias));
  } else {
    Unpack(description, layout, space, static_cast<double*>(kernel),
           static_cast<double*>(recurrent_kernel), static_cast<double*>(bias));
  }
}

}  // namespace cudnn_gru
