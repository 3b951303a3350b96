#include "cudnn/descriptor_set.h"

#include <algorithm>
#include <utility>

#include "cudnn/element_format.h"

namespace cudnn_gru {
namespace {

constexpr size_t kMostSets = 16;

abi::cudnnMathType_t MathType(abi::cudnnDataType_t type, bool allow_tf32) {
  switch (type) {
    case abi::CUDNN_DATA_FLOAT:
      // FMA is float32 throughout; the default may use TF32.
      return allow_tf32 ? abi::CUDNN_DEFAULT_MATH : abi::CUDNN_FMA_MATH;
    case abi::CUDNN_DATA_DOUBLE:
      return abi::CUDNN_FMA_MATH;
    case abi::CUDNN_DATA_HALF:
    case abi::CUDNN_DATA_BFLOAT16:
      break;
  }
  return abi::CUDNN_TENSOR_OP_MATH;
}

}  // namespace

RnnSettings::RnnSettings(const GruDescription& description, bool allow_tf32)
    : data_type(ElementFormat(description).data_type()),
      math_precision(ElementFormat(description).math_precision()),
      math_type(MathType(data_type, allow_tf32)),
      features(static_cast<int32_t>(description.features)),
      units(static_cast<int32_t>(description.units)) {}

bool RnnSettings::operator==(const RnnSettings& other) const {
  return data_type == other.data_type &&
         math_precision == other.math_precision &&
         math_type == other.math_type && features == other.features &&
         units == other.units;
}

Status MakeRnn(const Device& device, const RnnSettings& settings,
               abi::cudnnRNNAlgo_t algorithm, RnnDescriptor* rnn) {
  const CudnnLibrary& cudnn = device.cudnn();
  CUDNN_GRU_RETURN_IF_ERROR(MakeRnnDescriptor(cudnn, rnn));
  // A projection as wide as the state is none; 0 is refused. Without layers to
  // drop between there is no dropout descriptor.
  return device.Check(
      cudnn.cudnnSetRNNDescriptor_v8(
          rnn->get(), algorithm, abi::CUDNN_GRU, abi::CUDNN_RNN_DOUBLE_BIAS,
          abi::CUDNN_UNIDIRECTIONAL, abi::CUDNN_LINEAR_INPUT,
          settings.data_type, settings.math_precision, settings.math_type,
          settings.features, settings.units, settings.units, 1, nullptr,
          abi::CUDNN_RNN_PADDED_IO_ENABLED),
      "cudnnSetRNNDescriptor_v8");
}

bool DescriptorSet::Key::operator==(const Key& other) const {
  return settings == other.settings && algorithm == other.algorithm &&
         batch == other.batch && timesteps == other.timesteps &&
         training == other.training;
}

Status DescriptorSet::Make(const Device& device) {
  const CudnnLibrary& cudnn = device.cudnn();
  CUDNN_GRU_RETURN_IF_ERROR(
      MakeRnn(device, key_.settings, key_.algorithm.id, &rnn_));
  CUDNN_GRU_RETURN_IF_ERROR(MakeRnnDataDescriptor(cudnn, &x_));
  CUDNN_GRU_RETURN_IF_ERROR(MakeRnnDataDescriptor(cudnn, &y_));
  CUDNN_GRU_RETURN_IF_ERROR(MakeTensorDescriptor(cudnn, &h_));
  const int units = key_.settings.units;
  const int dims[3] = {1, key_.batch, units};
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
  const CudnnLibrary& cudnn = device.cudnn();
  const auto set = [&](const RnnDataDescriptor& data, int width) {
    double padding = 0.0;  // all zero bits, in each of the types
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
  CUDNN_GRU_RETURN_IF_ERROR(set(y_, key_.settings.units));
  size_t reserve = 0;
  CUDNN_GRU_RETURN_IF_ERROR(device.Check(
      cudnn.cudnnGetRNNTempSpaceSizes(handle, rnn_.get(),
                                      key_.training
                                          ? abi::CUDNN_FWD_MODE_TRAINING
                                          : abi::CUDNN_FWD_MODE_INFERENCE,
                                      x_.get(), &workspace_bytes_, &reserve),
      "cudnnGetRNNTempSpaceSizes"));
  reserve_bytes_ = key_.training ? reserve : 0;
  lengths_.assign(lengths, lengths + batch);
  return Status();
}

Status DescriptorCache::Find(const Device& device, abi::cudnnHandle_t handle,
                             const DescriptorSet::Key& key, const int* lengths,
                             DescriptorSet** descriptors) {
  *descriptors = Reuse(key, lengths);
  if (*descriptors == nullptr) {
    auto made = std::make_unique<DescriptorSet>(key);
    CUDNN_GRU_RETURN_IF_ERROR(made->Make(device));
    MakeRoom(kMostSets - 1);
    sets_.push_back(std::move(made));
    *descriptors = sets_.back().get();
  }
  if (!(*descriptors)->HasLengths(lengths)) {
    CUDNN_GRU_RETURN_IF_ERROR(
        (*descriptors)->SetLengths(device, handle, lengths));
  }
  (*descriptors)->in_use = true;
  return Status();
}

// One that has these lengths, or one that may be given them; it becomes the
// last. Null when there is none.
DescriptorSet* DescriptorCache::Reuse(const DescriptorSet::Key& key,
                                      const int* lengths) {
  auto found = sets_.end();
  for (auto each = sets_.begin(); each != sets_.end(); ++each) {
    if (!((*each)->key() == key)) continue;
    if ((*each)->HasLengths(lengths)) {
      found = each;
      break;
    }
    if (!(*each)->in_use) found = each;
  }
  if (found == sets_.end()) return nullptr;
  std::rotate(found, found + 1, sets_.end());
  return sets_.back().get();
}

void DescriptorCache::EndCall() {
  for (const auto& each : sets_) each->in_use = false;
  MakeRoom(kMostSets);
}

void DescriptorCache::MakeRoom(size_t most) {
  for (auto each = sets_.begin(); sets_.size() > most && each != sets_.end();) {
    each = (*each)->in_use ? each + 1 : sets_.erase(each);
  }
}

}  // namespace cudnn_gru
