#ifndef CUDNN_GRU_CPU_WEIGHTS_WEIGHTS_H_
#define CUDNN_GRU_CPU_WEIGHTS_WEIGHTS_H_

#include <cstddef>
#include <memory>
#include <mutex>

#include "core/aligned_buffer.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cpu/dispatch/dispatch.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights/packing.h"

namespace cudnn_gru {

// An immutable snapshot of a layer's weights, in the layout that its kernels
// read: packed in panels for vector kernels (cpu/kernels/kernels.h), or
// Keras's own layout for the reference. Calls in flight share it. A new version
// of the weights is a new snapshot.
class CpuWeights {
 public:
  // Copies the weights. `kernel` is (F, 3U) and `recurrent_kernel` (U, 3U).
  // `bias` is (2, 3U) with reset_after, else (3U,); it may be null. All are of
  // description.dtype. Fails with kOutOfMemory.
  static Status Create(const GruDescription& description, const CpuIsa& isa,
                       const void* kernel, const void* recurrent_kernel,
                       const void* bias,
                       std::shared_ptr<const CpuWeights>* weights);

  const GruDescription& description() const { return description_; }
  const CpuIsa& isa() const { return isa_; }
  size_t bytes() const { return buffer_.size() + transposed_.size(); }

  // Writes the weights in Keras's layout: kernel (F, 3U), recurrent kernel (U,
  // 3U), and bias (2, 3U) with reset_after, else (3U,). Writes zeros for a
  // missing bias. Fails with kOutOfMemory.
  Status Unpack(void* kernel, void* recurrent_kernel, void* bias) const;

  // The number of panels of the packed weights, and the number of units of a
  // panel. Both are 0 for the reference.
  size_t panels() const { return panels_; }
  size_t lanes() const { return lanes_; }

  // How the elements of both packed matrices are stored, and the kernels that
  // read them. There are no kernels for the reference.
  WeightFormat format() const { return format_; }
  template <typename T>
  const LayerKernels<T>& layer_kernels() const;

  // Returns the bytes of a packed matrix with `depth` rows.
  size_t MatrixBytes(size_t depth) const;

  // Makes the transposed weights, which backward passes multiply by, unless
  // they exist already. Fails with kOutOfMemory. Not for the reference.
  Status Transpose() const;

  // The matrices, in the layout that the kernels read.
  const void* packed_kernel() const { return kernel_; }
  const void* packed_recurrent_kernel() const { return recurrent_kernel_; }
  // The matrices of the reference: (F, 3U) and (U, 3U).
  template <typename T>
  const T* kernel() const {
    return static_cast<const T*>(kernel_);
  }
  template <typename T>
  const T* recurrent_kernel() const {
    return static_cast<const T*>(recurrent_kernel_);
  }
  // Packed biases are [panel][gate][lane], those of the reference (3U,). A
  // missing bias is zeros.
  template <typename T>
  const T* input_bias() const {
    return static_cast<const T*>(input_bias_);
  }
  template <typename T>
  const T* recurrent_bias() const {
    return static_cast<const T*>(recurrent_bias_);
  }
  // May be called after Transpose. The layout is that of
  // cpu/weights/transposed_weights.h.
  const void* transposed_kernel() const { return transposed_kernel_; }
  const void* transposed_recurrent() const { return transposed_recurrent_; }

 private:
  CpuWeights(const GruDescription& description, const CpuIsa& isa)
      : description_(description),
        isa_(isa),
        buffer_(WeightBytes()),
        transposed_(WeightBytes()) {}

  template <typename T>
  Status Fill(const T* kernel, const T* recurrent_kernel, const T* bias);
  PackedShape ShapeOf(size_t depth) const;
  // Packs a (depth, 3U) matrix. Fails with kOutOfMemory.
  template <typename T>
  Status PackMatrix(const T* matrix, size_t depth, char* packed) const;
  // Calls visit(plain weights of a panel, shape, panel) for all panels of a
  // packed matrix. Fails with kOutOfMemory.
  template <typename T, typename Visit>
  Status VisitPanels(const void* packed, size_t depth,
                     const Visit& visit) const;
  template <typename T>
  Status UnpackAs(T* kernel, T* recurrent_kernel, T* bias) const;
  // Transposes a packed matrix with `depth` rows. Fails with kOutOfMemory.
  template <typename T>
  Status TransposeMatrix(const void* packed, size_t depth, char* to) const;
  template <typename T>
  Status TransposeAs() const;

  const GruDescription description_;
  const CpuIsa isa_;
  size_t panels_ = 0;
  size_t lanes_ = 0;
  WeightFormat format_ = WeightFormat::kPlain;
  const LayerKernels<float>* float_kernels_ = nullptr;
  AlignedBuffer buffer_;
  const void* kernel_ = nullptr;
  const void* recurrent_kernel_ = nullptr;
  const void* input_bias_ = nullptr;
  const void* recurrent_bias_ = nullptr;
  mutable std::mutex transposed_mutex_;
  mutable AlignedBuffer transposed_;
  mutable const void* transposed_kernel_ = nullptr;
  mutable const void* transposed_recurrent_ = nullptr;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_WEIGHTS_WEIGHTS_H_
