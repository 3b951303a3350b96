#include "model/port.h"

#include <cstdint>
#include <cstring>

#include "core/half.h"

namespace cudnn_gru {

size_t PortElementSize(const PortSpec& port, ElementType type) {
  return port.bits == StateRounding::kNone ? ElementSize(type)
                                           : sizeof(uint16_t);
}

void ReadPort(const PortSpec& port, ElementType type, const void* array,
              void* tensor, size_t n) {
  if (port.bits != StateRounding::kNone) {
    Widen(port.bits, static_cast<const uint16_t*>(array),
          static_cast<float*>(tensor), n);
  } else if (type == ElementType::kBool) {
    const uint8_t* const from = static_cast<const uint8_t*>(array);
    uint8_t* const to = static_cast<uint8_t*>(tensor);
    for (size_t i = 0; i < n; ++i) to[i] = from[i] != 0;
  } else if (n > 0) {
    std::memcpy(tensor, array, n * ElementSize(type));
  }
}

void WritePort(const PortSpec& port, ElementType type, const void* tensor,
               void* array, size_t n) {
  if (port.bits != StateRounding::kNone) {
    Narrow(port.bits, static_cast<const float*>(tensor),
           static_cast<uint16_t*>(array), n);
  } else if (n > 0) {
    std::memcpy(array, tensor, n * ElementSize(type));
  }
}

}  // namespace cudnn_gru
