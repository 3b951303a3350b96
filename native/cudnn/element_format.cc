#include "cudnn/element_format.h"

#include <cstring>

#include "core/half.h"

namespace cudnn_gru {
namespace {

char* At(void* base, size_t at, size_t size) {
  return static_cast<char*>(base) + at * size;
}
const char* At(const void* base, size_t at, size_t size) {
  return static_cast<const char*>(base) + at * size;
}

}  // namespace

abi::cudnnDataType_t ElementFormat::data_type() const {
  switch (half_) {
    case StateRounding::kFloat16:
      return abi::CUDNN_DATA_HALF;
    case StateRounding::kBfloat16:
      return abi::CUDNN_DATA_BFLOAT16;
    case StateRounding::kNone:
      break;
  }
  return math_precision();
}

abi::cudnnDataType_t ElementFormat::math_precision() const {
  return dtype_ == Dtype::kFloat64 ? abi::CUDNN_DATA_DOUBLE
                                   : abi::CUDNN_DATA_FLOAT;
}

// The functions below return early when n is 0, because memcpy and memset may
// not be called with a null pointer even for 0 bytes.

void ElementFormat::ToDevice(const void* host, size_t host_at, void* staged,
                             size_t staged_at, size_t n) const {
  if (n == 0) return;
  const char* const from = At(host, host_at, host_bytes());
  char* const to = At(staged, staged_at, device_bytes());
  if (same_) {
    std::memcpy(to, from, n * host_bytes());
  } else {
    Narrow(half_, reinterpret_cast<const float*>(from),
           reinterpret_cast<uint16_t*>(to), n);
  }
}

void ElementFormat::ToHost(const void* staged, size_t staged_at, void* host,
                           size_t host_at, size_t n) const {
  if (n == 0) return;
  const char* const from = At(staged, staged_at, device_bytes());
  char* const to = At(host, host_at, host_bytes());
  if (same_) {
    std::memcpy(to, from, n * host_bytes());
  } else {
    Widen(half_, reinterpret_cast<const uint16_t*>(from),
          reinterpret_cast<float*>(to), n);
  }
}

void ElementFormat::ZeroStaged(void* staged, size_t at, size_t n) const {
  if (n > 0) std::memset(At(staged, at, device_bytes()), 0, n * device_bytes());
}

void ElementFormat::ZeroHost(void* host, size_t at, size_t n) const {
  if (n > 0) std::memset(At(host, at, host_bytes()), 0, n * host_bytes());
}

void ElementFormat::CopyHost(const void* from, size_t from_at, void* to,
                             size_t to_at, size_t n) const {
  if (n == 0) return;
  std::memmove(At(to, to_at, host_bytes()), At(from, from_at, host_bytes()),
               n * host_bytes());
}

}  // namespace cudnn_gru
