#ifndef CUDNN_GRU_MODEL_STRIDED_H_
#define CUDNN_GRU_MODEL_STRIDED_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cudnn_gru {

// The most dimensions that an instruction may have after Simplify.
constexpr size_t kMaxRank = 8;

// The number of operands that one walk visits at most.
constexpr size_t kMaxWalked = 4;

// The indices of a shape, and for each of some operands the distance between
// the elements of neighbouring indices, in elements, by dimension. The last
// dimension changes fastest.
struct Walk {
  std::vector<size_t> shape;
  std::vector<std::vector<int64_t>> strides;  // one list for each operand
};

// Computes the smallest and the largest offset that a walk reaches from
// `offset`. Returns false when they do not fit, or are not within an operand of
// `size` elements. A walk without indices reaches nothing.
bool IsWithin(const std::vector<size_t>& shape,
              const std::vector<int64_t>& strides, int64_t offset, size_t size);

// Returns the strides of an operand whose every index has `elements` elements
// to read: zeros where it has none, because IsWithin then allows any strides,
// and adding those to a pointer could overflow.
std::vector<int64_t> StridesRead(const std::vector<int64_t>& strides,
                                 size_t elements);

// Removes dimensions of size 1, and joins neighbouring dimensions that are one
// for every operand. Returns a walk with at least one dimension.
Walk Simplify(const Walk& walk);

// The strides of a contiguous tensor.
std::vector<int64_t> ContiguousStrides(const std::vector<size_t>& shape);

// Calls visit(offsets) for every index of all dimensions but the last, in
// order, where `offsets` is an array with one offset for each operand. `walk`
// is the result of Simplify and has at most kMaxRank dimensions.
template <class Visit>
void ForEachLine(const Walk& walk, const Visit& visit) {
  const size_t rank = walk.shape.size();
  const size_t operands = walk.strides.size();
  std::array<size_t, kMaxRank> index = {};
  std::array<int64_t, kMaxWalked> offsets = {};
  for (const size_t size : walk.shape) {
    if (size == 0) return;
  }
  for (;;) {
    visit(offsets.data());
    size_t dimension = rank - 1;
    for (;;) {
      if (dimension == 0) return;
      --dimension;
      for (size_t i = 0; i < operands; ++i) {
        offsets[i] += walk.strides[i][dimension];
      }
      if (++index[dimension] < walk.shape[dimension]) break;
      for (size_t i = 0; i < operands; ++i) {
        offsets[i] -= walk.strides[i][dimension] *
                      static_cast<int64_t>(walk.shape[dimension]);
      }
      index[dimension] = 0;
    }
  }
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_STRIDED_H_
