#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_MAKING_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_MAKING_H_

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "core/status.h"
#include "cpu/dispatch/dispatch.h"
#include "model/instruction.h"
#include "model/operands.h"

namespace cudnn_gru {

// The surroundings that an instruction is made in.
struct MakingContext {
  std::vector<TensorState>* tensors;
  CpuIsa isa;
};

using MadeInstruction = std::unique_ptr<const Instruction>;

// Makes an instruction of the class `Made` from its facts and `arguments`,
// unless a check of its operands has failed.
template <class Made, class... Arguments>
Status FinishInstruction(Operands* operands, MadeInstruction* made,
                         Arguments&&... arguments) {
  if (!operands->ok()) return operands->status();
  made->reset(new (std::nothrow) Made(std::move(*operands->facts()),
                                      std::forward<Arguments>(arguments)...));
  return *made == nullptr ? OutOfMemory(sizeof(Made), "a native instruction")
                          : Status();
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_MAKING_H_
