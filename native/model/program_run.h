#ifndef CUDNN_GRU_MODEL_PROGRAM_RUN_H_
#define CUDNN_GRU_MODEL_PROGRAM_RUN_H_

#include "core/gru_backend.h"
#include "core/status.h"
#include "model/program.h"
#include "model/program_parts.h"

namespace cudnn_gru {

// Computes a call of at least one row, whose sizes were checked, as
// Program::Run says. Divides the rows into tiles, which the threads take one
// after the other. Each thread has one arena.
Status RunProgram(const ProgramParts& parts, const ProgramCall& call,
                  const ComputeOptions& options);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_PROGRAM_RUN_H_
