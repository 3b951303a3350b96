#include "cudnn/tensor_packing.h"

#include <algorithm>

namespace cudnn_gru {
namespace {

// How many units are summed at once. Their sums then fit on the stack.
constexpr size_t kUnitsAtOnce = 64;

}  // namespace

size_t TensorPacking::LastChunkOf(size_t i) const {
  size_t c = chunking_.chunks.size() - 1;
  while (i >= chunking_.chunks[c].rows) --c;
  return c;
}

template <typename Copy>
void TensorPacking::CopyInputSteps(const Chunk& chunk, size_t i, size_t step,
                                   size_t count, Copy copy) const {
  const size_t row = chunking_.order[i];
  const size_t base = row * chunking_.timesteps;
  const size_t first = chunk.start + step;
  const size_t position = PositionOf(chunk, i, step);
  if (!call_.go_backwards) {
    copy((base + first) * features_, position * features_, count * features_);
    return;
  }
  for (size_t k = 0; k < count; ++k) {
    copy((base + Length(row) - 1 - first - k) * features_,
         (position + k) * features_, features_);
  }
}

void TensorPacking::ZeroPadding(const Chunk& chunk, size_t i, size_t width,
                                void* x) const {
  if (chunk.lengths == RowLengths::kEqual) return;
  const size_t steps =
      static_cast<size_t>(chunking_.chunk_lengths[chunk.first_row + i]);
  format_.ZeroStaged(x, PositionOf(chunk, i, steps) * width,
                     (chunk.timesteps - steps) * width);
}

bool TensorPacking::LastOutputIsState(size_t row) const {
  const size_t length = Length(row);
  if (length == 0) return false;
  const bool ends_masked = length < chunking_.timesteps && !call_.go_backwards;
  return !(ends_masked && call_.zero_output_for_mask);
}

void TensorPacking::PackInputs(const Chunk& chunk, size_t begin, size_t end,
                               const void* inputs, void* x) const {
  VisitLines(chunk, begin, end, [&](size_t i, size_t step, size_t count) {
    CopyInputSteps(chunk, i, step, count,
                   [&](size_t host, size_t staged, size_t n) {
                     inputs_format_.ToDevice(inputs, host, x, staged, n);
                   });
    ZeroPadding(chunk, i, features_, x);
  });
}

void TensorPacking::PackInitialState(size_t begin, size_t end,
                                     const void* initial_state,
                                     void* hx) const {
  for (size_t i = begin; i < end; ++i) {
    format_.ToDevice(initial_state, chunking_.order[i] * units_, hx, i * units_,
                     units_);
  }
}

void TensorPacking::UnpackOutput(const Chunk& chunk, size_t begin, size_t end,
                                 const void* y, void* output) const {
  VisitLines(chunk, begin, end, [&](size_t i, size_t step, size_t count) {
    const size_t row = chunking_.order[i];
    const size_t to =
        row * chunking_.timesteps + OutputStep(row, chunk.start + step);
    output_format_.ToHost(y, PositionOf(chunk, i, step) * units_, output,
                          to * units_, count * units_);
  });
}

void TensorPacking::FillMaskedOutputs(size_t begin, size_t end,
                                      void* output) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t row = chunking_.order[i];
    const size_t length = Length(row);
    const size_t base = row * chunking_.timesteps;
    const size_t masked = chunking_.timesteps - length;
    if (call_.go_backwards) {
      output_format_.ZeroHost(output, base * units_, masked * units_);
    } else if (length == 0 || call_.zero_output_for_mask) {
      output_format_.ZeroHost(output, (base + length) * units_,
                              masked * units_);
    } else {
      for (size_t step = length; step < chunking_.timesteps; ++step) {
        const size_t at = (base + step) * units_;
        output_format_.CopyHost(output, (base + length - 1) * units_, output,
                                at, repeated_units_);
        output_format_.ZeroHost(output, at + repeated_units_,
                                units_ - repeated_units_);
      }
    }
  }
}

void TensorPacking::UnpackLastOutput(size_t begin, size_t end, const void* hy,
                                     void* output) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t row = chunking_.order[i];
    if (LastOutputIsState(row)) {
      // A row's last state is its state after the last chunk it is in.
      const Chunk& chunk = chunking_.chunks[LastChunkOf(i)];
      output_format_.ToHost(hy, (chunk.first_row + i) * units_, output,
                            row * units_, units_);
    } else {
      output_format_.ZeroHost(output, row * units_, units_);
    }
  }
}

void TensorPacking::UnpackState(size_t begin, size_t end, const void* hy,
                                const void* initial_state, void* state) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t at = chunking_.order[i] * units_;
    if (i < ValidRows()) {
      // A row's last state is its state after the last chunk it is in.
      const Chunk& chunk = chunking_.chunks[LastChunkOf(i)];
      format_.ToHost(hy, (chunk.first_row + i) * units_, state, at, units_);
    } else if (initial_state == nullptr) {
      format_.ZeroHost(state, at, units_);
    } else {
      format_.CopyHost(initial_state, at, state, at, units_);
    }
  }
}

