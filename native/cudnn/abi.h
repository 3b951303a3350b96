#ifndef CUDNN_GRU_CUDNN_ABI_H_
#define CUDNN_GRU_CUDNN_ABI_H_

#include <cstddef>
#include <cstdint>

// The part of the cuDNN 9 and CUDA driver interfaces that this package uses. It
// is declared by hand, so that neither SDK is needed to build. The functions
// are declared for their types only and never defined; libraries.h finds them
// at run time. test/native/cudnn_abi_test.cc compares the declarations with the
// real headers.
namespace cudnn_gru::abi {

// From cuDNN's cudnn_graph.h, cudnn_ops.h and cudnn_adv.h.

enum cudnnStatus_t : int {
  CUDNN_STATUS_SUCCESS = 0,
  CUDNN_STATUS_NOT_INITIALIZED = 1001,
  CUDNN_STATUS_NOT_SUPPORTED = 3000,
  CUDNN_STATUS_INTERNAL_ERROR = 4000,
  CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED = 4003,
  CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED = 4004,
  CUDNN_STATUS_EXECUTION_FAILED_CUBLAS = 5002,
  CUDNN_STATUS_EXECUTION_FAILED_CUDART = 5003,
};
enum cudnnDataType_t : int {
  CUDNN_DATA_FLOAT = 0,
  CUDNN_DATA_DOUBLE = 1,
  CUDNN_DATA_HALF = 2,
  CUDNN_DATA_BFLOAT16 = 9,
};
enum cudnnMathType_t : int {
  CUDNN_DEFAULT_MATH = 0,
  CUDNN_TENSOR_OP_MATH = 1,
  CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION = 2,
  CUDNN_FMA_MATH = 3,
};
enum cudnnRNNAlgo_t : int {
  CUDNN_RNN_ALGO_STANDARD = 0,
  CUDNN_RNN_ALGO_PERSIST_STATIC = 1,
  CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H = 3,
};
enum cudnnForwardMode_t : int {
  CUDNN_FWD_MODE_INFERENCE = 0,
  CUDNN_FWD_MODE_TRAINING = 1,
};
enum cudnnRNNMode_t : int { CUDNN_GRU = 3 };
enum cudnnRNNBiasMode_t : int { CUDNN_RNN_DOUBLE_BIAS = 2 };
enum cudnnDirectionMode_t : int {
  CUDNN_UNIDIRECTIONAL = 0,
  CUDNN_BIDIRECTIONAL = 1
};
enum cudnnRNNInputMode_t : int { CUDNN_LINEAR_INPUT = 0 };
enum cudnnRNNDataLayout_t : int {
  CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED = 0,
  CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED = 2,
};
enum cudnnWgradMode_t : int { CUDNN_WGRAD_MODE_ADD = 0 };
constexpr uint32_t CUDNN_RNN_PADDED_IO_ENABLED = 1;

struct cudnnContext;
struct cudnnTensorStruct;
struct cudnnDropoutStruct;
struct cudnnRNNStruct;
struct cudnnRNNDataStruct;
struct CUstream_st;
using cudnnHandle_t = cudnnContext*;
using cudnnTensorDescriptor_t = cudnnTensorStruct*;
using cudnnDropoutDescriptor_t = cudnnDropoutStruct*;
using cudnnRNNDescriptor_t = cudnnRNNStruct*;
using cudnnRNNDataDescriptor_t = cudnnRNNDataStruct*;
using cudaStream_t = CUstream_st*;

size_t cudnnGetVersion();
size_t cudnnGetCudartVersion();
const char* cudnnGetErrorString(cudnnStatus_t status);
void cudnnGetLastErrorString(char* message, size_t max_size);
cudnnStatus_t cudnnGraphVersionCheck();
cudnnStatus_t cudnnOpsVersionCheck();
cudnnStatus_t cudnnAdvVersionCheck();
cudnnStatus_t cudnnCreate(cudnnHandle_t* handle);
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle);
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream);
cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor);
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor);
cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t tensor,
                                         cudnnDataType_t data_type, int dims,
                                         const int dim[], const int stride[]);
