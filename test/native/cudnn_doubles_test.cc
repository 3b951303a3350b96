// Tests the test doubles themselves: the GRU they compute, and that they notice
// each rule a caller breaks.
#include <cmath>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "child_process.h"
#include "doubles_inputs.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

TEST_CASE("gradients are those of finite differences") {
  Layer layer{Sizes{}};
  Inputs inputs = RandomInputs(&layer);
  UploadAll(&layer, inputs);
  GOOD(layer.Forward());
  GOOD(layer.BackwardData());
  GOOD(layer.BackwardWeights());
  Vector dx = layer.Download(layer.dx, layer.XCount());
  const Vector dhx = layer.Download(layer.dhx, layer.StateCount());
  const Vector dweights =
      layer.Download(layer.dweights, layer.weight_bytes / 8);
  // Rows of 4, 1 and 3 steps: the padding of dx is poisoned.
  CHECK_MESSAGE(std::isnan(dx[(4 + 1) * 3]),
                "the padding of dx is not poisoned");
  ClearPadding(layer.sizes(), layer.sizes().features, &dx);
  CheckAgainstDifferences(&layer, "x", &inputs.x, inputs, dx);
  CheckAgainstDifferences(&layer, "hx", &inputs.hx, inputs, dhx);
  CheckWeightGradients(&layer, &inputs, dweights);

  // Weight gradients accumulate.
  UploadAll(&layer, inputs);
  layer.Upload(layer.dweights, dweights);
  GOOD(layer.Forward());
  GOOD(layer.BackwardData());
  GOOD(layer.BackwardWeights());
  const Vector twice = layer.Download(layer.dweights, layer.weight_bytes / 8);
  for (size_t i = 0; i < twice.size(); ++i)
    CHECK_MESSAGE(std::fabs(twice[i] - 2 * dweights[i]) < 1e-12,
                  Format("dweightSpace does not accumulate at %zu", i));
}

// One unit, one feature, one step: the equations by hand.
TEST_CASE("one step follows the equations") {
  Layer layer{Sizes{1, 1, 1, 1, {1}}};
  Vector space(layer.weight_bytes / 8);
  const double matrix[] = {0.5, -0.3, 0.7, 0.2, 0.4, -0.6};
  const double bias[] = {0.1, 0.2, -0.1, 0.05, -0.15, 0.25};
  for (int id = 0; id < 6; ++id) {
    space[layer.OffsetOf(id, false)] = matrix[id];
    space[layer.OffsetOf(id, true)] = bias[id];
  }
  const double x = 0.9;
  const double h = -0.4;
  layer.Upload(layer.x, {x});
  layer.Upload(layer.hx, {h});
  layer.Upload(layer.weights, space);
  GOOD(layer.Forward(CUDNN_FWD_MODE_INFERENCE));
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  const double r = sigmoid(0.5 * x + 0.1 + 0.2 * h + 0.05);
  const double z = sigmoid(-0.3 * x + 0.2 + 0.4 * h - 0.15);
  const double n = std::tanh(0.7 * x - 0.1 + r * (-0.6 * h + 0.25));
  const double expected = (1 - z) * n + z * h;
  const double found = layer.Download(layer.hy, 1)[0];
  CHECK_MESSAGE(std::fabs(found - expected) < 1e-15,
                Format("the state is %g, not %g", found, expected));
}

// The same layer, time-major.
TEST_CASE("time-major data gives the same numbers") {
  Sizes sizes;
  Layer layer{sizes};
  const Inputs inputs = RandomInputs(&layer);
  UploadAll(&layer, inputs);
  GOOD(layer.Forward());
  const Vector expected = layer.Download(layer.y, layer.YCount());
  sizes.layout = CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED;
  Layer turned{sizes};
  Inputs reordered = inputs;
  const auto place = [&](int row, int step) {
    return static_cast<size_t>(step * sizes.batch + row);
  };
  for (int row = 0; row < sizes.batch; ++row)
    for (int step = 0; step < sizes.steps; ++step)
      std::copy_n(inputs.x.data() + (row * sizes.steps + step) * sizes.features,
                  sizes.features,
                  reordered.x.data() +
                      place(row, step) * static_cast<size_t>(sizes.features));
  UploadAll(&turned, reordered);
  turned.Upload(turned.dy, Vector(turned.YCount()));
  GOOD(turned.Forward());
  const Vector found = turned.Download(turned.y, turned.YCount());
  for (int row = 0; row < sizes.batch; ++row)
    for (int step = 0; step < sizes.steps; ++step)
      for (int unit = 0; unit < sizes.units; ++unit)
        CHECK_MESSAGE(
            found[place(row, step) * static_cast<size_t>(sizes.units) +
                  static_cast<size_t>(unit)] ==
                expected[static_cast<size_t>(
                    (row * sizes.steps + step) * sizes.units + unit)],
            Format("time-major differs in row %d, step %d", row, step));
  GOOD(turned.BackwardData());
  GOOD(turned.BackwardWeights());
}

