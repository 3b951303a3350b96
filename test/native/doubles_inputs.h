#ifndef CUDNN_GRU_TEST_NATIVE_DOUBLES_INPUTS_H_
#define CUDNN_GRU_TEST_NATIVE_DOUBLES_INPUTS_H_

#include <algorithm>
#include <cmath>
#include <vector>

#include "doubles_fixture.h"
#include "generator.h"
#include "native_test.h"

// Numbers for calls to the doubles, and gradients by finite differences.
namespace cudnn_gru_test {

using Vector = std::vector<double>;

inline Vector Random(Generator* generator, size_t count) {
  Vector values(count);
  for (double& value : values) value = generator->Uniform(-0.8, 0.8);
  return values;
}

// Zero past the end of each row.
inline void ClearPadding(const Sizes& sizes, int vector_size, Vector* values) {
  const size_t row = static_cast<size_t>(sizes.steps * vector_size);
  for (size_t b = 0; b < sizes.lengths.size(); ++b)
    for (size_t i = static_cast<size_t>(sizes.lengths[b] * vector_size);
         i < row; ++i)
      (*values)[b * row + i] = 0;
}

// Random weights in their places, zeros between.
inline Vector RandomWeights(Layer* layer, Generator* generator) {
  Vector space(layer->weight_bytes / 8);
  const int units = layer->sizes().units;
  for (int part = 0; part < 12 * layer->sizes().pseudo_layers(); ++part) {
    const int pseudo_layer = part / 12;
    const int id = part % 12 / 2;
    const bool is_bias = part % 2 == 1;
    const int columns =
        id < 3 ? layer->sizes().FeaturesOf(pseudo_layer) : units;
    const size_t count = static_cast<size_t>(is_bias ? units : units * columns);
    const Vector values = Random(generator, count);
    std::copy(values.begin(), values.end(),
              space.begin() + static_cast<std::ptrdiff_t>(
                                  layer->OffsetOf(id, is_bias, pseudo_layer)));
  }
  return space;
}

struct Inputs {
  Vector x, hx, weights, dy, dhy;
};

inline Inputs RandomInputs(Layer* layer) {
  Generator generator(5);
  Inputs inputs;
  inputs.x = Random(&generator, layer->XCount());
  inputs.hx = Random(&generator, layer->StateCount());
  inputs.weights = RandomWeights(layer, &generator);
  inputs.dy = Random(&generator, layer->YCount());
  inputs.dhy = Random(&generator, layer->StateCount());
  ClearPadding(layer->sizes(), layer->sizes().directions * layer->sizes().units,
               &inputs.dy);
  return inputs;
}

inline void UploadAll(Layer* layer, const Inputs& inputs) {
  layer->Upload(layer->x, inputs.x);
  layer->Upload(layer->hx, inputs.hx);
  layer->Upload(layer->weights, inputs.weights);
  layer->Upload(layer->dy, inputs.dy);
  layer->Upload(layer->dhy, inputs.dhy);
  layer->Upload(layer->dweights, Vector(layer->weight_bytes / 8));
}

// sum(dy * y) + sum(dhy * hy)
inline double Loss(Layer* layer, const Inputs& inputs) {
  UploadAll(layer, inputs);
  GOOD(layer->Forward(CUDNN_FWD_MODE_INFERENCE));
  const Vector y = layer->Download(layer->y, layer->YCount());
  const Vector hy = layer->Download(layer->hy, layer->StateCount());
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) sum += inputs.dy[i] * y[i];
  for (size_t i = 0; i < hy.size(); ++i) sum += inputs.dhy[i] * hy[i];
  return sum;
}

inline void CheckAgainstDifferences(Layer* layer, const char* name,
                                    Vector* values, const Inputs& inputs,
                                    const Vector& gradient) {
  for (size_t i = 0; i < values->size(); ++i) {
    const double kept = (*values)[i];
    const double step = 1e-6;
    (*values)[i] = kept + step;
    const double above = Loss(layer, inputs);
    (*values)[i] = kept - step;
    const double below = Loss(layer, inputs);
    (*values)[i] = kept;
    const double expected = (above - below) / (2 * step);
    CHECK_MESSAGE(std::fabs(gradient[i] - expected) < 1e-8,
                  Format("the gradient by %s[%zu] is %g, by differences %g",
                         name, i, gradient[i], expected));
  }
}

// The gaps of the weight space must stay zero, so only weights are varied.
inline void CheckWeightGradients(Layer* layer, Inputs* inputs,
                                 const Vector& found) {
  for (size_t i = 0; i < inputs->weights.size(); ++i) {
    if (inputs->weights[i] == 0) {
      CHECK_MESSAGE(found[i] == 0,
                    Format("a gap of dweightSpace was written at %zu", i));
      continue;
    }
    const double kept = inputs->weights[i];
    inputs->weights[i] = kept + 1e-6;
    const double above = Loss(layer, *inputs);
    inputs->weights[i] = kept - 1e-6;
    const double below = Loss(layer, *inputs);
    inputs->weights[i] = kept;
    const double expected = (above - below) / 2e-6;
    CHECK_MESSAGE(std::fabs(found[i] - expected) < 1e-8,
                  Format("the gradient by weight %zu is %g, by differences %g",
                         i, found[i], expected));
  }
}

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_DOUBLES_INPUTS_H_
