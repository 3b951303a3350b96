#include "cpu/weights/weights.h"

#include <algorithm>
#include <functional>
#include <new>
#include <string>

#include "core/divided_range.h"
#include "core/thread_pool.h"
#include "core/workspace.h"
#include "cpu/weights/layer_choice.h"
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

// A matrix with fewer bytes is converted before another thread has helped much.
constexpr size_t kMinDivided = size_t{1} << 20;

// Calls visit(panel) for all panels of `bytes` bytes each, by all threads where
// that is worth it.
template <typename Visit>
void ForEachPanel(size_t panels, size_t bytes, const Visit& visit) {
  const auto body = [&](size_t begin, size_t end) {
    for (size_t panel = begin; panel < end; ++panel) visit(panel);
  };
  const int threads =
      panels * bytes < kMinDivided ? 1 : ThreadPool::Get().threads();
  ForEachRange(panels, 1, threads, std::cref(body));
}

// Calls visit(panel, memory for its plain weights) for all panels of a format
// of 16 bits, which only layers of float32 have. Fails with kOutOfMemory.
template <typename T, typename Visit>
Status ForEachWidened(const PackedShape& shape, const Visit& visit) {
  if constexpr (sizeof(T) == sizeof(float)) {
    const size_t space = shape.PanelSize() * sizeof(T);
    const Workspace workspace(space);
    if (workspace.data() == nullptr) return OutOfMemory(space, kPurpose);
    T* const plain = static_cast<T*>(workspace.data());
    for (size_t panel = 0; panel < shape.panels; ++panel) visit(panel, plain);
  }
  return Status();
}

size_t RoundUp(size_t bytes) {
  constexpr size_t kLine = AlignedBuffer::kAlignment;
  return (bytes + kLine - 1) / kLine * kLine;
}

}  // namespace

template <typename T>
const LayerKernels<T>& CpuWeights::layer_kernels() const {
  if constexpr (sizeof(T) == sizeof(float)) {
    return *float_kernels_;
  } else {
    return isa_.kernels->f64.layer;
  }
}
template const LayerKernels<float>& CpuWeights::layer_kernels() const;
template const LayerKernels<double>& CpuWeights::layer_kernels() const;

PackedShape CpuWeights::ShapeOf(size_t depth) const {
  const size_t units = description_.units;
  if (isa_.kernels == nullptr) return {depth, units, units, 1};
  return {depth, units, lanes_, panels_};
}

size_t CpuWeights::MatrixBytes(size_t depth) const {
  const PackedShape shape = ShapeOf(depth);
  return shape.panels * PanelBytes(shape, format_, description_.dtype);
}

template <typename T>
Status CpuWeights::PackMatrix(const T* matrix, size_t depth,
                              char* packed) const {
  const PackedShape shape = ShapeOf(depth);
  const size_t bytes = PanelBytes(shape, format_, description_.dtype);
  if (format_ == WeightFormat::kPlain) {
    ForEachPanel(shape.panels, bytes, [&](size_t panel) {
      PackPanel(matrix, shape, panel,
                reinterpret_cast<T*>(packed + panel * bytes));
    });
    return Status();
  }
  return ForEachWidened<T>(shape, [&](size_t panel, auto* plain) {
    PackPanel(matrix, shape, panel, plain);
    NarrowPanel(plain, shape, format_, packed + panel * bytes);
  });
}

template <typename T, typename Visit>
Status CpuWeights::VisitPanels(const void* packed, size_t depth,
                               const Visit& visit) const {
  const PackedShape shape = ShapeOf(depth);
  const size_t bytes = PanelBytes(shape, format_, description_.dtype);
  const char* const from = static_cast<const char*>(packed);
  if (format_ == WeightFormat::kPlain) {
    ForEachPanel(shape.panels, bytes, [&](size_t panel) {
      visit(reinterpret_cast<const T*>(from + panel * bytes), shape, panel);
    });
    return Status();
  }
  return ForEachWidened<T>(shape, [&](size_t panel, auto* plain) {
    WidenPanel(from + panel * bytes, shape, format_, plain);
    visit(plain, shape, panel);
  });
}

