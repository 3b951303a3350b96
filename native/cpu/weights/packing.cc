#include "cpu/weights/packing.h"

#include <algorithm>
#include <cstdint>

#include "core/float_bits.h"
#include "core/half.h"

namespace cudnn_gru {
namespace {

constexpr uint32_t kUpperHalf = 0xFFFF0000;
constexpr uint32_t kNegativeZero = 0x8000;  // in the lower half

// Returns the type of the elements of a format of 16 bits.
StateRounding TypeOf(WeightFormat format) {
  return format == WeightFormat::kFloat16 ? StateRounding::kFloat16
                                          : StateRounding::kBfloat16;
}

// Calls visit(place in the matrix, place in the panel, number of units) for
// each row and gate of a panel.
template <typename Visit>
void ForEachLine(const PackedShape& shape, size_t panel, const Visit& visit) {
  const size_t unit = panel * shape.lanes;
  const size_t count = std::min(shape.lanes, shape.units - unit);
  for (size_t line = 0; line < shape.depth * kGates; ++line) {
    visit(line * shape.units + unit, line * shape.lanes, count);
  }
}

// Returns the bits of the nearest bfloat16, in the upper half.
uint32_t UpperHalf(float value) {
  uint16_t bits;
  Narrow(StateRounding::kBfloat16, &value, &bits, 1);
  return static_cast<uint32_t>(bits) << 16;
}

// Whether the value is a bfloat16 already, as the weights of a layer are.
bool IsBfloat16(float value) { return (BitsOf(value) & ~kUpperHalf) == 0; }

uint32_t Bfloat16Bits(float value) {
  return IsBfloat16(value) ? BitsOf(value) : UpperHalf(value);
}

}  // namespace

size_t PanelBytes(const PackedShape& shape, WeightFormat format, Dtype dtype) {
  const size_t row = kGates * shape.lanes;
  switch (format) {
    case WeightFormat::kFloat16:
    case WeightFormat::kBfloat16:
      return shape.depth * row * sizeof(uint16_t);
    case WeightFormat::kBfloat16Pairs:
      return (shape.depth + 1) / 2 * row * sizeof(uint32_t);
    default:
      return shape.depth * row * DtypeSize(dtype);
  }
}

template <typename T>
void PackPanel(const T* matrix, const PackedShape& shape, size_t panel,
               T* packed) {
  ForEachLine(shape, panel, [&](size_t at, size_t line, size_t count) {
    std::copy(matrix + at, matrix + at + count, packed + line);
    std::fill(packed + line + count, packed + line + shape.lanes, T(0));
  });
}

template <typename T>
void UnpackPanel(const T* packed, const PackedShape& shape, size_t panel,
                 T* matrix) {
  ForEachLine(shape, panel, [&](size_t at, size_t line, size_t count) {
    std::copy(packed + line, packed + line + count, matrix + at);
  });
}

void NarrowPanel(const float* plain, const PackedShape& shape,
                 WeightFormat format, void* packed) {
  if (format != WeightFormat::kBfloat16Pairs) {
    Narrow(TypeOf(format), plain, static_cast<uint16_t*>(packed),
           shape.PanelSize());
    return;
  }
  uint32_t* pair = static_cast<uint32_t*>(packed);
  const size_t row = kGates * shape.lanes;
  for (size_t k = 0; k < shape.depth; k += 2) {
    const float* const upper = plain + k * row;
    const bool odd = k + 1 == shape.depth;
    for (size_t i = 0; i < row; ++i) {
      const uint32_t lower =
          odd ? kNegativeZero : Bfloat16Bits(upper[row + i]) >> 16;
      *pair++ = Bfloat16Bits(upper[i]) | lower;
    }
  }
}

void WidenPanel(const void* packed, const PackedShape& shape,
                WeightFormat format, float* plain) {
  if (format != WeightFormat::kBfloat16Pairs) {
    Widen(TypeOf(format), static_cast<const uint16_t*>(packed), plain,
          shape.PanelSize());
    return;
  }
  const uint32_t* pair = static_cast<const uint32_t*>(packed);
  const size_t row = kGates * shape.lanes;
  for (size_t k = 0; k < shape.depth; k += 2) {
    float* const upper = plain + k * row;
    for (size_t i = 0; i < row; ++i) {
      upper[i] = ValueOf(pair[i] & kUpperHalf);
      if (k + 1 < shape.depth) upper[row + i] = ValueOf(pair[i] << 16);
    }
    pair += row;
  }
}

template void PackPanel(const float*, const PackedShape&, size_t, float*);
template void PackPanel(const double*, const PackedShape&, size_t, double*);
template void UnpackPanel(const float*, const PackedShape&, size_t, float*);
template void UnpackPanel(const double*, const PackedShape&, size_t, double*);

}  // namespace cudnn_gru
