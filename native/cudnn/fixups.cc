#include "cudnn/fixups.h"

#include <algorithm>

namespace cudnn_gru {
namespace {

// Units that are added up together: their sums need no memory of their own.
constexpr size_t kUnitsAtOnce = 64;

}  // namespace

size_t Fixups::LastChunkOf(size_t i) const {
  size_t c = schedule_.chunks.size() - 1;
  while (i >= schedule_.chunks[c].rows) --c;
  return c;
}

template <typename Visit>
void Fixups::VisitLines(const Chunk& chunk, size_t begin, size_t end,
                        Visit visit) const {
  if (chunk.algorithm.time_major) {
    for (size_t step = begin; step < end; ++step) {
      for (size_t i = 0; i < chunk.rows; ++i) visit(i, step, size_t{1});
    }
    return;
  }
  for (size_t i = begin; i < end; ++i) {
    visit(i, size_t{0},
          static_cast<size_t>(schedule_.chunk_lengths[chunk.first_row + i]));
  }
}

template <typename Copy>
void Fixups::CopyInputSteps(const Chunk& chunk, size_t i, size_t step,
                            size_t count, Copy copy) const {
  const size_t row = schedule_.order[i];
  const size_t base = row * schedule_.timesteps;
  const size_t first = chunk.start + step;
  const size_t cell = CellOf(chunk, i, step);
  if (!call_.go_backwards) {
    copy((base + first) * features_, cell * features_, count * features_);
    return;
  }
  for (size_t k = 0; k < count; ++k) {
    copy((base + Length(row) - 1 - first - k) * features_,
         (cell + k) * features_, features_);
  }
}

void Fixups::ZeroPadding(const Chunk& chunk, size_t i, size_t width,
                         void* x) const {
  if (chunk.equal_lengths) return;
  const size_t steps =
      static_cast<size_t>(schedule_.chunk_lengths[chunk.first_row + i]);
  element_.ZeroStaged(x, CellOf(chunk, i, steps) * width,
                      (chunk.timesteps - steps) * width);
}

bool Fixups::LastOutputIsState(size_t row) const {
  const size_t length = Length(row);
  if (length == 0) return false;
  const bool ends_masked = length < schedule_.timesteps && !call_.go_backwards;
  return !(ends_masked && call_.zero_output_for_mask);
}

void Fixups::PackInputs(const Chunk& chunk, size_t begin, size_t end,
                        const void* inputs, void* x) const {
  VisitLines(chunk, begin, end, [&](size_t i, size_t step, size_t count) {
    CopyInputSteps(chunk, i, step, count,
                   [&](size_t host, size_t staged, size_t n) {
                     inputs_.ToDevice(inputs, host, x, staged, n);
                   });
    ZeroPadding(chunk, i, features_, x);
  });
}

void Fixups::PackInitialState(size_t begin, size_t end,
                              const void* initial_state, void* hx) const {
  for (size_t i = begin; i < end; ++i) {
    element_.ToDevice(initial_state, schedule_.order[i] * units_, hx,
                      i * units_, units_);
  }
}

void Fixups::UnpackOutput(const Chunk& chunk, size_t begin, size_t end,
                          const void* y, void* output) const {
  VisitLines(chunk, begin, end, [&](size_t i, size_t step, size_t count) {
    const size_t row = schedule_.order[i];
    const size_t to =
        row * schedule_.timesteps + OutputStep(row, chunk.start + step);
    output_.ToHost(y, CellOf(chunk, i, step) * units_, output, to * units_,
                   count * units_);
  });
}

void Fixups::FillMaskedOutputs(size_t begin, size_t end, void* output) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t row = schedule_.order[i];
    const size_t length = Length(row);
    const size_t base = row * schedule_.timesteps;
    const size_t masked = schedule_.timesteps - length;
    if (call_.go_backwards) {
      output_.ZeroHost(output, base * units_, masked * units_);
    } else if (length == 0 || call_.zero_output_for_mask) {
      output_.ZeroHost(output, (base + length) * units_, masked * units_);
    } else {
      for (size_t step = length; step < schedule_.timesteps; ++step) {
        output_.CopyHost(output, (base + length - 1) * units_, output,
                         (base + step) * units_, units_);
      }
    }
  }
}

void Fixups::UnpackLastOutput(size_t begin, size_t end, const void* hy,
                              void* output) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t row = schedule_.order[i];
    if (LastOutputIsState(row)) {
      // A row's last state is that of the last chunk it is in.
      const Chunk& chunk = schedule_.chunks[LastChunkOf(i)];
      output_.ToHost(hy, (chunk.first_row + i) * units_, output, row * units_,
                     units_);
    } else {
      output_.ZeroHost(output, row * units_, units_);
    }
  }
}

