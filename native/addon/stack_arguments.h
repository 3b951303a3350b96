#ifndef CUDNN_GRU_ADDON_STACK_ARGUMENTS_H_
#define CUDNN_GRU_ADDON_STACK_ARGUMENTS_H_

#include <napi.h>

#include <cstddef>
#include <vector>

#include "addon/arguments.h"
#include "addon/call_arguments.h"
#include "addon/contract.h"
#include "addon/native_gru.h"
#include "core/gru_stack.h"
#include "core/status.h"

namespace cudnn_gru {

// The arguments of a stack's method: those of one signature, and then those of
// another one, once for each GRU. Arguments that the caller left out are
// undefined.
class StackArguments {
 public:
  StackArguments(napi_env env, napi_callback_info info, const Signature& once,
                 const Signature& repeated);
  StackArguments(const StackArguments&) = delete;
  StackArguments& operator=(const StackArguments&) = delete;

  napi_env env() const { return env_; }
  // The object that the method was called on.
  napi_value self() const { return self_; }
  // Returns the argument at a position of the first signature.
  Argument operator[](size_t position) const {
    return {env_, At(first_ + position), once_.arguments[first_ + position]};
  }
  // Returns the argument at a position of the GRU `half`.
  Argument OfHalf(size_t half, size_t position) const {
    const size_t at = once_.count() + half * repeated_.count() + position;
    return {env_, At(at), repeated_.arguments[position]};
  }
  // Returns the first argument, as Arguments::TakeFirst does.
  Argument TakeFirst();
  // Returns all arguments in one object, which keeps their arrays alive.
  napi_value All() const;

 private:
  // As many arguments lie in the object itself.
  static constexpr size_t kUsual = 32;

  napi_value At(size_t position) const {
    return position < count_ ? values_[position] : undefined_;
  }

  const napi_env env_;
  const Signature& once_;
  const Signature& repeated_;
  napi_value self_ = nullptr;
  napi_value undefined_ = nullptr;
  napi_value usual_[kUsual];
  std::vector<napi_value> many_;
  const napi_value* values_ = usual_;
  size_t count_ = kUsual;
  size_t first_ = 0;
};

// The layers of a stack.
struct StackShape {
  std::vector<Merge> merges;  // one for each layer
  // One for each GRU, in the order of the layers, the forward half first.
  std::vector<KeptGru> grus;

  size_t half_count() const {
    size_t count = 0;
    for (const Merge merge : merges) count += merge == Merge::kNone ? 1 : 2;
    return count;
  }
};

// Reads the arguments of a stack's call ("stackCall" and "stackHalf"), which
// has the layers of `shape`. Checks everything that memory safety needs, and
// what CheckStack checks. The pointers are valid while the arrays and `steps`
// are.
Status ReadStackCall(const StackArguments& arguments, const StackShape& shape,
                     StepSelection* steps, StackCall* call, Tf32* tf32);

// Reads the arguments of a stack's backward call ("stackBackward" and
// "stackHalfGradients").
Status ReadStackGradients(const StackArguments& arguments,
                          const GruStackPass& pass, StackGradients* gradients);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_STACK_ARGUMENTS_H_
