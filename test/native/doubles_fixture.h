#ifndef CUDNN_GRU_TEST_NATIVE_DOUBLES_FIXTURE_H_
#define CUDNN_GRU_TEST_NATIVE_DOUBLES_FIXTURE_H_

#include <dlfcn.h>

#include <string>
#include <vector>

#include "../doubles/api/cuda_driver_api.h"
#include "../doubles/api/cudnn_api.h"
#include "native_test.h"

// The doubles of cuDNN and of the driver, called as a correct caller calls the
// real ones: GRU layers on one device, in float64 where a test looks at
// numbers.
namespace cudnn_gru_test {

inline void Require(bool good, const char* what) {
  if (good) return;
  const char* const reason = dlerror();
  FAIL(what, " failed: ", reason == nullptr ? "no reason" : reason);
}

// Opened once, for the life of the process.
struct Libraries {
  void* cuda;
  void* cudnn;

  static const Libraries& Get() {
    static const Libraries libraries = [] {
      Libraries made;
      const std::string folder = CUDNN_GRU_DOUBLES_FOLDER;
      made.cuda = dlopen((folder + "/cuda/libcuda.so.1").c_str(), RTLD_NOW);
      Require(made.cuda != nullptr, "opening the driver's double");
      made.cudnn =
          dlopen((folder + "/cudnn/libcudnn_adv.so.9").c_str(), RTLD_NOW);
      Require(made.cudnn != nullptr, "opening cuDNN's double");
      return made;
    }();
    return libraries;
  }
};

template <typename Function>
Function* Symbol(void* library, const char* name) {
  void* symbol = dlsym(library, name);
  Require(symbol != nullptr, name);
  return reinterpret_cast<Function*>(symbol);
}

#define CUDA(name)                        \
  cudnn_gru_test::Symbol<decltype(name)>( \
      cudnn_gru_test::Libraries::Get().cuda, #name)
#define CUDNN(name)                       \
  cudnn_gru_test::Symbol<decltype(name)>( \
      cudnn_gru_test::Libraries::Get().cudnn, #name)
#define GOOD(call) cudnn_gru_test::Require((call) == 0, #call)

struct Sizes {
  int batch = 3;
  int steps = 4;
  int features = 3;
  int units = 5;
  std::vector<int> lengths = {4, 1, 3};
  cudnnRNNAlgo_t algorithm = CUDNN_RNN_ALGO_STANDARD;
  cudnnRNNDataLayout_t layout = CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED;
  cudnnDataType_t type = CUDNN_DATA_DOUBLE;
  int layers = 1;
  int directions = 1;

  int pseudo_layers() const { return layers * directions; }
  // The input size of a pseudo-layer.
  int FeaturesOf(int pseudo_layer) const {
    return pseudo_layer < directions ? features : directions * units;
  }
};

// Everything a call needs, made in the constructor. What a test breaks on
// purpose it breaks through the public members.
class Layer {
 public:
  explicit Layer(Sizes sizes) : sizes_(std::move(sizes)) {
    GOOD(CUDA(cuInit)(0));
    GOOD(CUDA(cuDevicePrimaryCtxRetain)(&context, 0));
    GOOD(CUDA(cuCtxSetCurrent)(context));
    GOOD(CUDA(cuStreamCreate)(&stream, CU_STREAM_NON_BLOCKING));
    GOOD(CUDNN(cudnnCreate)(&handle));
    GOOD(CUDNN(cudnnSetStream)(handle, stream));
    GOOD(CUDNN(cudnnCreateRNNDescriptor)(&rnn));
    GOOD(CUDNN(cudnnSetRNNDescriptor_v8)(
        rnn, sizes_.algorithm, CUDNN_GRU, CUDNN_RNN_DOUBLE_BIAS,
        sizes_.directions == 2 ? CUDNN_BIDIRECTIONAL : CUDNN_UNIDIRECTIONAL,
        CUDNN_LINEAR_INPUT, sizes_.type, sizes_.type, CUDNN_FMA_MATH,
        sizes_.features, sizes_.units, sizes_.units, sizes_.layers, nullptr,
        CUDNN_RNN_PADDED_IO_ENABLED));
    x_descriptor = DataDescriptor(sizes_.features);
    y_descriptor = DataDescriptor(sizes_.directions * sizes_.units);
    GOOD(CUDNN(cudnnCreateTensorDescriptor)(&h_descriptor));
    const int dims[] = {sizes_.pseudo_layers(), sizes_.batch, sizes_.units};
    const int strides[] = {sizes_.batch * sizes_.units, sizes_.units, 1};
    GOOD(CUDNN(cudnnSetTensorNdDescriptor)(h_descriptor, sizes_.type, 3, dims,
                                           strides));
    GOOD(CUDNN(cudnnGetRNNWeightSpaceSize)(handle, rnn, &weight_bytes));
    GOOD(CUDNN(cudnnGetRNNTempSpaceSizes)(handle, rnn, CUDNN_FWD_MODE_TRAINING,
                                          x_descriptor, &work_bytes,
                                          &reserve_bytes));
    x = Allocate(XCount() * 8);
    dx = Allocate(XCount() * 8);
    y = Allocate(YCount() * 8);
    dy = Allocate(YCount() * 8);
    for (CUdeviceptr* state : {&hx, &hy, &dhy, &dhx})
      *state = Allocate(StateCount() * 8);
    weights = Allocate(weight_bytes);
    dweights = Allocate(weight_bytes);
    work = Allocate(work_bytes);
    reserve = Allocate(reserve_bytes);
  }

  size_t XCount() const {
    return static_cast<size_t>(sizes_.batch * sizes_.steps * sizes_.features);
  }
  size_t YCount() const {
    return static_cast<size_t>(sizes_.batch * sizes_.steps * sizes_.directions *
                               sizes_.units);
  }
  size_t StateCount() const {
    return static_cast<size_t>(sizes_.pseudo_layers() * sizes_.batch *
                               sizes_.units);
  }
  const Sizes& sizes() const { return sizes_; }

  CUdeviceptr Allocate(size_t bytes) {
    CUdeviceptr address;
    GOOD(CUDA(cuMemAlloc_v2)(&address, bytes));
    return address;
  }

  static void* Pointer(CUdeviceptr address) {
    return reinterpret_cast<void*>(address);
  }

  void Upload(CUdeviceptr to, const std::vector<double>& values) {
    GOOD(CUDA(cuMemcpyHtoDAsync_v2)(to, values.data(), values.size() * 8,
                                    stream));
  }

  std::vector<double> Download(CUdeviceptr from, size_t count) {
    GOOD(CUDA(cuStreamSynchronize)(stream));
    std::vector<double> values(count);
    GOOD(CUDA(cuMemcpyDtoHAsync_v2)(values.data(), from, count * 8, stream));
    return values;
  }

  // The element offset of a matrix (is_bias false) or bias in the weight space.
  size_t OffsetOf(int id, bool is_bias, int pseudo_layer = 0) {
    cudnnTensorDescriptor_t matrix;
    cudnnTensorDescriptor_t bias;
    GOOD(CUDNN(cudnnCreateTensorDescriptor)(&matrix));
    GOOD(CUDNN(cudnnCreateTensorDescriptor)(&bias));
    void* matrix_address;
    void* bias_address;
    GOOD(CUDNN(cudnnGetRNNWeightParams)(handle, rnn, pseudo_layer, weight_bytes,
                                        Pointer(weights), id, matrix,
                                        &matrix_address, bias, &bias_address));
    GOOD(CUDNN(cudnnDestroyTensorDescriptor)(matrix));
    GOOD(CUDNN(cudnnDestroyTensorDescriptor)(bias));
    const auto address =
        reinterpret_cast<CUdeviceptr>(is_bias ? bias_address : matrix_address);
    return (address - weights) / 8;
  }

  cudnnStatus_t Forward(cudnnForwardMode_t mode = CUDNN_FWD_MODE_TRAINING) {
    return CUDNN(cudnnRNNForward)(
        handle, rnn, mode, nullptr, x_descriptor, Pointer(x), y_descriptor,
        Pointer(y), h_descriptor, Pointer(hx), Pointer(hy), nullptr, nullptr,
        nullptr, weight_bytes, Pointer(weights), work_bytes, Pointer(work),
        mode == CUDNN_FWD_MODE_TRAINING ? reserve_bytes : 0,
        mode == CUDNN_FWD_MODE_TRAINING ? Pointer(reserve) : nullptr);
  }

  cudnnStatus_t BackwardData() {
    return CUDNN(cudnnRNNBackwardData_v8)(
        handle, rnn, nullptr, y_descriptor, Pointer(y), Pointer(dy),
        x_descriptor, Pointer(dx), h_descriptor, Pointer(hx), Pointer(dhy),
        Pointer(dhx), nullptr, nullptr, nullptr, nullptr, weight_bytes,
        Pointer(weights), work_bytes, Pointer(work), reserve_bytes,
        Pointer(reserve));
  }

  cudnnStatus_t BackwardWeights() {
    return CUDNN(cudnnRNNBackwardWeights_v8)(
        handle, rnn, CUDNN_WGRAD_MODE_ADD, nullptr, x_descriptor, Pointer(x),
        h_descriptor, Pointer(hx), y_descriptor, Pointer(y), weight_bytes,
        Pointer(dweights), work_bytes, Pointer(work), reserve_bytes,
        Pointer(reserve));
  }

  int Synchronize() { return CUDA(cuStreamSynchronize)(stream); }

  CUcontext context = nullptr;
  CUstream stream = nullptr;
  cudnnHandle_t handle = nullptr;
  cudnnRNNDescriptor_t rnn = nullptr;
  cudnnRNNDataDescriptor_t x_descriptor = nullptr;
  cudnnRNNDataDescriptor_t y_descriptor = nullptr;
  cudnnTensorDescriptor_t h_descriptor = nullptr;
  size_t weight_bytes = 0;
  size_t work_bytes = 0;
  size_t reserve_bytes = 0;
  CUdeviceptr x, y, hx, hy, dx, dy, dhx, dhy, weights, dweights, work, reserve;

 private:
  cudnnRNNDataDescriptor_t DataDescriptor(int vector_size) {
    cudnnRNNDataDescriptor_t data;
    double fill = 0;
    GOOD(CUDNN(cudnnCreateRNNDataDescriptor)(&data));
    GOOD(CUDNN(cudnnSetRNNDataDescriptor)(
        data, sizes_.type, sizes_.layout, sizes_.steps, sizes_.batch,
        vector_size, sizes_.lengths.data(), &fill));
    return data;
  }

  Sizes sizes_;
};

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_DOUBLES_FIXTURE_H_