cudnnStatus_t cudnnGetTensorNdDescriptor(cudnnTensorDescriptor_t tensor,
                                         int dims_requested,
                                         cudnnDataType_t* data_type, int* dims,
                                         int dim[], int stride[]);
cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t* rnn);
cudnnStatus_t cudnnDestroyRNNDescriptor(cudnnRNNDescriptor_t rnn);
cudnnStatus_t cudnnSetRNNDescriptor_v8(
    cudnnRNNDescriptor_t rnn, cudnnRNNAlgo_t algo, cudnnRNNMode_t cell_mode,
    cudnnRNNBiasMode_t bias_mode, cudnnDirectionMode_t direction_mode,
    cudnnRNNInputMode_t input_mode, cudnnDataType_t data_type,
    cudnnDataType_t math_precision, cudnnMathType_t math_type,
    int32_t input_size, int32_t hidden_size, int32_t projection_size,
    int32_t layers, cudnnDropoutDescriptor_t dropout, uint32_t aux_flags);
cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t* data);
cudnnStatus_t cudnnDestroyRNNDataDescriptor(cudnnRNNDataDescriptor_t data);
// `sequence_lengths` and `padding_fill` are on the host. cuDNN copies them.
cudnnStatus_t cudnnSetRNNDataDescriptor(cudnnRNNDataDescriptor_t data,
                                        cudnnDataType_t data_type,
                                        cudnnRNNDataLayout_t layout,
                                        int max_length, int batch, int vector,
                                        const int sequence_lengths[],
                                        void* padding_fill);
cudnnStatus_t cudnnGetRNNWeightSpaceSize(cudnnHandle_t handle,
                                         cudnnRNNDescriptor_t rnn,
                                         size_t* size);
cudnnStatus_t cudnnGetRNNWeightParams(
    cudnnHandle_t handle, cudnnRNNDescriptor_t rnn, int32_t pseudo_layer,
    size_t weight_space_size, const void* weight_space, int32_t lin_layer_id,
    cudnnTensorDescriptor_t matrix, void** matrix_address,
    cudnnTensorDescriptor_t bias, void** bias_address);
cudnnStatus_t cudnnGetRNNTempSpaceSizes(cudnnHandle_t handle,
                                        cudnnRNNDescriptor_t rnn,
                                        cudnnForwardMode_t mode,
                                        cudnnRNNDataDescriptor_t x,
                                        size_t* workspace, size_t* reserve);
// Hazard: the next three functions differ in the order of x and y and of the
// spaces.
cudnnStatus_t cudnnRNNForward(
    cudnnHandle_t handle, cudnnRNNDescriptor_t rnn, cudnnForwardMode_t mode,
    const int32_t device_lengths[], cudnnRNNDataDescriptor_t x_descriptor,
    const void* x, cudnnRNNDataDescriptor_t y_descriptor, void* y,
    cudnnTensorDescriptor_t h_descriptor, const void* hx, void* hy,
    cudnnTensorDescriptor_t c_descriptor, const void* cx, void* cy,
    size_t weight_space_size, const void* weight_space, size_t workspace_size,
    void* workspace, size_t reserve_size, void* reserve);
cudnnStatus_t cudnnRNNBackwardData_v8(
    cudnnHandle_t handle, cudnnRNNDescriptor_t rnn,
    const int32_t device_lengths[], cudnnRNNDataDescriptor_t y_descriptor,
    const void* y, const void* dy, cudnnRNNDataDescriptor_t x_descriptor,
    void* dx, cudnnTensorDescriptor_t h_descriptor, const void* hx,
    const void* dhy, void* dhx, cudnnTensorDescriptor_t c_descriptor,
    const void* cx, const void* dcy, void* dcx, size_t weight_space_size,
    const void* weight_space, size_t workspace_size, void* workspace,
    size_t reserve_size, void* reserve);