// As in the real library, whose sizes for 2 x 3 x 3 -> 5 are 992, 864 and 640.
TEST_CASE("the reserve depends on the lengths") {
  size_t last = 0;
  for (const std::vector<int>& lengths :
       {std::vector<int>{0, 3}, std::vector<int>{3, 2},
        std::vector<int>{3, 3}}) {
    const Layer layer{Sizes{2, 3, 3, 5, lengths}};
    CHECK_MESSAGE(
        layer.reserve_bytes > last,
        Format("a reserve of %zu bytes after %zu", layer.reserve_bytes, last));
    last = layer.reserve_bytes;
  }
}

// What the real library says of an algorithm other than the standard one, for a
// GPU of compute capability 9.0: to the size query, and to the call.
TEST_CASE("the algorithm for small layers has its limits") {
  Sizes sizes;
  sizes.algorithm = CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H;
  sizes.type = CUDNN_DATA_FLOAT;
  Layer ragged{sizes};
  CHECK_MESSAGE(ragged.Forward() == CUDNN_STATUS_NOT_SUPPORTED,
                "rows of other lengths are accepted");
  sizes.lengths = {4, 4, 4};
  Layer equal{sizes};
  equal.Upload(equal.weights, Vector(equal.weight_bytes / 8));
  CHECK_MESSAGE(equal.Forward() == CUDNN_STATUS_SUCCESS,
                "equal rows are refused");
  CHECK_MESSAGE(equal.Synchronize() == 0, "equal rows fail");
  cudnnRNNDescriptor_t rnn;
  GOOD(CUDNN(cudnnCreateRNNDescriptor)(&rnn));
  for (int units : {192, 193}) {
    GOOD(CUDNN(cudnnSetRNNDescriptor_v8)(
        rnn, sizes.algorithm, CUDNN_GRU, CUDNN_RNN_DOUBLE_BIAS,
        CUDNN_UNIDIRECTIONAL, CUDNN_LINEAR_INPUT, sizes.type, sizes.type,
        CUDNN_FMA_MATH, sizes.features, units, units, 1, nullptr,
        CUDNN_RNN_PADDED_IO_ENABLED));
    size_t work;
    size_t reserve;
    const cudnnStatus_t status = CUDNN(cudnnGetRNNTempSpaceSizes)(
        equal.handle, rnn, CUDNN_FWD_MODE_TRAINING, equal.x_descriptor, &work,
        &reserve);
    CHECK_MESSAGE((status == CUDNN_STATUS_NOT_SUPPORTED) == (units > 192),
                  Format("%d units: status %d", units, status));
  }
}

void CheckRule(const char* expected, const std::function<void(Layer*)>& act) {
  const std::string text = DiesBy(SIGABRT, [&] {
    Layer layer{Sizes{}};
    UploadAll(&layer, RandomInputs(&layer));
    act(&layer);
    layer.Synchronize();
  });
  CHECK_MESSAGE(text.find(expected) != std::string::npos,
                Format("expected the double to say \"%s\" but it said \"%s\"",
                       expected, text.c_str()));
}

TEST_CASE("broken rules of memory are noticed") {
  CheckRule("not aligned", [](Layer* layer) {
    layer->x += 8;
    layer->Forward();
  });
  CheckRule("its allocation has", [](Layer* layer) {
    layer->x += 64;
    layer->Forward();
  });
  CheckRule("not in living device memory", [](Layer* layer) {
    GOOD(CUDA(cuMemFree_v2)(layer->x));
    layer->Forward();
  });
  CheckRule("y overlaps x", [](Layer* layer) {
    layer->y = layer->x = layer->Allocate(1024);
    layer->Forward();
  });
  CheckRule("in a gap, is not 0", [](Layer* layer) {
    GOOD(CUDA(cuMemsetD8Async)(layer->weights, 1, layer->weight_bytes,
                               layer->stream));
    layer->Forward();
  });
  CheckRule("not the beginning of a living", [](Layer* layer) {
    GOOD(CUDA(cuMemFree_v2)(layer->x));
    CUDA(cuMemFree_v2)(layer->x);
  });
  CheckRule("a copy that has not run yet", [](Layer* layer) {
    void* pinned;
    GOOD(CUDA(cuMemAllocHost_v2)(&pinned, 64));
    GOOD(CUDA(cuMemcpyHtoDAsync_v2)(layer->x, pinned, 64, layer->stream));
    CUDA(cuMemFreeHost)(pinned);
  });
  CheckRule("runs over the end of its pinned", [](Layer* layer) {
    void* pinned;
    GOOD(CUDA(cuMemAllocHost_v2)(&pinned, 64));
    CUDA(cuMemcpyHtoDAsync_v2)(layer->x, pinned, 72, layer->stream);
  });
  CheckRule("host side of a copy is device memory", [](Layer* layer) {
    CUDA(cuMemcpyHtoDAsync_v2)(layer->x, Layer::Pointer(layer->y), 64,
                               layer->stream);
  });
}

