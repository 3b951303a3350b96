#include "cudnn/descriptor_set.h"

#include <algorithm>

#include "cudnn/library_status.h"

namespace cudnn_gru {

bool DescriptorSet::Key::operator==(const Key& other) const {
  return settings == other.settings && algorithm == other.algorithm &&
         batch == other.batch && timesteps == other.timesteps &&
         mode == other.mode;
}

Status DescriptorSet::Make(const Device& device) {
  const CudnnLibrary& cudnn = device.cudnn();
  CUDNN_GRU_RETURN_IF_ERROR(
      MakeRnn(device, key_.settings, key_.algorithm.id, &rnn_));
  CUDNN_GRU_RETURN_IF_ERROR(MakeRnnDataDescriptor(cudnn, &x_));
  CUDNN_GRU_RETURN_IF_ERROR(MakeRnnDataDescriptor(cudnn, &y_));
  CUDNN_GRU_RETURN_IF_ERROR(MakeTensorDescriptor(cudnn, &h_));
  const int units = key_.settings.units;
  const int dims[3] = {key_.settings.layers * key_.settings.directions,
                       key_.batch, units};
  const int strides[3] = {key_.batch * units, units, 1};
  return device.Check(cudnn.cudnnSetTensorNdDescriptor(
                          h_.get(), key_.settings.data_type, 3, dims, strides),
                      "cudnnSetTensorNdDescriptor");
}

bool DescriptorSet::HasLengths(const int* lengths) const {
  return !lengths_.empty() &&
         std::equal(lengths_.begin(), lengths_.end(), lengths);
}

Status DescriptorSet::SetLengths(const Device& device,
                                 abi::cudnnHandle_t handle,
                                 const int* lengths) {
  const size_t batch = static_cast<size_t>(key_.batch);
  lengths_.clear();
  // The launches depend on the lengths.
  ClearGraphs();
  const CudnnLibrary& cudnn = device.cudnn();
  const auto set = [&](const RnnDataDescriptor& data, int width) {
    double padding = 0.0;  // Zero has all bits zero in every data type.
    return device.Check(
        cudnn.cudnnSetRNNDataDescriptor(
            data.get(), key_.settings.data_type,
            key_.algorithm.time_major
                ? abi::CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED
                : abi::CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED,
            key_.timesteps, key_.batch, width, lengths, &padding),
        "cudnnSetRNNDataDescriptor");
  };
  CUDNN_GRU_RETURN_IF_ERROR(set(x_, key_.settings.features));
  CUDNN_GRU_RETURN_IF_ERROR(
      set(y_, key_.settings.directions * key_.settings.units));
  size_t reserve = 0;
  CUDNN_GRU_RETURN_IF_ERROR(device.Check(
      cudnn.cudnnGetRNNTempSpaceSizes(handle, rnn_.get(), key_.mode, x_.get(),
                                      &workspace_bytes_, &reserve),
      "cudnnGetRNNTempSpaceSizes"));
  reserve_bytes_ = key_.mode == abi::CUDNN_FWD_MODE_TRAINING ? reserve : 0;
  lengths_.assign(lengths, lengths + batch);
  return Status();
}

void DescriptorSet::ClearGraphs() {
  forward_graphs_.Clear();
  backward_graphs_.Clear();
}

size_t DescriptorSet::graph_size() const {
  return static_cast<size_t>(key_.timesteps) *
         static_cast<size_t>(key_.settings.layers) *
         static_cast<size_t>(key_.settings.directions);
}

size_t DescriptorSet::graph_sizes() const {
  return graph_size() * (forward_graphs_.count() + backward_graphs_.count());
}

CallClass ClassOf(const RnnSettings& settings, const Chunk& chunk,
                  abi::cudnnForwardMode_t mode) {
  return {settings.data_type, settings.math_type,
          settings.features,  settings.units,
          settings.layers,    settings.directions,
          chunk.rows,         mode};
}

}  // namespace cudnn_gru
