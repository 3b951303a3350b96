#ifndef CUDNN_GRU_CORE_MERGE_H_
#define CUDNN_GRU_CORE_MERGE_H_

#include <cstddef>

#include "core/gru_description.h"

namespace cudnn_gru {

// How the outputs of a Bidirectional's two halves become the output of the
// layer (keras/src/layers/rnn/bidirectional.py). kNone is for a single GRU.
// kSeparate, Keras's None, leaves them as two outputs.
enum class Merge { kNone, kConcat, kSum, kMul, kAve, kSeparate };

// Whether the merge makes new values out of both outputs.
inline bool IsArithmetic(Merge merge) {
  return merge == Merge::kSum || merge == Merge::kMul || merge == Merge::kAve;
}

// In which order the backward half's steps lie in memory: in that of the merged
// output, or in the order in which the half computed them.
enum class StepOrder { kMerged, kReversed };

// The sizes of a merge. Tensors are (B, steps, width), row-major and
// contiguous.
struct MergeShape {
  size_t steps;  // 1 without return_sequences
  size_t units[2];
  // The type that every operation rounds its result to, as Keras's do.
  StateRounding rounding;
};

// Rows to merge, from `begin` to `end - 1`.
struct MergeRows {
  size_t begin;
  size_t end;
};

// Where merged values go: an array of the layer's dtype, or of bits.
struct MergedOutput {
  void* data;
  bool is_bits;
};

// Merges the rows of two outputs with kConcat, kSum, kMul or kAve.
template <typename T>
void MergeOutputs(Merge merge, const MergeShape& shape, const MergeRows& rows,
                  const T* const outputs[2], StepOrder order,
                  const MergedOutput& merged);

// Copies the rows of one output of `units`, with its steps in the order of the
// merged output.
template <typename T>
void CopyOutput(const MergeShape& shape, size_t half, const MergeRows& rows,
                const T* output, StepOrder order, const MergedOutput& to);

// Computes the gradient of one half's output from that of the merged output.
// Its steps lie in the order in which the half computed them. `other` is the
// other half's output in the order of the merged output, which only kMul needs.
template <typename T>
void SplitGradient(Merge merge, const MergeShape& shape, size_t rows,
                   size_t half, const T* d_merged, const T* other, T* d_output);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_MERGE_H_
