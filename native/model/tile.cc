#include "model/tile.h"

#include "core/half.h"
#include "core/workspace.h"

namespace cudnn_gru {
namespace {

// The memory of a tile.
struct TileMemory {
  void** data;  // for each tensor
  char* scratch;
  char* arena;

  void Take(const ProgramParts& parts, size_t rows, BumpAllocator& allocator) {
    data = allocator.Take<void*>(parts.tensors.size());
    scratch = allocator.Take<char>(parts.scratch_bytes);
    arena = allocator.Take<char>(rows * parts.row_bytes);
  }
};

// Returns the first element of a tensor in the tile.
void* DataOf(const PlacedTensor& tensor, const ProgramCall& call,
             const Tile& tile, char* arena) {
  const size_t skipped = tile.begin * tensor.size * ElementSize(tensor.type);
  switch (tensor.place) {
    case Place::kArena:
      return arena + tensor.at * (tile.end - tile.begin);
    case Place::kInput:
      // Instructions never write to an input.
      return const_cast<char*>(
                 static_cast<const char*>(call.inputs[tensor.at])) +
             skipped;
    case Place::kOutput:
      return static_cast<char*>(call.outputs[tensor.at]) + skipped;
    case Place::kConstant:
      return const_cast<void*>(tensor.constant);
    case Place::kNowhere:
      break;
  }
  return nullptr;
}

// The bytes of a row of a port's array.
size_t RowBytes(const ProgramPort& port) {
  return port.size * PortElementSize(port.spec, port.type);
}

void ReadInputs(const ProgramParts& parts, const ProgramCall& call,
                const Tile& tile, void* const* data) {
  for (const size_t number : parts.copied_inputs) {
    const ProgramPort& port = parts.inputs[number];
    const char* const array = static_cast<const char*>(call.inputs[number]);
    ReadPort(port.spec, port.type, array + tile.begin * RowBytes(port),
             data[port.spec.tensor], (tile.end - tile.begin) * port.size);
  }
}

void WriteOutputs(const ProgramParts& parts, const ProgramCall& call,
                  const Tile& tile, void* const* data) {
  for (const size_t number : parts.copied_outputs) {
    const ProgramPort& port = parts.outputs[number];
    const void* const from = data[port.spec.tensor];
    char* const array = static_cast<char*>(call.outputs[number]);
    if (parts.tensors[port.spec.tensor].place != Place::kConstant) {
      WritePort(port.spec, port.type, from, array + tile.begin * RowBytes(port),
                (tile.end - tile.begin) * port.size);
      continue;
    }
    // Every row is the whole constant.
    for (size_t row = tile.begin; row < tile.end; ++row) {
      WritePort(port.spec, port.type, from, array + row * RowBytes(port),
                port.size);
    }
  }
}

// Rounds the results of an instruction to its 16-bit type.
void RoundResults(const ProgramParts& parts, const InstructionFacts& facts,
                  const Frame& frame) {
  if (facts.rounding == StateRounding::kNone) return;
  for (const TensorId id : facts.writes) {
    const PlacedTensor& tensor = parts.tensors[id];
    if (tensor.type != ElementType::kFloat32) continue;
    RoundValues(facts.rounding, static_cast<float*>(frame.data[id]),
                frame.rows * tensor.size);
  }
}

}  // namespace

size_t TileBytes(const ProgramParts& parts, size_t rows) {
  BumpAllocator measure(nullptr);
  TileMemory().Take(parts, rows, measure);
  return measure.used();
}

Status RunTile(const ProgramParts& parts, const ProgramCall& call,
               const Tile& tile, void* memory, const ComputeOptions& options) {
  const size_t rows = tile.end - tile.begin;
  BumpAllocator allocator(memory);
  TileMemory own;
  own.Take(parts, rows, allocator);
  for (size_t i = 0; i < parts.tensors.size(); ++i) {
    own.data[i] = DataOf(parts.tensors[i], call, tile, own.arena);
  }
  ReadInputs(parts, call, tile, own.data);
  const Frame frame = {own.data, rows, tile.begin, own.scratch, options};
  for (const MadeInstruction& instruction : parts.instructions) {
    if (options.cancellation != nullptr && options.cancellation->requested()) {
      return Aborted();
    }
    const Status status = instruction->Run(frame);
    if (!status.ok()) return status;
    RoundResults(parts, instruction->facts(), frame);
  }
  WriteOutputs(parts, call, tile, own.data);
  return Status();
}

}  // namespace cudnn_gru
