#include "cudnn/fixups.h"

#include <vector>

namespace cudnn_gru {

bool Fixups::LastOutputIsState(size_t row) const {
  const size_t length = Length(row);
  if (length == 0) return false;
  const bool ends_masked = length < schedule_.timesteps && !call_.go_backwards;
  return !(ends_masked && call_.zero_output_for_mask);
}

void Fixups::PackInputs(const Chunk& chunk, size_t row_begin, size_t row_end,
                        const void* inputs, void* x) const {
  for (size_t i = row_begin; i < row_end; ++i) {
    const size_t row = schedule_.order[i];
    const size_t steps =
        static_cast<size_t>(schedule_.chunk_lengths[chunk.first_row + i]);
    const size_t to = i * chunk.timesteps;
    const size_t from = row * schedule_.timesteps;
    if (call_.go_backwards) {
      for (size_t step = 0; step < steps; ++step) {
        inputs_.ToDevice(
            inputs, (from + InputStep(row, chunk.start + step)) * features_, x,
            (to + step) * features_, features_);
      }
    } else {
      inputs_.ToDevice(inputs, (from + chunk.start) * features_, x,
                       to * features_, steps * features_);
    }
    inputs_.ZeroStaged(x, (to + steps) * features_,
                       (chunk.timesteps - steps) * features_);
  }
}

void Fixups::PackInitialState(const void* initial_state, void* hx) const {
  for (size_t i = 0; i < schedule_.chunks[0].rows; ++i) {
    element_.ToDevice(initial_state, schedule_.order[i] * units_, hx,
                      i * units_, units_);
  }
}

void Fixups::FillMaskedOutputs(size_t row, void* output) const {
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

void Fixups::UnpackOutput(const void* y, const void* hy, void* output) const {
  if (!call_.return_sequences) {
    UnpackLastStates(output_, hy, output);
    for (size_t row = 0; row < schedule_.batch; ++row) {
      if (!LastOutputIsState(row)) {
        output_.ZeroHost(output, row * units_, units_);
      }
    }
    return;
  }
  for (const Chunk& chunk : schedule_.chunks) {
    for (size_t i = 0; i < chunk.rows; ++i) {
      const size_t row = schedule_.order[i];
      const size_t steps =
          static_cast<size_t>(schedule_.chunk_lengths[chunk.first_row + i]);
      output_.ToHost(
          y, (chunk.first_cell + i * chunk.timesteps) * units_, output,
          (row * schedule_.timesteps + OutputStep(row, chunk.start)) * units_,
          steps * units_);
    }
  }
  for (size_t row = 0; row < schedule_.batch; ++row) {
    FillMaskedOutputs(row, output);
  }
}

void Fixups::UnpackLastStates(const Element& element, const void* hy,
                              void* to) const {
  // A row's last state is that of the last chunk it is in.
  for (size_t c = 0; c < schedule_.chunks.size(); ++c) {
    const Chunk& chunk = schedule_.chunks[c];
    const size_t go_on = c + 1 < schedule_.chunks.size()
                             ? schedule_.chunks[c + 1].rows
                             : size_t{0};
    for (size_t i = go_on; i < chunk.rows; ++i) {
      element.ToHost(hy, (chunk.first_row + i) * units_, to,
                     schedule_.order[i] * units_, units_);
    }
  }
}

void Fixups::UnpackState(const void* hy, const void* initial_state,
                         void* state) const {
  UnpackLastStates(element_, hy, state);
  const size_t empty_from =
      schedule_.chunks.empty() ? 0 : schedule_.chunks[0].rows;
  for (size_t i = empty_from; i < schedule_.batch; ++i) {
    const size_t at = schedule_.order[i] * units_;
    if (initial_state == nullptr) {
      element_.ZeroHost(state, at, units_);
    } else {
      element_.CopyHost(initial_state, at, state, at, units_);
    }
  }
}

void Fixups::PackOutputGradient(const void* output_gradient, void* dy) const {
  for (const Chunk& chunk : schedule_.chunks) {
    for (size_t i = 0; i < chunk.rows; ++i) {
      const size_t row = schedule_.order[i];
      const size_t steps =
          static_cast<size_t>(schedule_.chunk_lengths[chunk.first_row + i]);
      const size_t to = chunk.first_cell + i * chunk.timesteps;
      element_.ToDevice(
          output_gradient,
          (row * schedule_.timesteps + OutputStep(row, chunk.start)) * units_,
          dy, to * units_, steps * units_);
      element_.ZeroStaged(dy, (to + steps) * units_,
                          (chunk.timesteps - steps) * units_);
    }
  }
  if (call_.go_backwards || call_.zero_output_for_mask) return;
  if (element_.host_size() == sizeof(float)) {
    AddRepeatedGradients(static_cast<const float*>(output_gradient), dy);
  } else {
    AddRepeatedGradients(static_cast<const double*>(output_gradient), dy);
  }
}

// Masked steps repeat the last output: their gradients are its own as well.
template <typename T>
void Fixups::AddRepeatedGradients(const T* output_gradient, void* dy) const {
  std::vector<double> sums;
  std::vector<T> rounded;
  for (const Chunk& chunk : schedule_.chunks) {
    for (size_t i = 0; i < chunk.rows; ++i) {
      const size_t row = schedule_.order[i];
      const size_t length = Length(row);
      const bool ends_here = length <= chunk.start + chunk.timesteps;
      if (!ends_here || length == schedule_.timesteps) continue;
      sums.assign(units_, 0.0);
      for (size_t t = length - 1; t < schedule_.timesteps; ++t) {
        const T* const from =
            output_gradient + (row * schedule_.timesteps + t) * units_;
        for (size_t u = 0; u < units_; ++u) {
          sums[u] += static_cast<double>(from[u]);
        }
      }
      rounded.resize(units_);
      for (size_t u = 0; u < units_; ++u) rounded[u] = static_cast<T>(sums[u]);
      const size_t cell =
          chunk.first_cell + i * chunk.timesteps + length - 1 - chunk.start;
      element_.ToDevice(rounded.data(), 0, dy, cell * units_, units_);
    }
  }
}

void Fixups::PackStateGradient(const void* output_gradient,
                               const void* state_gradient, void* dhy) const {
  element_.ZeroStaged(dhy, 0, schedule_.rows * units_);
  if (element_.host_size() == sizeof(float)) {
    AddStateGradients(static_cast<const float*>(output_gradient),
                      static_cast<const float*>(state_gradient), dhy);
  } else {
    AddStateGradients(static_cast<const double*>(output_gradient),
                      static_cast<const double*>(state_gradient), dhy);
  }
}

template <typename T>
void Fixups::AddStateGradients(const T* output_gradient,
                               const T* state_gradient, void* dhy) const {
  std::vector<T> sum(units_);
  for (size_t c = 0; c < schedule_.chunks.size(); ++c) {
    const Chunk& chunk = schedule_.chunks[c];
    const size_t go_on = c + 1 < schedule_.chunks.size()
                             ? schedule_.chunks[c + 1].rows
                             : size_t{0};
    for (size_t i = go_on; i < chunk.rows; ++i) {
      const size_t row = schedule_.order[i];
      const bool counts = !call_.return_sequences &&
                          output_gradient != nullptr && LastOutputIsState(row);
      for (size_t u = 0; u < units_; ++u) {
        const size_t at = row * units_ + u;
        T value = state_gradient == nullptr ? T(0) : state_gradient[at];
        if (counts) value += output_gradient[at];
        sum[u] = value;
      }
      element_.ToDevice(sum.data(), 0, dhy, (chunk.first_row + i) * units_,
                        units_);
    }
  }
}

void Fixups::UnpackInputGradient(const void* dx, void* gradient) const {
  for (size_t row = 0; row < schedule_.batch; ++row) {
    const size_t length = Length(row);
    element_.ZeroHost(gradient,
                      (row * schedule_.timesteps + length) * features_,
                      (schedule_.timesteps - length) * features_);
  }
  for (const Chunk& chunk : schedule_.chunks) {
    for (size_t i = 0; i < chunk.rows; ++i) {
      const size_t row = schedule_.order[i];
      const size_t steps =
          static_cast<size_t>(schedule_.chunk_lengths[chunk.first_row + i]);
      const size_t from = chunk.first_cell + i * chunk.timesteps;
      const size_t to = row * schedule_.timesteps;
      if (!call_.go_backwards) {
        element_.ToHost(dx, from * features_, gradient,
                        (to + chunk.start) * features_, steps * features_);
        continue;
      }
      for (size_t step = 0; step < steps; ++step) {
        element_.ToHost(dx, (from + step) * features_, gradient,
                        (to + InputStep(row, chunk.start + step)) * features_,
                        features_);
      }
    }
  }
}

void Fixups::UnpackInitialStateGradient(const void* dhx,
                                        const void* state_gradient,
                                        void* gradient) const {
  const size_t valid = schedule_.chunks.empty() ? 0 : schedule_.chunks[0].rows;
  for (size_t i = 0; i < schedule_.batch; ++i) {
    const size_t at = schedule_.order[i] * units_;
    if (i < valid) {
      element_.ToHost(dhx, i * units_, gradient, at, units_);
    } else if (state_gradient != nullptr) {
      element_.CopyHost(state_gradient, at, gradient, at, units_);
    } else {
      element_.ZeroHost(gradient, at, units_);
    }
  }
}

}  // namespace cudnn_gru