cudnnStatus_t cudnnRNNBackwardWeights_v8(
    cudnnHandle_t handle, cudnnRNNDescriptor_t rnn, cudnnWgradMode_t mode,
    const int32_t device_lengths[], cudnnRNNDataDescriptor_t x_descriptor,
    const void* x, cudnnTensorDescriptor_t h_descriptor, const void* hx,
    cudnnRNNDataDescriptor_t y_descriptor, const void* y,
    size_t weight_space_size, void* dweight_space, size_t workspace_size,
    void* workspace, size_t reserve_size, void* reserve);

// From the CUDA driver's cuda.h. The names are those that the library exports.

enum CUresult : int {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_STUB_LIBRARY = 34,
  CUDA_ERROR_DEVICE_UNAVAILABLE = 46,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_ECC_UNCORRECTABLE = 214,
  CUDA_ERROR_NVLINK_UNCORRECTABLE = 220,
  CUDA_ERROR_CONTAINED = 226,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_LAUNCH_TIMEOUT = 702,
  CUDA_ERROR_CONTEXT_IS_DESTROYED = 709,
  CUDA_ERROR_ASSERT = 710,
  CUDA_ERROR_HARDWARE_STACK_ERROR = 714,
  CUDA_ERROR_ILLEGAL_INSTRUCTION = 715,
  CUDA_ERROR_MISALIGNED_ADDRESS = 716,
  CUDA_ERROR_INVALID_ADDRESS_SPACE = 717,
  CUDA_ERROR_INVALID_PC = 718,
  CUDA_ERROR_LAUNCH_FAILED = 719,
  CUDA_ERROR_TENSOR_MEMORY_LEAK = 721,
  CUDA_ERROR_SYSTEM_NOT_READY = 802,
  CUDA_ERROR_SYSTEM_DRIVER_MISMATCH = 803,
  CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE = 804,
  CUDA_ERROR_MPS_SERVER_NOT_READY = 807,
  CUDA_ERROR_MPS_MAX_CLIENTS_REACHED = 808,
  CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED = 809,
  CUDA_ERROR_MPS_CLIENT_TERMINATED = 810,
};
enum CUdevice_attribute : int {
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
};
constexpr unsigned int CU_STREAM_NON_BLOCKING = 1;
constexpr unsigned int CU_EVENT_DEFAULT = 0;
constexpr unsigned int CU_EVENT_BLOCKING_SYNC = 1;
constexpr unsigned int CU_EVENT_DISABLE_TIMING = 2;
enum CUstreamCaptureMode : int { CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1 };

struct CUctx_st;
struct CUevent_st;
struct CUgraph_st;
struct CUgraphExec_st;
using CUcontext = CUctx_st*;
using CUstream = CUstream_st*;
using CUevent = CUevent_st*;
using CUgraph = CUgraph_st*;
using CUgraphExec = CUgraphExec_st*;
using CUdevice = int;
using CUdeviceptr = unsigned long long;

CUresult cuInit(unsigned int flags);
CUresult cuDriverGetVersion(int* version);
CUresult cuDeviceGetCount(int* count);
CUresult cuDeviceGet(CUdevice* device, int ordinal);
CUresult cuDeviceGetName(char* name, int length, CUdevice device);
CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute,
                              CUdevice device);
CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device);
CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device);
CUresult cuCtxGetCurrent(CUcontext* context);
CUresult cuCtxSetCurrent(CUcontext context);
CUresult cuStreamCreate(CUstream* stream, unsigned int flags);
CUresult cuStreamDestroy_v2(CUstream stream);
CUresult cuStreamSynchronize(CUstream stream);
CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes);
CUresult cuMemFree_v2(CUdeviceptr address);
CUresult cuMemGetInfo_v2(size_t* free_bytes, size_t* total_bytes);
CUresult cuMemAllocHost_v2(void** address, size_t bytes);
CUresult cuMemFreeHost(void* address);
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes,
                              CUstream stream);
CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes,
                              CUstream stream);
CUresult cuMemsetD8Async(CUdeviceptr address, unsigned char value, size_t bytes,
                         CUstream stream);
