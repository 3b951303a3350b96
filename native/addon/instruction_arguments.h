#ifndef CUDNN_GRU_ADDON_INSTRUCTION_ARGUMENTS_H_
#define CUDNN_GRU_ADDON_INSTRUCTION_ARGUMENTS_H_

#include <napi.h>

#include <vector>

#include "addon/arguments.h"
#include "core/status.h"
#include "model/program_spec.h"

namespace cudnn_gru {

// Reads a NativeInstruction (lib/native/instructions.ts). Checks the kinds of
// its values; Program::Create checks that they fit each other.
Status ReadInstruction(const Argument& argument, InstructionSpec* spec);

// Returns the names of all instructions.
std::vector<const char*> InstructionNames();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_INSTRUCTION_ARGUMENTS_H_
