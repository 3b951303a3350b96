#ifndef CUDNN_GRU_CUDNN_ELEMENT_H_
#define CUDNN_GRU_CUDNN_ELEMENT_H_

#include <cstddef>

#include "core/gru_call.h"
#include "cudnn/abi.h"

namespace cudnn_gru {

// The elements of a layer's tensors: float32 or float64 on the host; the same,
// or a 16-bit type, on the device. A tensor of the caller's may hold the bits
// of that type on the host too: then copying is all there is to do.
class Element {
 public:
  explicit Element(const GruDescription& description,
                   bool host_holds_bits = false)
      : dtype_(description.dtype),
        half_(description.state_rounding),
        same_(host_holds_bits || half_ == StateRounding::kNone) {}

  abi::cudnnDataType_t data_type() const;
  // What cuDNN adds up in.
  abi::cudnnDataType_t math_precision() const;
  size_t host_size() const { return same_ ? device_size() : DtypeSize(dtype_); }
  size_t device_size() const {
    return half_ == StateRounding::kNone ? DtypeSize(dtype_) : sizeof(uint16_t);
  }

  // Copies n elements between tensors of the two kinds, from and to the given
  // element of each; narrows to nearest even.
  void ToDevice(const void* host, size_t host_at, void* staged,
                size_t staged_at, size_t n) const;
  void ToHost(const void* staged, size_t staged_at, void* host, size_t host_at,
              size_t n) const;

  // Sets n elements to zero.
  void ZeroStaged(void* staged, size_t at, size_t n) const;
  void ZeroHost(void* host, size_t at, size_t n) const;
  void CopyHost(const void* from, size_t from_at, void* to, size_t to_at,
                size_t n) const;

 private:
  Dtype dtype_;
  StateRounding half_;
  bool same_;  // on the host as on the device
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_ELEMENT_H_
