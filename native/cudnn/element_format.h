#ifndef CUDNN_GRU_CUDNN_ELEMENT_FORMAT_H_
#define CUDNN_GRU_CUDNN_ELEMENT_FORMAT_H_

#include <cstddef>

#include "core/gru_call.h"
#include "cudnn/abi.h"

namespace cudnn_gru {

// The format of a tensor's elements on the host.
enum class HostFormat {
  kKeras,       // float32 or float64, the layer's dtype in Keras
  kDeviceBits,  // the same bits as on the device
};

// The format of a tensor's elements on the host and on the device, and the
// conversions between them. The device holds the layer's dtype, or a 16-bit
// type when the layer rounds its state to one. "Staged" elements lie in pinned
// host memory and have the device's format.
class ElementFormat {
 public:
  explicit ElementFormat(const GruDescription& description,
                         HostFormat host = HostFormat::kKeras)
      : dtype_(description.dtype),
        half_(description.state_rounding),
        same_(host == HostFormat::kDeviceBits ||
              half_ == StateRounding::kNone) {}

  abi::cudnnDataType_t data_type() const;
  // Returns the type in which cuDNN accumulates.
  abi::cudnnDataType_t math_precision() const;
  size_t host_bytes() const {
    return same_ ? device_bytes() : DtypeSize(dtype_);
  }
  size_t device_bytes() const {
    return half_ == StateRounding::kNone ? DtypeSize(dtype_) : sizeof(uint16_t);
  }

  // Convert n elements between a host tensor, from element `host_at` on, and a
  // staged one, from element `staged_at` on. Narrowing rounds to nearest even.
  void ToDevice(const void* host, size_t host_at, void* staged,
                size_t staged_at, size_t n) const;
  void ToHost(const void* staged, size_t staged_at, void* host, size_t host_at,
              size_t n) const;

  // Set n elements to zero, from element `at` on.
  void ZeroStaged(void* staged, size_t at, size_t n) const;
  void ZeroHost(void* host, size_t at, size_t n) const;
  // Copies n elements from one host tensor to another.
  void CopyHost(const void* from, size_t from_at, void* to, size_t to_at,
                size_t n) const;

 private:
  Dtype dtype_;
  StateRounding half_;
  bool same_;  // whether the formats on the host and the device are the same
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_ELEMENT_FORMAT_H_
