#ifndef CUDNN_GRU_MODEL_PACKED_MATRIX_H_
#define CUDNN_GRU_MODEL_PACKED_MATRIX_H_

#include <cstddef>
#include <memory>

#include "core/aligned_buffer.h"
#include "core/gru_description.h"
#include "core/status.h"
#include "cpu/dispatch/dispatch.h"
#include "model/model_kernels.h"

namespace cudnn_gru {

// The values of a matrix. `kernel` is (depth, columns), and `bias` is
// (columns), or null, which means zeros. Both are of `dtype`.
struct MatrixSpec {
  Dtype dtype = Dtype::kFloat32;
  size_t depth = 0;
  size_t columns = 0;
  const void* kernel = nullptr;
  const void* bias = nullptr;
};

// An immutable matrix (depth, columns) with a bias (columns), in the layout of
// the kernels (cpu/kernels/matrix_kernels.h): in panels, or transposed when
// there are few columns. Programs share it.
class PackedMatrix {
 public:
  // Copies the values. Fails with kShape for sizes that are too large or no
  // columns, and with kOutOfMemory.
  static Status Create(const MatrixSpec& spec, const CpuIsa& isa,
                       std::shared_ptr<const PackedMatrix>* matrix);

  Dtype dtype() const { return dtype_; }
  size_t depth() const { return depth_; }
  size_t columns() const { return columns_; }
  size_t bytes() const { return buffer_.size(); }

  // out[r][c] = bias[c] + sum over k of rows[r][k] * kernel[k][c]. The bits of
  // a row do not depend on the other rows. T is the type of the matrix.
  template <typename T>
  void Multiply(const T* const* rows, size_t count, T* const* out) const;

 private:
  explicit PackedMatrix(const MatrixSpec& spec)
      : dtype_(spec.dtype),
        depth_(spec.depth),
        columns_(spec.columns),
        buffer_(WeightBytes()) {}

  template <typename T>
  Status Fill(const ModelKernels<T>& kernels, const T* kernel, const T* bias);
  template <typename T>
  const ModelKernels<T>& kernels() const;

  const Dtype dtype_;
  const size_t depth_;
  const size_t columns_;
  AlignedBuffer buffer_;
  const void* kernel_ = nullptr;
  const void* bias_ = nullptr;
  // The kernels that the matrix was packed for; the one of its dtype is set.
  ModelKernels<float> float_kernels_ = {};
  ModelKernels<double> double_kernels_ = {};
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_PACKED_MATRIX_H_
