#include "model/strided.h"

#include <algorithm>

namespace cudnn_gru {

bool IsWithin(const std::vector<size_t>& shape,
              const std::vector<int64_t>& strides, int64_t offset,
              size_t size) {
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) return true;
  int64_t low = offset;
  int64_t high = offset;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t reach = 0;
    if (shape[i] > static_cast<size_t>(INT64_MAX) ||
        __builtin_mul_overflow(static_cast<int64_t>(shape[i] - 1), strides[i],
                               &reach)) {
      return false;
    }
    int64_t* const end = reach < 0 ? &low : &high;
    if (__builtin_add_overflow(*end, reach, end)) return false;
  }
  return low >= 0 && high >= 0 && static_cast<size_t>(high) < size;
}

std::vector<int64_t> StridesRead(const std::vector<int64_t>& strides,
                                 size_t elements) {
  return elements > 0 ? strides : std::vector<int64_t>(strides.size(), 0);
}

Walk Simplify(const Walk& walk) {
  Walk simple;
  simple.strides.resize(walk.strides.size());
  if (std::find(walk.shape.begin(), walk.shape.end(), 0u) != walk.shape.end()) {
    simple.shape.push_back(0);
    for (std::vector<int64_t>& strides : simple.strides) strides.push_back(0);
    return simple;
  }
  for (size_t dimension = 0; dimension < walk.shape.size(); ++dimension) {
    const size_t size = walk.shape[dimension];
    if (size == 1) continue;
    // Whether a step of the dimension before is as long as all of this one.
    bool joins = !simple.shape.empty();
    for (size_t i = 0; i < walk.strides.size() && joins; ++i) {
      joins = simple.strides[i].back() ==
              walk.strides[i][dimension] * static_cast<int64_t>(size);
    }
    if (joins) {
      simple.shape.back() *= size;
    } else {
      simple.shape.push_back(size);
    }
    for (size_t i = 0; i < walk.strides.size(); ++i) {
      if (joins) {
        simple.strides[i].back() = walk.strides[i][dimension];
      } else {
        simple.strides[i].push_back(walk.strides[i][dimension]);
      }
    }
  }
  if (simple.shape.empty()) {
    simple.shape.push_back(1);
    for (std::vector<int64_t>& strides : simple.strides) strides.push_back(0);
  }
  return simple;
}

std::vector<int64_t> ContiguousStrides(const std::vector<size_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * static_cast<int64_t>(shape[i]);
  }
  return strides;
}

}  // namespace cudnn_gru
