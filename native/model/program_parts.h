#ifndef CUDNN_GRU_MODEL_PROGRAM_PARTS_H_
#define CUDNN_GRU_MODEL_PROGRAM_PARTS_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "core/status.h"
#include "cpu/dispatch/dispatch.h"
#include "model/program_spec.h"

namespace cudnn_gru {

// An input or an output of a program.
struct ProgramPort {
  PortSpec spec;
  ElementType type = ElementType::kFloat32;
  size_t size = 0;  // the elements of a row
};

// Where the elements of a tensor are during a run.
enum class Place { kNowhere, kArena, kInput, kOutput, kConstant };

// A tensor and its place.
struct PlacedTensor {
  ElementType type = ElementType::kFloat32;
  size_t size = 0;  // the elements of a row; of a constant, all elements
  Place place = Place::kNowhere;
  // The offset in the arena in bytes of a row, or the number of the port.
  size_t at = 0;
  const void* constant = nullptr;
};

// A program that was checked and planned.
struct ProgramParts {
  std::vector<PlacedTensor> tensors;
  std::vector<std::shared_ptr<const ConstantData>> constants;
  std::vector<ProgramPort> inputs;
  std::vector<ProgramPort> outputs;
  // The numbers of the ports whose elements are converted or copied.
  std::vector<size_t> copied_inputs;
  std::vector<size_t> copied_outputs;
  std::vector<MadeInstruction> instructions;
  bool divisible = true;
  size_t row_bytes = 0;      // of the arena
  size_t scratch_bytes = 0;  // the most that an instruction needs
  double work = 0;           // floating-point operations a row, roughly
  double serial_work = 0;    // of those that only one thread can compute
};

// Checks everything that memory safety needs, and plans the memory.
Status BuildProgram(const ProgramSpec& spec, const CpuIsa& isa,
                    ProgramParts* parts);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_PROGRAM_PARTS_H_