CUresult cuEventCreate(CUevent* event, unsigned int flags);
CUresult cuEventRecord(CUevent event, CUstream stream);
CUresult cuEventSynchronize(CUevent event);
// Returns the milliseconds between two events that the device has reached.
CUresult cuEventElapsedTime(float* milliseconds, CUevent first, CUevent last);
CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode);
CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph);
CUresult cuGraphInstantiateWithFlags(CUgraphExec* exec, CUgraph graph,
                                     unsigned long long flags);
CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream);
CUresult cuGraphExecDestroy(CUgraphExec exec);
CUresult cuGraphDestroy(CUgraph graph);
CUresult cuGetErrorName(CUresult error, const char** text);
CUresult cuGetErrorString(CUresult error, const char** text);

}  // namespace cudnn_gru::abi

// The functions of cuDNN that every supported version has, as F(name).
#define CUDNN_GRU_CUDNN_FUNCTIONS(F) \
  F(cudnnGetVersion)                 \
  F(cudnnGetCudartVersion)           \
  F(cudnnGetErrorString)             \
  F(cudnnCreate)                     \
  F(cudnnDestroy)                    \
  F(cudnnSetStream)                  \
  F(cudnnCreateTensorDescriptor)     \
  F(cudnnDestroyTensorDescriptor)    \
  F(cudnnSetTensorNdDescriptor)      \
  F(cudnnGetTensorNdDescriptor)      \
  F(cudnnCreateRNNDescriptor)        \
  F(cudnnDestroyRNNDescriptor)       \
  F(cudnnSetRNNDescriptor_v8)        \
  F(cudnnCreateRNNDataDescriptor)    \
  F(cudnnDestroyRNNDataDescriptor)   \
  F(cudnnSetRNNDataDescriptor)       \
  F(cudnnGetRNNWeightSpaceSize)      \
  F(cudnnGetRNNWeightParams)         \
  F(cudnnGetRNNTempSpaceSizes)       \
  F(cudnnRNNForward)                 \
  F(cudnnRNNBackwardData_v8)         \
  F(cudnnRNNBackwardWeights_v8)

// The functions that some versions do not have.
#define CUDNN_GRU_CUDNN_OPTIONAL_FUNCTIONS(F) \
  F(cudnnGetLastErrorString)                  \
  F(cudnnGraphVersionCheck)                   \
  F(cudnnOpsVersionCheck)                     \
  F(cudnnAdvVersionCheck)

// The functions of the CUDA driver that are always needed.
#define CUDNN_GRU_CUDA_FUNCTIONS(F) \
  F(cuInit)                         \
  F(cuDriverGetVersion)             \
  F(cuDeviceGetCount)               \
  F(cuDeviceGet)                    \
  F(cuDeviceGetName)                \
  F(cuDeviceGetAttribute)           \
  F(cuDeviceTotalMem_v2)            \
  F(cuDevicePrimaryCtxRetain)       \
  F(cuCtxGetCurrent)                \
  F(cuCtxSetCurrent)                \
  F(cuStreamCreate)                 \
  F(cuStreamDestroy_v2)             \
  F(cuStreamSynchronize)            \
  F(cuMemAlloc_v2)                  \
  F(cuMemFree_v2)                   \
  F(cuMemGetInfo_v2)                \
  F(cuMemAllocHost_v2)              \
  F(cuMemFreeHost)                  \
  F(cuMemcpyHtoDAsync_v2)           \
  F(cuMemcpyDtoHAsync_v2)           \
  F(cuMemsetD8Async)                \
  F(cuEventCreate)                  \
  F(cuEventRecord)                  \
  F(cuEventSynchronize)             \
  F(cuGetErrorName)                 \
  F(cuGetErrorString)

// The functions that only timing and CUDA graphs need.
#define CUDNN_GRU_CUDA_OPTIONAL_FUNCTIONS(F) \
  F(cuEventElapsedTime)                      \
  F(cuStreamBeginCapture_v2)                 \
  F(cuStreamEndCapture)                      \
  F(cuGraphInstantiateWithFlags)             \
  F(cuGraphLaunch)                           \
  F(cuGraphExecDestroy)                      \
  F(cuGraphDestroy)

#endif  // CUDNN_GRU_CUDNN_ABI_H_