TEST_CASE("broken rules of order are noticed") {
  CheckRule("was used, or never filled", [](Layer* layer) {
    GOOD(layer->Forward());
    GOOD(layer->BackwardData());
    layer->BackwardData();
  });
  CheckRule("was used, or never filled", [](Layer* layer) {
    GOOD(layer->Forward(CUDNN_FWD_MODE_INFERENCE));
    layer->BackwardData();
  });
  CheckRule("not as cudnnRNNBackwardData_v8 left", [](Layer* layer) {
    GOOD(layer->Forward());
    layer->BackwardWeights();
  });
  CheckRule("x is not what it was", [](Layer* layer) {
    GOOD(layer->Forward());
    GOOD(layer->BackwardData());
    layer->Upload(layer->x, Vector(layer->XCount(), 0.5));
    layer->BackwardWeights();
  });
  CheckRule("weightSpace is not what it was", [](Layer* layer) {
    GOOD(layer->Forward());
    layer->Upload(layer->weights, Vector(layer->weight_bytes / 8));
    layer->BackwardData();
  });
  CheckRule("changed by its owner", [](Layer* layer) {
    GOOD(layer->Forward());
    GOOD(CUDA(cuMemsetD8Async)(layer->reserve + 256, 0, 8, layer->stream));
    layer->BackwardData();
  });
  CheckRule("dy is not 0 in the padding", [](Layer* layer) {
    layer->Upload(layer->dy, Vector(layer->YCount(), 1));
    GOOD(layer->Forward());
    layer->BackwardData();
  });
}

TEST_CASE("broken rules of ownership are noticed") {
  CheckRule("no current context", [](Layer* layer) {
    std::thread([&] {
      CUdeviceptr address;
      CUDA(cuMemAlloc_v2)(&address, 8);
    }).join();
    layer->Synchronize();
  });
  CheckRule("context is not the one the handle", [](Layer* layer) {
    std::thread([&] { layer->Forward(); }).join();
  });
  CheckRule("is not a living handle", [](Layer* layer) {
    GOOD(CUDNN(cudnnDestroy)(layer->handle));
    layer->Forward();
  });
  CheckRule("is not living among live.rnn_descriptors", [](Layer* layer) {
    GOOD(CUDNN(cudnnDestroyRNNDescriptor)(layer->rnn));
    layer->Forward();
  });
  CheckRule("stream is not a living one", [](Layer* layer) {
    GOOD(CUDA(cuStreamDestroy_v2)(layer->stream));
    layer->Forward();
  });
  const std::string text = DiesBy(SIGSEGV, [] {
    Layer layer{Sizes{}};
    *static_cast<volatile double*>(Layer::Pointer(layer.x)) = 1;
  });
  CHECK_MESSAGE(text.find("not ended") == std::string::npos,
                "the host can write device memory");
}

