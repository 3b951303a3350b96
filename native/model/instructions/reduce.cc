#include "model/instructions/reduce.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "model/instructions/function_table.h"
#include "model/strided.h"

namespace cudnn_gru {
namespace {

// The type that sums and products are computed in.
template <typename T>
using Wide = std::conditional_t<std::is_integral_v<T>, uint32_t, double>;

// Each reduction is a type with a state that starts empty, takes the elements
// in order, and returns the result.
template <typename T>
struct Sum {
  using Result = T;
  Wide<T> sum = 0;
  void Take(T value) { sum += static_cast<Wide<T>>(value); }
  T Finish(size_t) const { return static_cast<T>(sum); }
};

template <typename T>
struct Mean {
  using Result = T;
  double sum = 0;
  void Take(T value) { sum += static_cast<double>(value); }
  T Finish(size_t count) const {
    return static_cast<T>(sum / static_cast<double>(count));
  }
};

template <typename T>
struct Prod {
  using Result = T;
  Wide<T> product = 1;
  void Take(T value) { product *= static_cast<Wide<T>>(value); }
  T Finish(size_t) const { return static_cast<T>(product); }
};

// Returns a value that every other one is larger than, or infinity for kSign =
// -1.
template <typename T, int kSign>
constexpr T Extreme() {
  if constexpr (std::is_integral_v<T>) {
    return kSign < 0 ? std::numeric_limits<T>::max()
                     : std::numeric_limits<T>::min();
  } else {
    return static_cast<T>(-kSign) * std::numeric_limits<T>::infinity();
  }
}

// A NaN is not equal to itself, and stays once it was taken.
template <typename T>
struct Max {
  using Result = T;
  T most = Extreme<T, 1>();
  void Take(T value) { most = value > most || value != value ? value : most; }
  T Finish(size_t) const { return most; }
};

template <typename T>
struct Min {
  using Result = T;
  T least = Extreme<T, -1>();
  void Take(T value) {
    least = value < least || value != value ? value : least;
  }
  T Finish(size_t) const { return least; }
};

template <typename T>
struct Any {
  using Result = T;
  T found = 0;
  void Take(T value) { found |= value; }
  T Finish(size_t) const { return found; }
};

template <typename T>
struct All {
  using Result = T;
  T found = 1;
  void Take(T value) { found &= value; }
  T Finish(size_t) const { return found; }
};

template <typename T>
struct ArgMax {
  using Result = int32_t;
  T most = 0;
  size_t at = 0;
  size_t position = 0;
  void Take(T value) {
    if (position == 0 || value > most) {
      most = value;
      at = position;
    }
    ++position;
  }
  int32_t Finish(size_t) const { return static_cast<int32_t>(at); }
};

template <typename T>
struct ArgMin {
  using Result = int32_t;
  T least = 0;
  size_t at = 0;
  size_t position = 0;
  void Take(T value) {
    if (position == 0 || value < least) {
      least = value;
      at = position;
    }
    ++position;
  }
  int32_t Finish(size_t) const { return static_cast<int32_t>(at); }
};

// How the dimensions are walked. Both walks have one operand, x.
struct Walks {
  Walk kept;
  Walk reduced;
  size_t reduced_size;
};

// The neighbouring results that are computed together where their elements are
// neighbours too.
constexpr size_t kChunk = 64;

template <template <typename> class Reduction, typename T>
class Reduce : public Instruction {
 public:
  Reduce(InstructionFacts facts, Walks walks, const Operand& x,
         const Operand& y)
      : Instruction(std::move(facts)), walks_(std::move(walks)), x_(x), y_(y) {}

  Status Run(const Frame& frame) const override {
    const size_t items = Items(frame);
    const size_t length = walks_.kept.shape.back();
    const int64_t stride = walks_.kept.strides[0].back();
    for (size_t item = 0; item < items; ++item) {
      const T* const x = x_.Item<T>(frame, item);
      Result* y = y_.Item<Result>(frame, item);
      ForEachLine(walks_.kept, [&](const int64_t* offsets) {
        ReduceLine(x + offsets[0], stride, length, y);
        y += length;
      });
    }
    return Status();
  }

 private:
  using Result = typename Reduction<T>::Result;

  // Computes a line of results.
  void ReduceLine(const T* x, int64_t stride, size_t length, Result* y) const {
    if (stride != 1) {
      for (size_t i = 0; i < length; ++i) {
        ReduceChunk<1>(x + static_cast<int64_t>(i) * stride, 1, y + i);
      }
      return;
    }
    for (size_t first = 0; first < length; first += kChunk) {
      ReduceChunk<kChunk>(x + first, std::min(kChunk, length - first),
                          y + first);
    }
  }

  // Computes up to kMost results whose elements are neighbours.
  template <size_t kMost>
  void ReduceChunk(const T* x, size_t count, Result* y) const {
    Reduction<T> states[kMost];
    const size_t length = walks_.reduced.shape.back();
    const int64_t stride = walks_.reduced.strides[0].back();
    ForEachLine(walks_.reduced, [&](const int64_t* offsets) {
      for (size_t i = 0; i < length; ++i) {
        const T* const from = x + offsets[0] + static_cast<int64_t>(i) * stride;
        for (size_t j = 0; j < (kMost == 1 ? 1 : count); ++j) {
          states[j].Take(from[j]);
        }
      }
    });
    for (size_t i = 0; i < count; ++i) {
      y[i] = states[i].Finish(walks_.reduced_size);
    }
  }

