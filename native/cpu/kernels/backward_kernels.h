#ifndef CUDNN_GRU_CPU_KERNELS_BACKWARD_KERNELS_H_
#define CUDNN_GRU_CPU_KERNELS_BACKWARD_KERNELS_H_

// The interface of the kernels of the backward pass, and the records they work
// on. The hazard described in kernels.h applies here too: this header holds
// plain structures only.

#include <stddef.h>

#include "core/activation.h"
#include "core/half_kernels.h"

namespace cudnn_gru {

// A record keeps one step of one row and panel for the backward pass. It has
// kRecordParts vectors, [part][lane]. The records of the rows of one block of
// steps are consecutive, and the place of a record among them is its slot. The
// records of different panels lie `stride` elements apart.
//
// Forward writes five parts: the gates z, r and hh, the recurrent part of gate
// h (nothing with reset_after=False), and the state before the step. For layers
// with other activations than tanh and sigmoid, the first three hold
// pre-activations instead. Backward overwrites the first three with the
// gradients of the pre-activations, and the fourth with the gradient of the
// recurrent part of gate h, or with reset_after=False with r * reset_source,
// which was multiplied by the weights of that gate.
constexpr size_t kRecordParts = 5;
enum RecordPart : size_t {
  kRecordUpdate = 0,
  kRecordReset = 1,
  kRecordCandidate = 2,
  kRecordRecurrent = 3,
  kRecordPrevious = 4,
};

// The arguments of the gate functions of one step backwards, for tanh and
// sigmoid. The `rows` rows have consecutive slots. Arrays of pointers have one
// pointer for each row.
template <typename T>
struct GateGradientArguments {
  size_t rows;
  size_t units;
  size_t panel_begin;
  size_t panel_end;
  T* records;  // of the first row, panel 0
  size_t stride;
  // The gradient of the step's output, (U,). Null means zeros.
  const T* const* d_output;
  // The gradient of the state after the step, (panels * lanes). The kernel
  // turns it into the part of the gradient of the state before the step that
  // does not depend on the weights.
  T* const* d_state;
  // For `reset` only, which reset_after=False needs: the gradient of
  // r * reset_source, (panels * lanes), and the multipliers of gate h from
  // recurrent dropout, (U,), or null.
  const T* const* d_reset_state;
  const T* const* reset_dropout;
  // The type that forward rounded reset_source and r * reset_source to.
  StateRounding rounding;
  // The type that the gradients in the records are rounded to.
  StateRounding gradient_rounding;
};

// out[row][n] (+)= sum over panels, gates and lanes k of
//     record[panel][row][part[gate]][k] * weights[n / lanes][panel][gate][k][n]
// for gates [gate_begin, gate_end) and panels of columns [out_begin, out_end).
// Each element is one chain of multiply-adds in that order. With `short_chains`
// it is one chain for each gate, whose results are then added.
template <typename T>
struct RecordProductArguments {
  size_t rows;
  const T* records;
  size_t stride;
  size_t panels;
  size_t part[3];
  size_t gate_begin;
  size_t gate_end;
  const void* weights;  // in the format of cpu/weights/transposed_weights.h
  size_t out_begin;
  size_t out_end;
  size_t columns;  // the number of elements of a row of `out`
  T* const* out;   // for each row
  bool add;        // whether to add to `out` instead of overwriting it
  bool short_chains;
};

// out[m][gate * units + unit] (+)= sum over rows of
//     operand[row][m] * record[panel of unit][row][part[gate]][lane of unit]
// for m < depth, gates [gate_begin, gate_end), panels [panel_begin, panel_end).
// Each element is one chain of multiply-adds in the order of the rows.
template <typename T>
struct OuterProductArguments {
  size_t rows;
  // The addresses of the operand's rows. When this is null, the rows lie
  // `row_stride` elements apart from `base` on, and a row consists of groups of
  // `lanes` elements that lie `group_stride` elements apart.
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
  T* out;     // (depth, 3 * units)
  bool add;   // whether to add to `out` instead of overwriting it
  T* packed;  // scratch, (kOuterRows, depth)
};

// The number of rows of an outer product that are processed at a time.
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
  bool add;  // whether to add to `sums` instead of overwriting it
};

template <typename T>
struct BackwardKernels {
  // Computes the whole step of a layer with reset_after=True.
  void (*gates)(const GateGradientArguments<T>& arguments);
  // With reset_after=False, `candidate` computes gates z and h. When
  // d_reset_state is known, `reset` computes gate r.
  void (*candidate)(const GateGradientArguments<T>& arguments);
  void (*reset)(const GateGradientArguments<T>& arguments);
  // Computes dx[i] = dy[i] times the derivative of an elementwise activation at
  // x[i], where y[i] is the activation's value at x[i], for i < n. Does nothing
  // and returns false for an activation that the kernels do not have.
  bool (*differentiate)(const ActivationSpec& activation, const T* x,
                        const T* y, const T* dy, T* dx, size_t n);
  void (*sum_records)(const RecordSumArguments<T>& arguments);
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CPU_KERNELS_BACKWARD_KERNELS_H_
