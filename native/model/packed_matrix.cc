#include "model/packed_matrix.h"

#include <algorithm>
#include <new>
#include <utility>

#include "core/tensor_size.h"
#include "core/workspace.h"

namespace cudnn_gru {
namespace {

constexpr char kPurpose[] = "memory for a packed matrix";

// Copies (depth, columns) to [panel][depth][wide], with zeros beyond the
// columns, where `wide` is the number of columns of a panel.
template <typename T>
void Pack(const T* source, size_t depth, size_t columns, size_t wide,
          T* packed) {
  for (size_t first = 0; first < columns; first += wide) {
    const size_t count = std::min(wide, columns - first);
    for (size_t k = 0; k < depth; ++k) {
      const T* const from = source + k * columns + first;
      std::copy_n(from, count, packed);
      std::fill(packed + count, packed + wide, T(0));
      packed += wide;
    }
  }
}

}  // namespace

template <>
const ModelKernels<float>& PackedMatrix::kernels<float>() const {
  return float_kernels_;
}
template <>
const ModelKernels<double>& PackedMatrix::kernels<double>() const {
  return double_kernels_;
}

template <typename T>
Status PackedMatrix::Fill(const ModelKernels<T>& kernels, const T* kernel,
                          const T* bias) {
  const size_t wide = kGates * kernels.lanes;
  panels_ = (columns_ + wide - 1) / wide;
  padded_columns_ = panels_ * wide;
  size_t elements = 0;
  // One row more than the depth, for the bias.
  if (!MultiplySizes(padded_columns_, depth_ + 1, &elements)) {
    return TensorTooLarge("kernel");
  }
  BumpAllocator measure(nullptr);
  measure.Take<T>(elements - padded_columns_);
  measure.Take<T>(padded_columns_);
  if (!buffer_.Allocate(measure.used())) {
    return OutOfMemory(measure.used(), kPurpose);
  }
  BumpAllocator allocator(buffer_.data());
  T* const packed = allocator.Take<T>(elements - padded_columns_);
  T* const packed_bias = allocator.Take<T>(padded_columns_);
  Pack(kernel, depth_, columns_, wide, packed);
  std::fill_n(packed_bias, padded_columns_, T(0));
  if (bias != nullptr) std::copy_n(bias, columns_, packed_bias);
  kernel_ = packed;
  bias_ = packed_bias;
  return Status();
}

Status PackedMatrix::Create(Dtype dtype, size_t depth, size_t columns,
                            const void* kernel, const void* bias,
                            const CpuIsa& isa,
                            std::shared_ptr<const PackedMatrix>* matrix) {
  size_t elements = 0;
  if (columns == 0 || depth >= static_cast<size_t>(1) << 46 ||
      columns >= static_cast<size_t>(1) << 46 ||
      !MultiplySizes(depth, columns, &elements)) {
    return TensorTooLarge("kernel");
  }
  std::shared_ptr<PackedMatrix> created(
      new (std::nothrow) PackedMatrix(dtype, depth, columns));
  if (created == nullptr) return OutOfMemory(sizeof(PackedMatrix), kPurpose);
  Status status;
  if (dtype == Dtype::kFloat32) {
    created->float_kernels_ = KernelsOf<float>(isa);
    status = created->Fill(created->float_kernels_,
                           static_cast<const float*>(kernel),
                           static_cast<const float*>(bias));
  } else {
    created->double_kernels_ = KernelsOf<double>(isa);
    status = created->Fill(created->double_kernels_,
                           static_cast<const double*>(kernel),
                           static_cast<const double*>(bias));
  }
  if (status.ok()) *matrix = std::move(created);
  return status;
}

template <typename T>
void PackedMatrix::Multiply(const T* const* rows, size_t count,
                            T* const* out) const {
  ProductArguments<T> arguments;
  arguments.rows = count;
  arguments.depth = depth_;
  std::fill_n(arguments.operand, kGates, rows);
  arguments.weights = static_cast<const T*>(kernel_);
  arguments.bias = static_cast<const T*>(bias_);
  arguments.panel_begin = 0;
  arguments.panel_end = panels_;
  arguments.out = out;
  kernels<T>().product(arguments);
}

template void PackedMatrix::Multiply(const float* const*, size_t,
                                     float* const*) const;
template void PackedMatrix::Multiply(const double* const*, size_t,
                                     double* const*) const;

}  // namespace cudnn_gru
