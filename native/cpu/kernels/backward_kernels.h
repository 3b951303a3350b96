#ifndef CUDNN_GRU_CPU_KERNELS_BACKWARD_KERNELS_H_
#define CUDNN_GRU_CPU_KERNELS_BACKWARD_KERNELS_H_

// The kernels of the backward pass, and the records they work on. The hazard of
// kernels.h holds here as well: plain structures only.

#include <stddef.h>

#include "core/activation.h"

namespace cudnn_gru {

// A record is what one row leaves of one step and panel: kRecordParts vectors,
// [part][lane]. Records of the rows of one block of steps are consecutive (a
// row's place is its slot), panels lie `stride` elements apart.
//
// Forward writes gates z, r and hh, the recurrent part of gate h (with
// reset_after=False nothing) and the state before the step; the first three are
// pre-activations where the layer has other activations than tanh and sigmoid.
// Backward overwrites the first three by the gradients of the pre-activations,
// and the fourth by the gradient of the recurrent part of gate h (with
// reset_after=False by r * reset_source, which that gate's weights multiplied).
constexpr size_t kRecordParts = 5;
enum RecordPart : size_t {
  kRecordUpdate = 0,
  kRecordReset = 1,
  kRecordCandidate = 2,
  kRecordRecurrent = 3,
  kRecordPrevious = 4,
};

// The gate functions of one step backwards, for tanh and sigmoid; `rows` rows,
// whose slots follow each other.
template <typename T>
struct GateGradientArguments {
  size_t rows;
  size_t units;
  size_t panel_begin;
  size_t panel_end;
  T* records;  // of the first row, panel 0
  size_t stride;
  // Per row, the gradient of the step's output, (U,); null: zeros.
  const T* const* d_output;
  // Per row, (panels * lanes): the gradient of the state after the step, which
  // becomes the part of that of the state before it that needs no weights.
  T* const* d_state;
  // Second half with reset_after=False only: per row, the gradient of
  // r * reset_source, (panels * lanes), and recurrent dropout's multipliers of
  // gate h, (U,), or null.
  const T* const* d_reset_state;
  const T* const* reset_dropout;
};

// out[row][n] (+)= sum over panels, gates and lanes k of
//     record[panel][row][part[gate]][k] * weights[n / lanes][panel][gate][k][n]
// for gates [gate_begin, gate_end) and panels of columns [out_begin, out_end).
// One chain of multiply-adds an element in that order or, with `short_chains`,
// one for each gate, then summed.
template <typename T>
struct RecordProductArguments {
  size_t rows;
  const T* records;
  size_t stride;
  size_t panels;
  size_t part[3];
  size_t gate_begin;
  size_t gate_end;
  const T* weights;
  size_t out_begin;
  size_t out_end;
  size_t columns;  // elements of a row of out
  T* const* out;
  bool add;  // to what out holds
  bool short_chains;
};

// out[m][gate * units + unit] (+)= sum over rows of
//     operand[row][m] * record[panel of unit][row][part[gate]][lane of unit]
// for m < depth, gates [gate_begin, gate_end), panels [panel_begin, panel_end).
// One chain an element in the order of the rows.
template <typename T>
struct OuterProductArguments {
  size_t rows;
  // Rows of the operand: their addresses; or (null) `row_stride` elements
  // apart from `base`, each in groups of `lanes`, `group_stride` apart.
  const T* const* operand;
  const T* base;
  size_t row_stride;
  size_t group_stride;
  size_t depth;
  const T* records;
  size_t stride;
  size_t part[3];
  size_t gate_begin;
  size_t gate_end;
  size_t panel_begin;
  size_t panel_end;
  size_t units;
  T* out;  // (depth, 3 * units)
  bool add;
  T* packed;  // scratch, (kOuterRows, depth), or null
};

// Rows of an outer product that are worked on at a time.
constexpr size_t kOuterRows = 128;

// sums[panel][part][lane] (+)= sum over rows of the first four parts of the
// records, for panels [panel_begin, panel_end).
template <typename T>
struct RecordSumArguments {
  size_t rows;
  const T* records;
  size_t stride;
  size_t panel_begin;
  size_t panel_end;
  T* sums;
  bool add;  // to what `sums` holds
};

template <typename T>
struct BackwardKernels {
  // reset_after=True: the whole step.
  void (*gates)(const GateGradientArguments<T>& arguments);
  // reset_after=False: gates z and h ...
  void (*candidate)(const GateGradientArguments<T>& arguments);
  // ... and, once d_reset_state is known, gate r.
  void (*reset)(const GateGradientArguments<T>& arguments);
  void (*record_product)(const RecordProductArguments<T>& arguments);
  void (*outer_product)(const OuterProductArguments<T>& arguments);
  // dx[i] = dy[i] times the derivative at x[i] of an elementwise activation
  // whose value there is y[i], for i < n. False, having done nothing, for
  // activations that no kernel has.
  bool (*differentiate)(const ActivationSpec& activation, const T* x,
                        const T* y, const T* dy, T* dx, size_t n);
  void (*sum_records)(const RecordSumArguments<T>& arguments);
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_KERNELS_BACKWARD_KERNELS_H_
