#ifndef CUDNN_GRU_ADDON_PROGRAM_ARGUMENTS_H_
#define CUDNN_GRU_ADDON_PROGRAM_ARGUMENTS_H_

#include <napi.h>

#include <vector>

#include "addon/arguments.h"
#include "core/status.h"
#include "model/program.h"

namespace cudnn_gru {

// Reads a NativeProgramDescription (lib/native/native_program.ts).
Status ReadProgram(const Argument& argument, ProgramSpec* spec);

// The arrays of one call. `arrays` keeps all of them alive.
struct ProgramArrays {
  size_t rows = 0;
  std::vector<void*> inputs;
  std::vector<void*> outputs;
  napi_value arrays = nullptr;

  ProgramCall Call() const { return {rows, inputs.data(), outputs.data()}; }
};

// Reads the arguments of a call ("programRun"), the first of which is at the
// position 0, and checks the kinds and lengths of the arrays.
Status ReadProgramCall(const Arguments& arguments, const Program& program,
                       ProgramArrays* arrays);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_PROGRAM_ARGUMENTS_H_