void TensorPacking::PackOutputGradient(const Chunk& chunk, size_t begin,
                                       size_t end, const void* output_gradient,
                                       void* dy) const {
  VisitLines(chunk, begin, end, [&](size_t i, size_t step, size_t count) {
    const size_t row = chunking_.order[i];
    const size_t from =
        row * chunking_.timesteps + OutputStep(row, chunk.start + step);
    format_.ToDevice(output_gradient, from * units_, dy,
                     PositionOf(chunk, i, step) * units_, count * units_);
    ZeroPadding(chunk, i, units_, dy);
  });
}

void TensorPacking::AddMaskedGradients(size_t begin, size_t end,
                                       const void* output_gradient,
                                       void* dy) const {
  if (call_.go_backwards || call_.zero_output_for_mask) return;
  if (format_.host_bytes() == sizeof(float)) {
    AddMasked(begin, end, static_cast<const float*>(output_gradient), dy);
  } else {
    AddMasked(begin, end, static_cast<const double*>(output_gradient), dy);
  }
}

// Masked steps repeat the last output, so their gradients are added to its own.
template <typename T>
void TensorPacking::AddMasked(size_t begin, size_t end,
                              const T* output_gradient, void* dy) const {
  for (size_t i = begin; i < std::min(end, ValidRows()); ++i) {
    const size_t row = chunking_.order[i];
    const size_t last = Length(row) - 1;
    if (last + 1 == chunking_.timesteps) continue;
    const Chunk& chunk = chunking_.chunks[LastChunkOf(i)];
    const size_t position =
        chunk.first_position + PositionOf(chunk, i, last - chunk.start);
    for (size_t unit = 0; unit < repeated_units_; unit += kUnitsAtOnce) {
      const size_t count = std::min(kUnitsAtOnce, repeated_units_ - unit);
      double sums[kUnitsAtOnce] = {};
      for (size_t t = last; t < chunking_.timesteps; ++t) {
        const T* const from =
            output_gradient + (row * chunking_.timesteps + t) * units_ + unit;
        for (size_t u = 0; u < count; ++u) {
          sums[u] += static_cast<double>(from[u]);
        }
      }
      T rounded[kUnitsAtOnce];
      for (size_t u = 0; u < count; ++u) rounded[u] = static_cast<T>(sums[u]);
      format_.ToDevice(rounded, 0, dy, position * units_ + unit, count);
    }
  }
}

void TensorPacking::PackStateGradient(size_t begin, size_t end,
                                      const void* output_gradient,
                                      const void* state_gradient,
                                      void* dhy) const {
  if (format_.host_bytes() == sizeof(float)) {
    PackStates(begin, end, static_cast<const float*>(output_gradient),
               static_cast<const float*>(state_gradient), dhy);
  } else {
    PackStates(begin, end, static_cast<const double*>(output_gradient),
               static_cast<const double*>(state_gradient), dhy);
  }
}

template <typename T>
void TensorPacking::PackStates(size_t begin, size_t end,
                               const T* output_gradient,
                               const T* state_gradient, void* dhy) const {
  for (size_t i = begin; i < std::min(end, ValidRows()); ++i) {
    const size_t row = chunking_.order[i];
    const Chunk& chunk = chunking_.chunks[LastChunkOf(i)];
    const bool counts = !call_.return_sequences && output_gradient != nullptr &&
                        LastOutputIsState(row);
    for (size_t unit = 0; unit < units_; unit += kUnitsAtOnce) {
      const size_t count = std::min(kUnitsAtOnce, units_ - unit);
      const size_t at = row * units_ + unit;
      T sum[kUnitsAtOnce] = {};
      for (size_t u = 0; u < count; ++u) {
        if (state_gradient != nullptr) sum[u] = state_gradient[at + u];
        if (counts) sum[u] += output_gradient[at + u];
      }
      format_.ToDevice(sum, 0, dhy, (chunk.first_row + i) * units_ + unit,
                       count);
    }
  }
}

void TensorPacking::UnpackInputGradient(const Chunk& chunk, size_t begin,
                                        size_t end, const void* dx,
                                        void* gradient) const {
  VisitLines(chunk, begin, end, [&](size_t i, size_t step, size_t count) {
    CopyInputSteps(chunk, i, step, count,
                   [&](size_t host, size_t staged, size_t n) {
                     format_.ToHost(dx, staged, gradient, host, n);
                   });
  });
}

void TensorPacking::ZeroMaskedGradients(size_t begin, size_t end,
                                        void* gradient) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t row = chunking_.order[i];
    const size_t length = Length(row);
    format_.ZeroHost(gradient, (row * chunking_.timesteps + length) * features_,
                     (chunking_.timesteps - length) * features_);
  }
}

void TensorPacking::UnpackInitialStateGradient(size_t begin, size_t end,
                                               const void* dhx,
                                               const void* state_gradient,
                                               void* gradient) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t at = chunking_.order[i] * units_;
    if (i < ValidRows()) {
      format_.ToHost(dhx, i * units_, gradient, at, units_);
    } else if (state_gradient != nullptr) {
      format_.CopyHost(state_gradient, at, gradient, at, units_);
    } else {
      format_.ZeroHost(gradient, at, units_);
    }
  }
}

}  // namespace cudnn_gru