void Fixups::UnpackState(size_t begin, size_t end, const void* hy,
                         const void* initial_state, void* state) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t at = schedule_.order[i] * units_;
    if (i < ValidRows()) {
      // A row's last state is that of the last chunk it is in.
      const Chunk& chunk = schedule_.chunks[LastChunkOf(i)];
      element_.ToHost(hy, (chunk.first_row + i) * units_, state, at, units_);
    } else if (initial_state == nullptr) {
      element_.ZeroHost(state, at, units_);
    } else {
      element_.CopyHost(initial_state, at, state, at, units_);
    }
  }
}

void Fixups::PackOutputGradient(const Chunk& chunk, size_t begin, size_t end,
                                const void* output_gradient, void* dy) const {
  VisitLines(chunk, begin, end, [&](size_t i, size_t step, size_t count) {
    const size_t row = schedule_.order[i];
    const size_t from =
        row * schedule_.timesteps + OutputStep(row, chunk.start + step);
    element_.ToDevice(output_gradient, from * units_, dy,
                      CellOf(chunk, i, step) * units_, count * units_);
    ZeroPadding(chunk, i, units_, dy);
  });
}

void Fixups::AddMaskedGradients(size_t begin, size_t end,
                                const void* output_gradient, void* dy) const {
  if (call_.go_backwards || call_.zero_output_for_mask) return;
  if (element_.host_size() == sizeof(float)) {
    AddMasked(begin, end, static_cast<const float*>(output_gradient), dy);
  } else {
    AddMasked(begin, end, static_cast<const double*>(output_gradient), dy);
  }
}

// Masked steps repeat the last output: their gradients are its own as well.
template <typename T>
void Fixups::AddMasked(size_t begin, size_t end, const T* output_gradient,
                       void* dy) const {
  for (size_t i = begin; i < std::min(end, ValidRows()); ++i) {
    const size_t row = schedule_.order[i];
    const size_t last = Length(row) - 1;
    if (last + 1 == schedule_.timesteps) continue;
    const Chunk& chunk = schedule_.chunks[LastChunkOf(i)];
    const size_t cell = chunk.first_cell + CellOf(chunk, i, last - chunk.start);
    for (size_t unit = 0; unit < units_; unit += kUnitsAtOnce) {
      const size_t count = std::min(kUnitsAtOnce, units_ - unit);
      double sums[kUnitsAtOnce] = {};
      for (size_t t = last; t < schedule_.timesteps; ++t) {
        const T* const from =
            output_gradient + (row * schedule_.timesteps + t) * units_ + unit;
        for (size_t u = 0; u < count; ++u) {
          sums[u] += static_cast<double>(from[u]);
        }
      }
      T rounded[kUnitsAtOnce];
      for (size_t u = 0; u < count; ++u) rounded[u] = static_cast<T>(sums[u]);
      element_.ToDevice(rounded, 0, dy, cell * units_ + unit, count);
    }
  }
}

void Fixups::PackStateGradient(size_t begin, size_t end,
                               const void* output_gradient,
                               const void* state_gradient, void* dhy) const {
  if (element_.host_size() == sizeof(float)) {
    PackStates(begin, end, static_cast<const float*>(output_gradient),
               static_cast<const float*>(state_gradient), dhy);
  } else {
    PackStates(begin, end, static_cast<const double*>(output_gradient),
               static_cast<const double*>(state_gradient), dhy);
  }
}

template <typename T>
void Fixups::PackStates(size_t begin, size_t end, const T* output_gradient,
                        const T* state_gradient, void* dhy) const {
  for (size_t i = begin; i < std::min(end, ValidRows()); ++i) {
    const size_t row = schedule_.order[i];
    const Chunk& chunk = schedule_.chunks[LastChunkOf(i)];
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
      element_.ToDevice(sum, 0, dhy, (chunk.first_row + i) * units_ + unit,
                        count);
    }
  }
}

void Fixups::UnpackInputGradient(const Chunk& chunk, size_t begin, size_t end,
                                 const void* dx, void* gradient) const {
  VisitLines(chunk, begin, end, [&](size_t i, size_t step, size_t count) {
    CopyInputSteps(chunk, i, step, count,
                   [&](size_t host, size_t staged, size_t n) {
                     element_.ToHost(dx, staged, gradient, host, n);
                   });
  });
}

void Fixups::ZeroMaskedGradients(size_t begin, size_t end,
                                 void* gradient) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t row = schedule_.order[i];
    const size_t length = Length(row);
    element_.ZeroHost(gradient,
                      (row * schedule_.timesteps + length) * features_,
                      (schedule_.timesteps - length) * features_);
  }
}

void Fixups::UnpackInitialStateGradient(size_t begin, size_t end,
                                        const void* dhx,
                                        const void* state_gradient,
                                        void* gradient) const {
  for (size_t i = begin; i < end; ++i) {
    const size_t at = schedule_.order[i] * units_;
    if (i < ValidRows()) {
      element_.ToHost(dhx, i * units_, gradient, at, units_);
    } else if (state_gradient != nullptr) {
      element_.CopyHost(state_gradient, at, gradient, at, units_);
    } else {
      element_.ZeroHost(gradient, at, units_);
    }
  }
}

}  // namespace cudnn_gru
