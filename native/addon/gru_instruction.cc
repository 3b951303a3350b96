#include "addon/gru_instruction.h"

#include "addon/merge_names.h"
#include "addon/native_gru.h"

namespace cudnn_gru {
namespace {

Status ReadHalf(const Argument& argument, GruHalfSpec* half) {
  Fields fields(argument);
  half->go_backwards = fields.Bool("goBackwards");
  half->zero_output_for_mask = fields.Bool("zeroOutputForMask");
  const Path path = fields.Bool("cudnn") ? Path::kCudnn : Path::kCpu;
  half->initial_state = fields.OptionalSize("initialState");
  half->state = fields.OptionalSize("state");
  if (!fields.status().ok()) return fields.status();
  return ReadNativeGru(fields["gru"], path, &half->backend);
}

Status ReadLayer(const Argument& argument, GruLayerSpec* layer) {
  Fields fields(argument);
  fields.Note(ReadMerge(fields["merge"], &layer->merge));
  for (const Argument& element : fields.List("halves")) {
    GruHalfSpec half;
    fields.Note(ReadHalf(element, &half));
    layer->halves.push_back(half);
  }
  return fields.status();
}

}  // namespace

InstructionSpec ReadGruInstruction(Fields* fields) {
  GruSpec spec;
  spec.x = fields->Size("x");
  spec.steps = fields->Size("steps");
  spec.return_sequences = fields->Bool("returnSequences");
  spec.outputs = fields->Sizes("outputs");
  spec.mask = fields->OptionalSize("mask");
  spec.tf32 = fields->Bool("allowTf32") ? Tf32::kAllowed : Tf32::kForbidden;
  for (const Argument& element : fields->List("layers")) {
    GruLayerSpec layer;
    fields->Note(ReadLayer(element, &layer));
    spec.layers.push_back(layer);
  }
  return spec;
}

}  // namespace cudnn_gru
