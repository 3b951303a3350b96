#include "cudnn/rnn_layers.h"

#include <algorithm>

namespace doubles {
namespace {

using Vector = std::vector<double>;

// The valid steps of each row in the order in which a direction computes them:
// as they are, or from the last to the first. It is its own inverse.
Vector InOrderOf(const GruProblem& gru, size_t direction, size_t width,
                 const Vector& sequence) {
  if (direction == 0) return sequence;
  Vector turned(sequence.size());
  const size_t steps = static_cast<size_t>(gru.steps);
  for (size_t b = 0; b < static_cast<size_t>(gru.batch); ++b) {
    const size_t length = static_cast<size_t>(gru.lengths[b]);
    for (size_t t = 0; t < length; ++t) {
      const double* const from =
          sequence.data() + (b * steps + length - 1 - t) * width;
      std::copy_n(from, width, turned.data() + (b * steps + t) * width);
    }
  }
  return turned;
}

// One direction's part of a sequence (batch, steps, directions, units).
Vector PartOf(const RnnProblem& problem, size_t direction,
              const Vector& sequence) {
  const size_t units = static_cast<size_t>(problem.gru.units);
  Vector part;
  for (size_t at = direction * units; at < sequence.size();
       at += problem.directions * units) {
    for (size_t j = 0; j < units; ++j) part.push_back(sequence[at + j]);
  }
  return part;
}

void SetPart(const RnnProblem& problem, size_t direction, const Vector& part,
             Vector* sequence) {
  const size_t units = static_cast<size_t>(problem.gru.units);
  for (size_t i = 0; i < part.size(); ++i) {
    const size_t step = i / units;
    (*sequence)[(step * problem.directions + direction) * units + i % units] =
        part[i];
  }
}

Vector StateOf(const RnnProblem& problem, size_t pseudo_layer,
               const Vector& states) {
  const size_t size = states.size() / problem.pseudo_layers();
  const auto begin =
      states.begin() + static_cast<std::ptrdiff_t>(pseudo_layer * size);
  return Vector(begin, begin + static_cast<std::ptrdiff_t>(size));
}

void SetState(const RnnProblem& problem, size_t pseudo_layer,
              const Vector& state, Vector* states) {
  const size_t size = states->size() / problem.pseudo_layers();
  std::copy(state.begin(), state.end(),
            states->begin() + static_cast<std::ptrdiff_t>(pseudo_layer * size));
}

size_t StepsOf(const RnnProblem& problem) {
  return static_cast<size_t>(problem.gru.batch) *
         static_cast<size_t>(problem.gru.steps);
}

}  // namespace

GruProblem RnnProblem::LayerProblem(size_t layer) const {
  GruProblem one = gru;
  if (layer > 0) one.features = gru.units * static_cast<int>(directions);
  return one;
}

void RnnForward(const RnnProblem& problem,
                const std::vector<GruWeights>& weights, const Vector& x,
                const Vector& hx, Vector* y, Vector* hy, SavedLayers* saved) {
  const size_t units = static_cast<size_t>(problem.gru.units);
  const size_t steps = StepsOf(problem);
  Vector input = x;
  for (size_t layer = 0; layer < problem.layers; ++layer) {
    const GruProblem one = problem.LayerProblem(layer);
    Vector output(steps * problem.directions * units);
    for (size_t d = 0; d < problem.directions; ++d) {
      const size_t p = layer * problem.directions + d;
      Vector part(steps * units);
      Vector state(static_cast<size_t>(one.batch) * units);
      Vector gates(steps * 4 * units);
      GruForward(one, weights[p],
                 InOrderOf(one, d, static_cast<size_t>(one.features), input),
                 StateOf(problem, p, hx), &part, &state, &gates);
      SetPart(problem, d, InOrderOf(one, d, units, part), &output);
      SetState(problem, p, state, hy);
      saved->gates.push_back(gates);
    }
    input = output;
    if (layer + 1 < problem.layers) saved->outputs.push_back(output);
  }
  *y = input;
}

void RnnBackwardData(const RnnProblem& problem,
                     const std::vector<GruWeights>& weights, const Vector& y,
                     const Vector& hx, const Vector& dy, const Vector& dhy,
                     SavedLayers* saved, Vector* dx, Vector* dhx) {
  const size_t units = static_cast<size_t>(problem.gru.units);
  Vector from_above = dy;
  for (size_t layer = problem.layers; layer-- > 0;) {
    const GruProblem one = problem.LayerProblem(layer);
    const size_t features = static_cast<size_t>(one.features);
    const bool last = layer + 1 == problem.layers;
    const Vector& output = last ? y : saved->outputs[layer];
    Vector sum(StepsOf(problem) * features);
    for (size_t d = 0; d < problem.directions; ++d) {
      const size_t p = layer * problem.directions + d;
      const auto part = [&](const Vector& sequence) {
        return InOrderOf(one, d, units, PartOf(problem, d, sequence));
      };
      Vector by_input(sum.size());
      Vector by_state(static_cast<size_t>(one.batch) * units);
      GruBackwardData(one, weights[p], part(output), StateOf(problem, p, hx),
                      part(from_above), StateOf(problem, p, dhy),
                      &saved->gates[p], &by_input, &by_state);
      const Vector in_order = InOrderOf(one, d, features, by_input);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += in_order[i];
      SetState(problem, p, by_state, dhx);
    }
    from_above = sum;
  }
  *dx = from_above;
}

std::vector<GruWeights> RnnBackwardWeights(const RnnProblem& problem,
                                           const SavedLayers& saved,
                                           const Vector& x, const Vector& hx,
                                           const Vector& y) {
  const size_t units = static_cast<size_t>(problem.gru.units);
  std::vector<GruWeights> gradients;
  for (size_t layer = 0; layer < problem.layers; ++layer) {
    const GruProblem one = problem.LayerProblem(layer);
    const Vector& input = layer == 0 ? x : saved.outputs[layer - 1];
    const bool last = layer + 1 == problem.layers;
    const Vector& output = last ? y : saved.outputs[layer];
    for (size_t d = 0; d < problem.directions; ++d) {
      const size_t p = layer * problem.directions + d;
      gradients.push_back(GruBackwardWeights(
          one, saved.gates[p],
          InOrderOf(one, d, static_cast<size_t>(one.features), input),
          StateOf(problem, p, hx),
          InOrderOf(one, d, units, PartOf(problem, d, output))));
    }
  }
  return gradients;
}

}  // namespace doubles
