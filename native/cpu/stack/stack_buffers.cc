#include "cpu/stack/stack_buffers.h"

#include <cstddef>

namespace cudnn_gru {
namespace {

// Returns where a half writes in an output of `width` elements a step, from
// the element `first` of each step on.
OutputPlace PlaceOf(const GruCall& call, size_t half, size_t width,
                    size_t first) {
  const size_t steps = call.return_sequences ? call.timesteps : 1;
  const ptrdiff_t stride = static_cast<ptrdiff_t>(width);
  if (half == 0) return {first, steps * width, stride};
  return {first + (steps - 1) * width, steps * width, -stride};
}

// Takes an array of `count` elements of the job's dtype.
void* TakeElements(const StackJob& job, size_t count,
                   BumpAllocator& allocator) {
  return allocator.Take<char>(count * DtypeSize(job.dtype()));
}

}  // namespace

void FillCalls(const StackCall& call, StackJob* job) {
  for (size_t i = 0; i < call.layers.size(); ++i) {
    const StackLayer& from = call.layers[i];
    LayerJob& layer = job->layers[i];
    const size_t width = WidthOf(from);
    const bool concat = from.merge == Merge::kConcat;
    layer.merge = from.merge;
    layer.half_count = from.half_count;
    layer.output.is_bits = i + 1 == call.layers.size() && call.output_is_bits;
    for (size_t half = 0; half < from.half_count; ++half) {
      HalfJob& to = layer.halves[half];
      const size_t units = to.weights->description().units;
      to.call = CallOfHalf(call, i, half, nullptr);
      to.call.output_is_bits =
          layer.output.is_bits && !IsArithmetic(from.merge);
      to.place = PlaceOf(to.call, half, concat ? width : units,
                         concat && half == 1 ? width - units : 0);
    }
  }
}

void PlaceBuffers(const StackCall& call, const void* inputs,
                  BumpAllocator& allocator, StackJob* job) {
  for (size_t i = 0; i < call.layers.size(); ++i) {
    const StackLayer& from = call.layers[i];
    LayerJob& layer = job->layers[i];
    const bool last = i + 1 == call.layers.size();
    const size_t rows =
        call.batch * (from.return_sequences ? call.timesteps : 1);
    layer.output.data =
        last ? call.outputs[0]
             : TakeElements(*job, rows * WidthOf(from), allocator);
    for (size_t half = 0; half < from.half_count; ++half) {
      HalfJob& to = layer.halves[half];
      to.call.inputs = inputs;
      to.call.output = layer.output.data;
      if (IsArithmetic(from.merge)) {
        const size_t units = to.weights->description().units;
        to.call.output = TakeElements(*job, rows * units, allocator);
      } else if (half == 1 && from.merge == Merge::kSeparate) {
        to.call.output = call.outputs[1];
      }
    }
    inputs = layer.output.data;
  }
}

}  // namespace cudnn_gru