  const Walks walks_;
  const Operand x_;
  const Operand y_;
};

// The types that a reduction is possible for.
enum class Kind { kNumbers, kFloats, kBools, kPositions };
// Whether it has a result without elements.
enum class Empty { kAllowed, kForbidden };

struct Entry {
  const char* name;
  Kind kind;
  Empty empty;
};

constexpr Entry kEntries[] = {{"sum", Kind::kNumbers, Empty::kAllowed},
                              {"mean", Kind::kFloats, Empty::kAllowed},
                              {"max", Kind::kNumbers, Empty::kForbidden},
                              {"min", Kind::kNumbers, Empty::kForbidden},
                              {"prod", Kind::kNumbers, Empty::kAllowed},
                              {"any", Kind::kBools, Empty::kAllowed},
                              {"all", Kind::kBools, Empty::kAllowed},
                              {"argmax", Kind::kPositions, Empty::kForbidden},
                              {"argmin", Kind::kPositions, Empty::kForbidden}};

// The parts that the functions below make an instruction of.
struct Parts {
  Operands* operands;
  Walks walks;
  Operand x;
  Operand y;
  MadeInstruction* made;
};

template <template <typename> class Reduction>
Status MakeForNumbers(Parts parts) {
  return WithNumber(parts.x.type, [&](auto zero) {
    return FinishInstruction<Reduce<Reduction, decltype(zero)>>(
        parts.operands, parts.made, std::move(parts.walks), parts.x, parts.y);
  });
}

template <template <typename> class Reduction>
Status MakeForBools(Parts parts) {
  return FinishInstruction<Reduce<Reduction, uint8_t>>(
      parts.operands, parts.made, std::move(parts.walks), parts.x, parts.y);
}

Status MakeForMean(Parts parts) {
  return WithFloat(parts.x.type, [&](auto zero) {
    return FinishInstruction<Reduce<Mean, decltype(zero)>>(
        parts.operands, parts.made, std::move(parts.walks), parts.x, parts.y);
  });
}

Status Make(const std::string& name, Parts parts) {
  if (name == "sum") return MakeForNumbers<Sum>(std::move(parts));
  if (name == "mean") return MakeForMean(std::move(parts));
  if (name == "max") return MakeForNumbers<Max>(std::move(parts));
  if (name == "min") return MakeForNumbers<Min>(std::move(parts));
  if (name == "prod") return MakeForNumbers<Prod>(std::move(parts));
  if (name == "any") return MakeForBools<Any>(std::move(parts));
  if (name == "all") return MakeForBools<All>(std::move(parts));
  if (name == "argmax") return MakeForNumbers<ArgMax>(std::move(parts));
  return MakeForNumbers<ArgMin>(std::move(parts));
}

ElementTypes TypesOf(Kind kind) {
  if (kind == Kind::kBools) return Only(ElementType::kBool);
  return kind == Kind::kFloats ? kFloats : kNumbers;
}

Status MakeEntry(const ReduceSpec& spec, const Entry& entry,
                 const MakingContext& context, MadeInstruction* made) {
  Operands operands("reduce", spec.repeat, context.tensors);
  const Operand x = operands.ReadAny("x", spec.x, TypesOf(entry.kind));
  const ElementType type =
      entry.kind == Kind::kPositions ? ElementType::kInt32 : x.type;
  const Operand y = operands.Write("y", spec.y, Only(type),
                                   operands.Product("kept", spec.kept));
  const size_t reduced = operands.Product("reduced", spec.reduced);
  operands.Require(entry.empty == Empty::kAllowed || reduced > 0, "reduced",
                   "at least one element");
  operands.Require(entry.kind != Kind::kPositions || reduced <= INT32_MAX,
                   "reduced", "positions that fit int32");
  operands.Require(spec.kept.size() == spec.kept_strides.size() &&
                       spec.reduced.size() == spec.reduced_strides.size(),
                   "keptStrides", "one stride for each dimension");
  std::vector<size_t> shape = spec.kept;
  std::vector<int64_t> strides = spec.kept_strides;
  shape.insert(shape.end(), spec.reduced.begin(), spec.reduced.end());
  strides.insert(strides.end(), spec.reduced_strides.begin(),
                 spec.reduced_strides.end());
  operands.RequireWithin("reducedStrides", shape, strides, 0, x.size);
  operands.Require(operands.Product("kept", shape) <= x.size, "kept",
                   "no more elements than `x` has");
  if (!operands.ok()) return operands.status();
  Walks walks{
      Simplify({spec.kept, {StridesRead(spec.kept_strides, reduced)}}),
      Simplify({spec.reduced, {StridesRead(spec.reduced_strides, y.size)}}),
      reduced};
  operands.Require(walks.kept.shape.size() <= kMaxRank &&
                       walks.reduced.shape.size() <= kMaxRank,
                   "kept", "at most 8 dimensions");
  operands.Round(spec.rounding);
  operands.NoteWork(2.0 * static_cast<double>(reduced) *
                    static_cast<double>(y.size));
  return Make(spec.function, {&operands, std::move(walks), x, y, made});
}

}  // namespace

Status MakeInstruction(const ReduceSpec& spec, const MakingContext& context,
                       MadeInstruction* made) {
  const Entry* const entry = FindFunction(kEntries, spec.function);
  return entry == nullptr ? NoFunction("reduce", spec.function)
                          : MakeEntry(spec, *entry, context, made);
}

std::vector<const char*> ReduceNames() { return FunctionNames(kEntries); }

}  // namespace cudnn_gru