// Where the real library gives a status, the double does.
TEST_CASE("a status is given where the real library gives one") {
  Layer layer{Sizes{}};
  UploadAll(&layer, RandomInputs(&layer));
  layer.work_bytes -= 8;
  CHECK_MESSAGE(layer.Forward() == CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT,
                "a workspace that is too small is accepted");
  char text[128];
  CUDNN(cudnnGetLastErrorString)(text, sizeof(text));
  CHECK_MESSAGE(std::string(text) == "work_bytes < sizes.work",
                Format("the error is \"%s\"", text));
  void* matrix_address = &layer;
  void* bias_address = &layer;
  cudnnTensorDescriptor_t none;
  GOOD(CUDNN(cudnnCreateTensorDescriptor)(&none));
  GOOD(CUDNN(cudnnGetRNNWeightParams)(layer.handle, layer.rnn, 0,
                                      layer.weight_bytes,
                                      Layer::Pointer(layer.weights), 6, none,
                                      &matrix_address, none, &bias_address));
  CHECK_MESSAGE((matrix_address == nullptr && bias_address == nullptr),
                "a seventh matrix is there");
  CUDNN(cudnnGetLastErrorString)(text, sizeof(text));
  CHECK_MESSAGE(text[0] == '\0', "the last error is not cleared when read");
  layer.work_bytes += 8;

  const int empty[] = {0, 0, 0};
  for (auto descriptor : {layer.x_descriptor, layer.y_descriptor}) {
    GOOD(CUDNN(cudnnSetRNNDataDescriptor)(
        descriptor, CUDNN_DATA_DOUBLE,
        CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED, 4, 3,
        descriptor == layer.x_descriptor ? 3 : 5, empty, nullptr));
  }
  CHECK_MESSAGE(layer.Forward() == CUDNN_STATUS_EXECUTION_FAILED,
                "a batch of empty rows is accepted");
  cudnnRNNDataDescriptor_t data;
  GOOD(CUDNN(cudnnCreateRNNDataDescriptor)(&data));
  CHECK_MESSAGE(
      CUDNN(cudnnSetRNNDataDescriptor)(
          data, CUDNN_DATA_DOUBLE, CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED,
          65536, 1, 1, empty, nullptr) == CUDNN_STATUS_NOT_SUPPORTED,
      "65,536 steps are accepted");
}

TEST_CASE("faults are injected") {
  const auto set_cuda = Symbol<void(const char*)>(Libraries::Get().cuda,
                                                  "CudnnGruDoubleSetFaults");
  const auto counter = Symbol<int64_t(const char*)>(Libraries::Get().cuda,
                                                    "CudnnGruDoubleCounter");
  Layer layer{Sizes{}};
  UploadAll(&layer, RandomInputs(&layer));
  const int64_t before = counter("live.device_bytes");
  CUdeviceptr address;
  set_cuda("cuMemAlloc_v2 2 1 2");
  CHECK_MESSAGE(CUDA(cuMemAlloc_v2)(&address, 100) == 0,
                "the first call fails");
  CHECK_MESSAGE(counter("live.device_bytes") == before + 100,
                "100 bytes not counted");
  CUdeviceptr other;
  CHECK_MESSAGE(CUDA(cuMemAlloc_v2)(&other, 8) == CUDA_ERROR_OUT_OF_MEMORY,
                "the second call does not fail");
  CHECK_MESSAGE(CUDA(cuMemAlloc_v2)(&other, 8) == 0, "the third call fails");
  GOOD(CUDA(cuMemFree_v2)(address));
  GOOD(CUDA(cuMemFree_v2)(other));
  CHECK_MESSAGE(counter("live.device_bytes") == before, "memory leaks");

  // Errors of the CUDA runtime are told in two lines.
  const auto set_cudnn = Symbol<void(const char*)>(Libraries::Get().cudnn,
                                                   "CudnnGruDoubleSetFaults");
  set_cudnn("cudnnRNNForward 1 1 5003 err 2 out of memory");
  CHECK_MESSAGE(layer.Forward() == CUDNN_STATUS_EXECUTION_FAILED_CUDART,
                "the launch does not fail");
  set_cudnn("");
  char text[128];
  CUDNN(cudnnGetLastErrorString)(text, sizeof(text));
  CHECK_MESSAGE(
      std::string(text) == "err 2 out of memory\n at: err != cudaSuccess",
      Format("the error is \"%s\"", text));

  // A full device has no room for a handle.
  size_t free_bytes;
  size_t all_bytes;
  GOOD(CUDA(cuMemGetInfo_v2)(&free_bytes, &all_bytes));
  GOOD(CUDA(cuMemAlloc_v2)(&address, free_bytes - 8));
  cudnnHandle_t handle;
  CHECK_MESSAGE(CUDNN(cudnnCreate)(&handle) == CUDNN_STATUS_NOT_INITIALIZED,
                "a full device has room for a handle");
  GOOD(CUDA(cuMemFree_v2)(address));

  // A kernel that fails shows when somebody synchronises, and stays.
  set_cuda("kernel 1 1 700");
  CHECK_MESSAGE(layer.Forward() == 0, "the launch fails");
  CHECK_MESSAGE(layer.Synchronize() == CUDA_ERROR_ILLEGAL_ADDRESS,
                "the kernel's error is lost");
  set_cuda("");
  CHECK_MESSAGE(layer.Synchronize() == CUDA_ERROR_ILLEGAL_ADDRESS,
                "the error is not sticky");
}

}  // namespace
}  // namespace cudnn_gru_test
