#include "core/merge.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "core/half.h"

namespace cudnn_gru {
namespace {

// Merged values are made in pieces of this many elements.
constexpr size_t kPiece = 256;

template <typename T>
void Write(const MergeShape& shape, const T* values, size_t count, size_t at,
           const MergedOutput& to) {
  if (to.is_bits) {
    Narrow(shape.rounding, values, static_cast<uint16_t*>(to.data) + at, count);
  } else {
    std::copy_n(values, count, static_cast<T*>(to.data) + at);
  }
}

// Computes one piece of the merged values. Every operation is rounded to the
// 16-bit type. Dividing by two is exact but for the smallest numbers.
template <typename T>
void Combine(Merge merge, StateRounding rounding, const T* a, const T* b,
             T* out, size_t count) {
  if (merge == Merge::kMul) {
    for (size_t i = 0; i < count; ++i) out[i] = a[i] * b[i];
  } else {
    for (size_t i = 0; i < count; ++i) out[i] = a[i] + b[i];
  }
  RoundValues(rounding, out, count);
  if (merge != Merge::kAve) return;
  for (size_t i = 0; i < count; ++i) out[i] = out[i] / T(2);
  RoundValues(rounding, out, count);
}

size_t StepIn(const MergeShape& shape, StepOrder order, size_t step) {
  return order == StepOrder::kReversed ? shape.steps - 1 - step : step;
}

}  // namespace

template <typename T>
void MergeOutputs(Merge merge, const MergeShape& shape, const MergeRows& rows,
                  const T* const outputs[2], StepOrder order,
                  const MergedOutput& merged) {
  const size_t units = shape.units[0];
  const size_t other = shape.units[1];
  T piece[kPiece];
  for (size_t row = rows.begin; row < rows.end; ++row) {
    for (size_t step = 0; step < shape.steps; ++step) {
      const size_t place = row * shape.steps + step;
      const size_t second = row * shape.steps + StepIn(shape, order, step);
      const T* const a = outputs[0] + place * units;
      const T* const b = outputs[1] + second * other;
      if (merge == Merge::kConcat) {
        const size_t at = place * (units + other);
        Write(shape, a, units, at, merged);
        Write(shape, b, other, at + units, merged);
        continue;
      }
      for (size_t unit = 0; unit < units; unit += kPiece) {
        const size_t count = std::min(kPiece, units - unit);
        Combine(merge, shape.rounding, a + unit, b + unit, piece, count);
        Write(shape, piece, count, place * units + unit, merged);
      }
    }
  }
}

template <typename T>
void CopyOutput(const MergeShape& shape, size_t half, const MergeRows& rows,
                const T* output, StepOrder order, const MergedOutput& to) {
  const size_t units = shape.units[half];
  for (size_t row = rows.begin; row < rows.end; ++row) {
    for (size_t step = 0; step < shape.steps; ++step) {
      const size_t from = row * shape.steps + StepIn(shape, order, step);
      Write(shape, output + from * units, units,
            (row * shape.steps + step) * units, to);
    }
  }
}

template <typename T>
void SplitGradient(Merge merge, const MergeShape& shape, size_t rows,
                   size_t half, const T* d_merged, const T* other,
                   T* d_output) {
  const size_t units = shape.units[half];
  const bool concat = merge == Merge::kConcat;
  const size_t width = concat ? shape.units[0] + shape.units[1] : units;
  const size_t first = concat && half == 1 ? shape.units[0] : 0;
  const StepOrder order = half == 1 ? StepOrder::kReversed : StepOrder::kMerged;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t step = 0; step < shape.steps; ++step) {
      const size_t place = row * shape.steps + step;
      const T* const from = d_merged + place * width + first;
      T* const to =
          d_output + (row * shape.steps + StepIn(shape, order, step)) * units;
      if (merge == Merge::kMul) {
        const T* const factor = other + place * units;
        for (size_t unit = 0; unit < units; ++unit) {
          to[unit] = from[unit] * factor[unit];
        }
      } else if (merge == Merge::kAve) {
        for (size_t unit = 0; unit < units; ++unit) {
          to[unit] = from[unit] / T(2);
        }
      } else {
        std::copy_n(from, units, to);
        continue;
      }
      RoundValues(shape.rounding, to, units);
    }
  }
}

template void MergeOutputs(Merge, const MergeShape&, const MergeRows&,
                           const float* const[2], StepOrder,
                           const MergedOutput&);
template void MergeOutputs(Merge, const MergeShape&, const MergeRows&,
                           const double* const[2], StepOrder,
                           const MergedOutput&);
template void CopyOutput(const MergeShape&, size_t, const MergeRows&,
                         const float*, StepOrder, const MergedOutput&);
template void CopyOutput(const MergeShape&, size_t, const MergeRows&,
                         const double*, StepOrder, const MergedOutput&);
template void SplitGradient(Merge, const MergeShape&, size_t, size_t,
                            const float*, const float*, float*);
template void SplitGradient(Merge, const MergeShape&, size_t, size_t,
                            const double*, const double*, double*);

}  // namespace cudnn_gru