template <typename T>
Status CpuWeights::Fill(const T* kernel, const T* recurrent_kernel,
                        const T* bias) {
  const size_t units = description_.units;
  const size_t features = description_.features;
  if (isa_.kernels != nullptr) {
    lanes_ = KernelsFor<T>(*isa_.kernels).lanes;
    panels_ = (units + lanes_ - 1) / lanes_;
    if constexpr (sizeof(T) == sizeof(float)) {
      float_kernels_ = &ChooseLayerKernels(description_, *isa_.kernels);
      format_ = float_kernels_->format;
    }
  }
  const PackedShape bias_shape = ShapeOf(1);
  const size_t row = bias_shape.panels * bias_shape.lanes * kGates;
  const size_t kernel_bytes = RoundUp(MatrixBytes(features));
  const size_t recurrent_bytes = RoundUp(MatrixBytes(units));
  const size_t bias_bytes = RoundUp(row * sizeof(T));
  const size_t bytes = kernel_bytes + recurrent_bytes + 2 * bias_bytes;
  if (!buffer_.Allocate(bytes)) return OutOfMemory(bytes, kPurpose);
  char* const base = static_cast<char*>(buffer_.data());
  Status status = PackMatrix(kernel, features, base);
  if (status.ok()) {
    status = PackMatrix(recurrent_kernel, units, base + kernel_bytes);
  }
  if (!status.ok()) return status;
  T* const input_bias =
      reinterpret_cast<T*>(base + kernel_bytes + recurrent_bytes);
  T* const recurrent_bias =
      reinterpret_cast<T*>(base + kernel_bytes + recurrent_bytes + bias_bytes);
  std::fill(input_bias, input_bias + row, T(0));
  std::fill(recurrent_bias, recurrent_bias + row, T(0));
  for (size_t panel = 0; bias != nullptr && panel < bias_shape.panels;
       ++panel) {
    const size_t offset = panel * bias_shape.PanelSize();
    PackPanel(bias, bias_shape, panel, input_bias + offset);
    if (description_.reset_after) {
      PackPanel(bias + kGates * units, bias_shape, panel,
                recurrent_bias + offset);
    }
  }
  kernel_ = base;
  recurrent_kernel_ = base + kernel_bytes;
  input_bias_ = input_bias;
  recurrent_bias_ = recurrent_bias;
  return Status();
}

template <typename T>
Status CpuWeights::TransposeMatrix(const void* packed, size_t depth,
                                   char* to) const {
  return VisitPanels<T>(
      packed, depth,
      [&](const T* plain, const PackedShape& shape, size_t panel) {
        if constexpr (sizeof(T) == sizeof(float)) {
          if (float_kernels_->dots) {
            TransposePanelToPairs(plain, shape, panel,
                                  reinterpret_cast<uint32_t*>(to));
            return;
          }
        }
        TransposePanel(plain, shape, panel, reinterpret_cast<T*>(to));
      });
}

template <typename T>
Status CpuWeights::TransposeAs() const {
  const bool pairs = layer_kernels<T>().dots;
  const auto bytes_of = [&](size_t depth) {
    return TransposedBytes(ShapeOf(depth), pairs, description_.dtype);
  };
  const size_t kernel_bytes = RoundUp(bytes_of(description_.features));
  const size_t bytes = kernel_bytes + bytes_of(description_.units);
  if (!transposed_.Allocate(bytes)) return OutOfMemory(bytes, kPurpose);
  char* const to_kernel = static_cast<char*>(transposed_.data());
  char* const to_recurrent = to_kernel + kernel_bytes;
  Status status = TransposeMatrix<T>(kernel_, description_.features, to_kernel);
  if (status.ok()) {
    status =
        TransposeMatrix<T>(recurrent_kernel_, description_.units, to_recurrent);
  }
  if (!status.ok()) return status;
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
Status CpuWeights::UnpackAs(T* to_kernel, T* to_recurrent, T* to_bias) const {
  const size_t units = description_.units;
  const auto unpack_to = [](T* to) {
    return [to](const T* plain, const PackedShape& shape, size_t panel) {
      UnpackPanel(plain, shape, panel, to);
    };
  };
  Status status =
      VisitPanels<T>(kernel_, description_.features, unpack_to(to_kernel));
  if (status.ok()) {
    status = VisitPanels<T>(recurrent_kernel_, units, unpack_to(to_recurrent));
  }
  const PackedShape bias_shape = ShapeOf(1);
  for (size_t panel = 0; panel < bias_shape.panels; ++panel) {
    const size_t offset = panel * bias_shape.PanelSize();
    UnpackPanel(input_bias<T>() + offset, bias_shape, panel, to_bias);
    if (description_.reset_after) {
      UnpackPanel(recurrent_bias<T>() + offset, bias_shape, panel,
                  to_bias + kGates * units);
    }
  }
  return status;
}

Status CpuWeights::Unpack(void* to_kernel, void* to_recurrent,
                          void* to_bias) const {
  if (description_.dtype == Dtype::kFloat32) {
    return UnpackAs(static_cast<float*>(to_kernel),
                    static_cast<float*>(to_recurrent),
                    static_cast<float*>(to_bias));
  }
  return UnpackAs(static_cast<double*>(to_kernel),
                  static_cast<double*>(to_recurrent),
                  static_cast<double*>(to_bias));
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
