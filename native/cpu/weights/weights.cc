#include "cpu/weights/weights.h"

#include <algorithm>
#include <new>
#include <string>

#include "cpu/weights/transposed_weights.h"

namespace cudnn_gru {
namespace {

constexpr char kPurpose[] = "memory for the packed weights";

template <typename T>
const Kernels<T>& KernelsFor(const KernelSet& set);
template <>
const Kernels<float>& KernelsFor<float>(const KernelSet& set) {
  return set.f32;
}
template <>
const Kernels<double>& KernelsFor<double>(const KernelSet& set) {
  return set.f64;
}

// Converts (depth, 3U) to [panel][depth][gate][lane], with zeros beyond U.
template <typename T>
void Pack(const T* source, size_t depth, size_t units, size_t lanes,
          size_t panels, T* packed) {
  for (size_t panel = 0; panel < panels; ++panel) {
    const size_t unit = panel * lanes;
    const size_t count = std::min(lanes, units - unit);
    for (size_t k = 0; k < depth; ++k) {
      for (size_t gate = 0; gate < kGates; ++gate) {
        const T* from = source + k * kGates * units + gate * units + unit;
        std::copy(from, from + count, packed);
        std::fill(packed + count, packed + lanes, T(0));
        packed += lanes;
      }
    }
  }
}

// Converts packed weights back to (depth, 3U).
template <typename T>
void Unpack(const T* packed, size_t depth, size_t units, size_t lanes,
            size_t panels, T* target) {
  for (size_t panel = 0; panel < panels; ++panel) {
    const size_t unit = panel * lanes;
    const size_t count = std::min(lanes, units - unit);
    for (size_t k = 0; k < depth; ++k) {
      for (size_t gate = 0; gate < kGates; ++gate) {
        std::copy(packed, packed + count,
                  target + k * kGates * units + gate * units + unit);
        packed += lanes;
      }
    }
  }
}

size_t RoundUp(size_t bytes) {
  constexpr size_t kLine = AlignedBuffer::kAlignment;
  return (bytes + kLine - 1) / kLine * kLine;
}

}  // namespace

template <typename T>
Status CpuWeights::Fill(const T* kernel, const T* recurrent_kernel,
                        const T* bias) {
  const size_t units = description_.units;
  const size_t features = description_.features;
  size_t lanes = units;
  size_t panels = 1;
  if (isa_.kernels != nullptr) {
    lanes = KernelsFor<T>(*isa_.kernels).lanes;
    panels = (units + lanes - 1) / lanes;
    panels_ = panels;
    lanes_ = lanes;
  }
  const size_t row = panels * lanes * kGates;
  const size_t kernel_bytes = RoundUp(features * row * sizeof(T));
  const size_t recurrent_bytes = RoundUp(units * row * sizeof(T));
  const size_t bias_bytes = RoundUp(row * sizeof(T));
  const size_t bytes = kernel_bytes + recurrent_bytes + 2 * bias_bytes;
  if (!buffer_.Allocate(bytes)) return OutOfMemory(bytes, kPurpose);
  char* base = static_cast<char*>(buffer_.data());
  T* const packed_kernel = reinterpret_cast<T*>(base);
  T* const packed_recurrent = reinterpret_cast<T*>(base + kernel_bytes);
  T* const input_bias =
      reinterpret_cast<T*>(base + kernel_bytes + recurrent_bytes);
  T* const recurrent_bias =
      reinterpret_cast<T*>(base + kernel_bytes + recurrent_bytes + bias_bytes);
  // The reference has one panel with `units` lanes, so packing only copies.
  Pack(kernel, features, units, lanes, panels, packed_kernel);
  Pack(recurrent_kernel, units, units, lanes, panels, packed_recurrent);
  std::fill(input_bias, input_bias + row, T(0));
  std::fill(recurrent_bias, recurrent_bias + row, T(0));
  if (bias != nullptr) {
    Pack(bias, 1, units, lanes, panels, input_bias);
    if (description_.reset_after) {
      Pack(bias + kGates * units, 1, units, lanes, panels, recurrent_bias);
    }
  }
  kernel_ = packed_kernel;
  recurrent_kernel_ = packed_recurrent;
  input_bias_ = input_bias;
  recurrent_bias_ = recurrent_bias;
  return Status();
}

template <typename T>
Status CpuWeights::TransposeAs() const {
  const size_t features = description_.features;
  const size_t units = description_.units;
  const size_t kernel_bytes =
      RoundUp(TransposedSize(features, panels_, lanes_) * sizeof(T));
  const size_t bytes =
      kernel_bytes + TransposedSize(units, panels_, lanes_) * sizeof(T);
  if (!transposed_.Allocate(bytes)) return OutOfMemory(bytes, kPurpose);
  char* const base = static_cast<char*>(transposed_.data());
  T* const to_kernel = reinterpret_cast<T*>(base);
  T* const to_recurrent = reinterpret_cast<T*>(base + kernel_bytes);
  TransposePanels(kernel<T>(), features, panels_, lanes_, to_kernel);
  TransposePanels(recurrent_kernel<T>(), units, panels_, lanes_, to_recurrent);
  transposed_kernel_ = to_kernel;
  transposed_recurrent_ = to_recurrent;
  return Status();
}

Status CpuWeights::Transpose() const {
  const std::lock_guard<std::mutex> lock(transposed_mutex_);
  if (transposed_recurrent_ != nullptr) return Status();
  return description_.dtype == Dtype::kFloat32 ? TransposeAs<float>()
                                               : TransposeAs<double>();
}

template <typename T>
void CpuWeights::UnpackAs(T* to_kernel, T* to_recurrent, T* to_bias) const {
  const size_t units = description_.units;
  size_t lanes = units;
  size_t panels = 1;
  if (isa_.kernels != nullptr) {
    lanes = KernelsFor<T>(*isa_.kernels).lanes;
    panels = panels_;
  }
  cudnn_gru::Unpack(kernel<T>(), description_.features, units, lanes, panels,
                    to_kernel);
  cudnn_gru::Unpack(recurrent_kernel<T>(), units, units, lanes, panels,
                    to_recurrent);
  cudnn_gru::Unpack(input_bias<T>(), 1, units, lanes, panels, to_bias);
  if (description_.reset_after) {
    cudnn_gru::Unpack(recurrent_bias<T>(), 1, units, lanes, panels,
                      to_bias + kGates * units);
  }
}

void CpuWeights::Unpack(void* to_kernel, void* to_recurrent,
                        void* to_bias) const {
  if (description_.dtype == Dtype::kFloat32) {
    UnpackAs(static_cast<float*>(to_kernel), static_cast<float*>(to_recurrent),
             static_cast<float*>(to_bias));
  } else {
    UnpackAs(static_cast<double*>(to_kernel),
             static_cast<double*>(to_recurrent), static_cast<double*>(to_bias));
  }
}

Status CpuWeights::Create(const GruDescription& description, const CpuIsa& isa,
                          const void* kernel, const void* recurrent_kernel,
                          const void* bias,
                          std::shared_ptr<const CpuWeights>* weights) {
  std::shared_ptr<CpuWeights> created(new (std::nothrow)
                                          CpuWeights(description, isa));
  if (created == nullptr) {
    return Status(StatusCode::kOutOfMemory,
                  "The system has no memory for the packed weights.");
  }
  const Status status =
      description.dtype == Dtype::kFloat32
          ? created->Fill(static_cast<const float*>(kernel),
                          static_cast<const float*>(recurrent_kernel),
                          static_cast<const float*>(bias))
          : created->Fill(static_cast<const double*>(kernel),
                          static_cast<const double*>(recurrent_kernel),
                          static_cast<const double*>(bias));
  if (status.ok()) *weights = std::move(created);
  return status;
}

}  // namespace cudnn_gru
