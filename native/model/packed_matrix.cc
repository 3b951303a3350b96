#include "model/packed_matrix.h"

#include <algorithm>
#include <new>
#include <utility>

#include "core/tensor_size.h"
#include "core/workspace.h"

namespace cudnn_gru {
namespace {

constexpr char kPurpose[] = "memory for a packed matrix";

// A vector of the product kernels would be nearly empty with so few columns.
constexpr size_t kFewColumns = 2;

// Copies (depth, columns) to (columns, depth).
template <typename T>
void Transpose(const T* source, size_t depth, size_t columns, T* transposed) {
  for (size_t column = 0; column < columns; ++column) {
    for (size_t k = 0; k < depth; ++k) {
      *transposed++ = source[k * columns + column];
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
  const bool few = columns_ <= kFewColumns;
  size_t elements = 0;
  if (!MultiplySizes(depth_, few ? columns_ : PaddedColumns(kernels, columns_),
                     &elements)) {
    return TensorTooLarge("kernel");
  }
  BumpAllocator measure(nullptr);
  measure.Take<T>(elements);
  measure.Take<T>(columns_);
  if (!buffer_.Allocate(measure.used())) {
    return OutOfMemory(measure.used(), kPurpose);
  }
  BumpAllocator allocator(buffer_.data());
  T* const packed = allocator.Take<T>(elements);
  T* const copied_bias = allocator.Take<T>(columns_);
  if (few) {
    Transpose(kernel, depth_, columns_, packed);
  } else {
    PackPanels(kernels, {kernel, columns_, 1}, depth_, columns_, packed);
  }
  kernel_ = packed;
  if (bias == nullptr) return Status();
  std::copy_n(bias, columns_, copied_bias);
  bias_ = copied_bias;
  return Status();
}

Status PackedMatrix::Create(const MatrixSpec& spec, const CpuIsa& isa,
                            std::shared_ptr<const PackedMatrix>* matrix) {
  // Also holds each size to the limit, where the other one is 0.
  size_t elements = 0;
  if (spec.columns == 0 || !MultiplySizes(spec.columns, 1, &elements) ||
      !MultiplySizes(spec.depth, spec.columns, &elements)) {
    return TensorTooLarge("kernel");
  }
  std::shared_ptr<PackedMatrix> created(new (std::nothrow) PackedMatrix(spec));
  if (created == nullptr) return OutOfMemory(sizeof(PackedMatrix), kPurpose);
  Status status;
  if (spec.dtype == Dtype::kFloat32) {
    created->float_kernels_ = KernelsOf<float>(isa);
    status = created->Fill(created->float_kernels_,
                           static_cast<const float*>(spec.kernel),
                           static_cast<const float*>(spec.bias));
  } else {
    created->double_kernels_ = KernelsOf<double>(isa);
    status = created->Fill(created->double_kernels_,
                           static_cast<const double*>(spec.kernel),
                           static_cast<const double*>(spec.bias));
  }
  if (status.ok()) *matrix = std::move(created);
  return status;
}

template <typename T>
void PackedMatrix::Multiply(const T* const* rows, size_t count,
                            T* const* out) const {
  const T* const weights = static_cast<const T*>(kernel_);
  const T* const bias = static_cast<const T*>(bias_);
  const MatrixKernels<T>& matrix = kernels<T>().matrix;
  if (columns_ <= kFewColumns) {
    matrix.dot({count, depth_, columns_, rows, weights, bias, out});
  } else {
    matrix.multiply({count, depth_, columns_, rows, weights, bias, out});
  }
}

template void PackedMatrix::Multiply(const float* const*, size_t,
                                     float* const*) const;
template void PackedMatrix::Multiply(const double* const*, size_t,
                                     double* const*) const;

}  // namespace cudnn_gru
