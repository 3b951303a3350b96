// Tests the test doubles themselves with several layers and directions: what
// they compute, and the rules that they hold a caller to.
#include <algorithm>
#include <csignal>
#include <functional>
#include <string>

#include "child_process.h"
#include "doubles_inputs.h"

namespace cudnn_gru_test {
namespace {

TEST_CASE("gradients of layers and directions are finite differences") {
  for (int form : {12, 21, 22, 31}) {
    Sizes sizes;
    sizes.units = 3;
    sizes.layers = form / 10;
    sizes.directions = form % 10;
    Layer layer{sizes};
    Inputs inputs = RandomInputs(&layer);
    UploadAll(&layer, inputs);
    GOOD(layer.Forward());
    GOOD(layer.BackwardData());
    GOOD(layer.BackwardWeights());
    Vector dx = layer.Download(layer.dx, layer.XCount());
    const Vector dhx = layer.Download(layer.dhx, layer.StateCount());
    const Vector dweights =
        layer.Download(layer.dweights, layer.weight_bytes / 8);
    ClearPadding(sizes, sizes.features, &dx);
    CheckAgainstDifferences(&layer, "x", &inputs.x, inputs, dx);
    CheckAgainstDifferences(&layer, "hx", &inputs.hx, inputs, dhx);
    CheckWeightGradients(&layer, &inputs, dweights);
  }
}

// Copies a pseudo-layer's weights to the space of a single GRU.
Vector WeightsOf(Layer* stack, const Vector& space, int pseudo_layer,
                 Layer* single) {
  Vector copy(single->weight_bytes / 8);
  const int units = single->sizes().units;
  for (int id = 0; id < 6; ++id) {
    const int columns = id < 3 ? single->sizes().features : units;
    for (bool is_bias : {false, true}) {
      std::copy_n(space.data() + stack->OffsetOf(id, is_bias, pseudo_layer),
                  static_cast<size_t>(is_bias ? units : units * columns),
                  copy.data() + single->OffsetOf(id, is_bias));
    }
  }
  return copy;
}

// The valid steps of each row from the last to the first.
Vector Turned(const Sizes& sizes, int width, const Vector& sequence) {
  Vector turned(sequence.size());
  for (int row = 0; row < sizes.batch; ++row) {
    const int length = sizes.lengths[static_cast<size_t>(row)];
    for (int step = 0; step < length; ++step) {
      std::copy_n(
          sequence.data() + (row * sizes.steps + length - 1 - step) * width,
          width, turned.data() + (row * sizes.steps + step) * width);
    }
  }
  return turned;
}

// Two bidirectional layers are four single GRUs: the backward ones read each
// row from its end, and the second layer reads both outputs of the first.
TEST_CASE("layers and directions are single GRUs one after the other") {
  Sizes sizes;
  sizes.layers = sizes.directions = 2;
  Layer stack{sizes};
  const Inputs inputs = RandomInputs(&stack);
  UploadAll(&stack, inputs);
  GOOD(stack.Forward());
  const Vector y = stack.Download(stack.y, stack.YCount());
  const Vector hy = stack.Download(stack.hy, stack.StateCount());
  Vector x = inputs.x;
  const size_t state = hy.size() / 4;
  for (int layer = 0; layer < 2; ++layer) {
    Vector joined(stack.YCount());
    for (int direction = 0; direction < 2; ++direction) {
      const int p = 2 * layer + direction;
      Sizes one = sizes;
      one.layers = one.directions = 1;
      one.features = sizes.FeaturesOf(p);
      Layer single{one};
      const double* const hx = inputs.hx.data() + p * state;
      single.Upload(single.x,
                    direction == 0 ? x : Turned(one, one.features, x));
      single.Upload(single.hx, Vector(hx, hx + state));
      single.Upload(single.weights,
                    WeightsOf(&stack, inputs.weights, p, &single));
      GOOD(single.Forward());
      Vector output = single.Download(single.y, single.YCount());
      if (direction == 1) output = Turned(one, one.units, output);
      for (size_t i = 0; i < output.size(); ++i) {
        const size_t units = static_cast<size_t>(one.units);
        joined[(2 * (i / units) + static_cast<size_t>(direction)) * units +
               i % units] = output[i];
      }
      const Vector last = single.Download(single.hy, state);
      CHECK_MESSAGE(
          std::equal(last.begin(), last.end(),
                     hy.begin() + static_cast<std::ptrdiff_t>(p * state)),
          Format("the state of pseudo-layer %d differs", p));
    }
    x = joined;
  }
  CHECK_MESSAGE(x == y, "the output differs");
}

// A stack that is described wrongly.
TEST_CASE("a status is given for descriptors that do not fit the layers") {
  Sizes sizes;
  sizes.layers = sizes.directions = 2;
  Layer layer{sizes};
  UploadAll(&layer, RandomInputs(&layer));
  const auto set_state = [&](int first) {
    const int dims[] = {first, sizes.batch, sizes.units};
    const int strides[] = {sizes.batch * sizes.units, sizes.units, 1};
    GOOD(CUDNN(cudnnSetTensorNdDescriptor)(layer.h_descriptor, sizes.type, 3,
                                           dims, strides));
  };
  for (int first : {1, 2, 3, 5}) {
    set_state(first);
    CHECK_MESSAGE(layer.Forward() == CUDNN_STATUS_BAD_PARAM,
                  Format("%d states are accepted", first));
  }
  set_state(4);
  double fill = 0;
  for (int width : {sizes.units, 2 * sizes.units}) {
    GOOD(CUDNN(cudnnSetRNNDataDescriptor)(
        layer.y_descriptor, sizes.type, sizes.layout, sizes.steps, sizes.batch,
        width, sizes.lengths.data(), &fill));
    CHECK_MESSAGE(
        (layer.Forward() == CUDNN_STATUS_BAD_PARAM) == (width == sizes.units),
        Format("an output of %d is wrongly judged", width));
  }
  cudnnTensorDescriptor_t none;
  GOOD(CUDNN(cudnnCreateTensorDescriptor)(&none));
  for (int pseudo_layer : {-1, 4}) {
    void* address = nullptr;
    CHECK_MESSAGE(CUDNN(cudnnGetRNNWeightParams)(
                      layer.handle, layer.rnn, pseudo_layer, layer.weight_bytes,
                      Layer::Pointer(layer.weights), 0, none, &address, none,
                      &address) == CUDNN_STATUS_BAD_PARAM,
                  Format("there is a pseudo-layer %d", pseudo_layer));
  }
}

TEST_CASE("broken rules of order are noticed with layers and directions") {
  const auto check = [](const char* expected,
                        const std::function<void(Layer*)>& act) {
    const std::string text = DiesBy(SIGABRT, [&] {
      Sizes sizes;
      sizes.layers = sizes.directions = 2;
      Layer layer{sizes};
      UploadAll(&layer, RandomInputs(&layer));
      GOOD(layer.Forward());
      act(&layer);
      layer.Synchronize();
    });
    CHECK_MESSAGE(
        text.find(expected) != std::string::npos,
        Format("expected \"%s\" but it said \"%s\"", expected, text.c_str()));
  };
  check("was used, or never filled", [](Layer* layer) {
    GOOD(layer->BackwardData());
    layer->BackwardData();
  });
  check("not as cudnnRNNBackwardData_v8 left",
        [](Layer* layer) { layer->BackwardWeights(); });
  check("hx is not what it was", [](Layer* layer) {
    layer->Upload(layer->hx, Vector(layer->StateCount(), 0.5));
    layer->BackwardData();
  });
  check("changed by its owner", [](Layer* layer) {
    const size_t behind = layer->reserve_bytes - 256;
    GOOD(CUDA(cuMemsetD8Async)(layer->reserve + behind, 0, 64, layer->stream));
    layer->BackwardData();
  });
  check("in a gap, is not 0", [](Layer* layer) {
    GOOD(CUDA(cuMemsetD8Async)(layer->weights, 1, layer->weight_bytes,
                               layer->stream));
    layer->Forward();
  });
  check("not those of the forward call", [](Layer* layer) {
    // The same layers, with another math type.
    GOOD(CUDNN(cudnnSetRNNDescriptor_v8)(
        layer->rnn, CUDNN_RNN_ALGO_STANDARD, CUDNN_GRU, CUDNN_RNN_DOUBLE_BIAS,
        CUDNN_BIDIRECTIONAL, CUDNN_LINEAR_INPUT, CUDNN_DATA_DOUBLE,
        CUDNN_DATA_DOUBLE, CUDNN_DEFAULT_MATH, layer->sizes().features,
        layer->sizes().units, layer->sizes().units, 2, nullptr,
        CUDNN_RNN_PADDED_IO_ENABLED));
    layer->BackwardData();
  });
}

}  // namespace
}  // namespace cudnn_gru_test
