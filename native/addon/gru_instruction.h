#ifndef CUDNN_GRU_ADDON_GRU_INSTRUCTION_H_
#define CUDNN_GRU_ADDON_GRU_INSTRUCTION_H_

#include "addon/fields.h"
#include "model/program_spec.h"

namespace cudnn_gru {

// Reads the fields of the instruction `gru` (lib/native/instructions.ts).
InstructionSpec ReadGruInstruction(Fields* fields);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_GRU_INSTRUCTION_H_
