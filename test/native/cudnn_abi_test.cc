// Compares native/cudnn/abi.h with NVIDIA's headers: every prototype parameter
// by parameter, every enumerator and opaque type by name. CMake defines
// CUDNN_GRU_REAL_HEADERS where it found them.
#include <cstdio>

#include "cudnn/abi.h"
#include "native_test.h"

#ifndef CUDNN_GRU_REAL_HEADERS

TEST_CASE("declarations and values are those of the real headers") {
  cudnn_gru_test::Skip("the headers of cuDNN and CUDA were not found");
}

#else

// In the real headers these are macros; so they are read first.
constexpr auto kPaddedIoEnabled = cudnn_gru::abi::CUDNN_RNN_PADDED_IO_ENABLED;

#include <cuda.h>
#include <cudnn.h>

// Newer headers give this name to a second version of the same prototype; the
// driver still exports the first.
#ifdef cuEventElapsedTime
#undef cuEventElapsedTime
extern "C" decltype(::cuEventElapsedTime_v2) cuEventElapsedTime;
#endif

#include <string_view>
#include <type_traits>

namespace cudnn_gru_test {

using std::is_enum_v;
using std::string_view;

// The unqualified name of T.
template <typename T>
constexpr string_view NameOf() {
  string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  const size_t colon = text.rfind(':');
  return colon == string_view::npos ? text : text.substr(colon + 1);
}

// An enum that C calls `enum X_enum` has its name by typedef only.
template <typename Ours, typename Real>
constexpr bool SameName() {
  constexpr string_view real = NameOf<Real>();
  constexpr size_t at = real.rfind("_enum");
  return NameOf<Ours>() == real ||
         (is_enum_v<Real> && at != string_view::npos && at + 5 == real.size());
}

template <typename Ours, typename Real>
constexpr bool Same() {
  if constexpr (std::is_same_v<Ours, Real>) {
    return true;
  } else if constexpr (std::is_const_v<Ours> && std::is_const_v<Real>) {
    return Same<std::remove_const_t<Ours>, std::remove_const_t<Real> >();
  } else if constexpr (std::is_pointer_v<Ours> && std::is_pointer_v<Real>) {
    return Same<std::remove_pointer_t<Ours>, std::remove_pointer_t<Real> >();
  } else if constexpr (is_enum_v<Ours> && is_enum_v<Real>) {
    return sizeof(Ours) == sizeof(Real) && SameName<Ours, Real>();
  } else if constexpr (std::is_class_v<Ours> && std::is_class_v<Real>) {
    return SameName<Ours, Real>();
  } else {
    return false;
  }
}

template <typename Ours, typename Real>
struct SameFunction : std::false_type {};

template <typename Ours, typename... OurArguments, typename Real,
          typename... RealArguments>
struct SameFunction<Ours(OurArguments...), Real(RealArguments...)> {
  static constexpr bool Compare() {
    if constexpr (sizeof...(OurArguments) == sizeof...(RealArguments)) {
      return Same<Ours, Real>() &&
             (Same<OurArguments, RealArguments>() && ... && true);
    } else {
      return false;
    }
  }
  static constexpr bool value = Compare();
};

// What the comparison must notice.
static_assert(!Same<int, unsigned>());
static_assert(!Same<const void*, void*>());
static_assert(!Same<cudnn_gru::abi::cudnnTensorStruct*, ::cudnnRNNStruct*>());
static_assert(!SameFunction<void(int), void(int, int)>::value);
static_assert(!SameFunction<decltype(cudnn_gru::abi::cudnnRNNBackwardData_v8),
                            decltype(::cudnnRNNForward)>::value);

#define SAME_FUNCTION(name)                                                    \
  CHECK_MESSAGE(                                                               \
      (SameFunction<decltype(cudnn_gru::abi::name), decltype(::name)>::value), \
      #name " differs from NVIDIA's declaration");                             \
  ++functions;

#define SAME_VALUE(name)                                        \
  CHECK_MESSAGE(static_cast<long long>(cudnn_gru::abi::name) == \
                    static_cast<long long>(::name),             \
                #name " differs from NVIDIA's value");          \
  ++values;

TEST_CASE("declarations and values are those of the real headers") {
  int functions = 0;
  CUDNN_GRU_CUDNN_FUNCTIONS(SAME_FUNCTION)
  CUDNN_GRU_CUDNN_OPTIONAL_FUNCTIONS(SAME_FUNCTION)
  CUDNN_GRU_CUDA_FUNCTIONS(SAME_FUNCTION)
  CUDNN_GRU_CUDA_OPTIONAL_FUNCTIONS(SAME_FUNCTION)
  int values = 0;
  SAME_VALUE(CUDNN_STATUS_SUCCESS)
  SAME_VALUE(CUDNN_STATUS_NOT_INITIALIZED)
  SAME_VALUE(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED)
  SAME_VALUE(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)
  SAME_VALUE(CUDNN_STATUS_NOT_SUPPORTED)
  SAME_VALUE(CUDNN_STATUS_INTERNAL_ERROR)
  SAME_VALUE(CUDNN_STATUS_EXECUTION_FAILED_CUBLAS)
  SAME_VALUE(CUDNN_STATUS_EXECUTION_FAILED_CUDART)
  SAME_VALUE(CUDNN_DATA_FLOAT)
  SAME_VALUE(CUDNN_DATA_DOUBLE)
  SAME_VALUE(CUDNN_DATA_HALF)
  SAME_VALUE(CUDNN_DATA_BFLOAT16)
  SAME_VALUE(CUDNN_DEFAULT_MATH)
  SAME_VALUE(CUDNN_TENSOR_OP_MATH)
  SAME_VALUE(CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION)
  SAME_VALUE(CUDNN_FMA_MATH)
  SAME_VALUE(CUDNN_RNN_ALGO_STANDARD)
  SAME_VALUE(CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H)
  SAME_VALUE(CUDNN_FWD_MODE_INFERENCE)
  SAME_VALUE(CUDNN_FWD_MODE_TRAINING)
  SAME_VALUE(CUDNN_GRU)
  SAME_VALUE(CUDNN_RNN_DOUBLE_BIAS)
  SAME_VALUE(CUDNN_UNIDIRECTIONAL)
  SAME_VALUE(CUDNN_BIDIRECTIONAL)
  SAME_VALUE(CUDNN_LINEAR_INPUT)
  SAME_VALUE(CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED)
  SAME_VALUE(CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED)
  SAME_VALUE(CUDNN_WGRAD_MODE_ADD)
  SAME_VALUE(CUDA_SUCCESS)
  SAME_VALUE(CUDA_ERROR_OUT_OF_MEMORY)
  SAME_VALUE(CUDA_ERROR_NOT_INITIALIZED)
  SAME_VALUE(CUDA_ERROR_STUB_LIBRARY)
  SAME_VALUE(CUDA_ERROR_DEVICE_UNAVAILABLE)
  SAME_VALUE(CUDA_ERROR_NO_DEVICE)
  SAME_VALUE(CUDA_ERROR_NO_BINARY_FOR_GPU)
  SAME_VALUE(CUDA_ERROR_ECC_UNCORRECTABLE)
  SAME_VALUE(CUDA_ERROR_NVLINK_UNCORRECTABLE)
  SAME_VALUE(CUDA_ERROR_CONTAINED)
  SAME_VALUE(CUDA_ERROR_ILLEGAL_ADDRESS)
  SAME_VALUE(CUDA_ERROR_LAUNCH_TIMEOUT)
  SAME_VALUE(CUDA_ERROR_CONTEXT_IS_DESTROYED)
  SAME_VALUE(CUDA_ERROR_ASSERT)
  SAME_VALUE(CUDA_ERROR_HARDWARE_STACK_ERROR)
  SAME_VALUE(CUDA_ERROR_ILLEGAL_INSTRUCTION)
  SAME_VALUE(CUDA_ERROR_MISALIGNED_ADDRESS)
  SAME_VALUE(CUDA_ERROR_INVALID_ADDRESS_SPACE)
  SAME_VALUE(CUDA_ERROR_INVALID_PC)
  SAME_VALUE(CUDA_ERROR_LAUNCH_FAILED)
  SAME_VALUE(CUDA_ERROR_TENSOR_MEMORY_LEAK)
  SAME_VALUE(CUDA_ERROR_SYSTEM_NOT_READY)
  SAME_VALUE(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)
  SAME_VALUE(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE)
  SAME_VALUE(CUDA_ERROR_MPS_SERVER_NOT_READY)
  SAME_VALUE(CUDA_ERROR_MPS_MAX_CLIENTS_REACHED)
  SAME_VALUE(CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED)
  SAME_VALUE(CUDA_ERROR_MPS_CLIENT_TERMINATED)
  SAME_VALUE(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
  SAME_VALUE(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)
  SAME_VALUE(CU_STREAM_NON_BLOCKING)
  SAME_VALUE(CU_EVENT_DEFAULT)
  SAME_VALUE(CU_EVENT_BLOCKING_SYNC)
  SAME_VALUE(CU_EVENT_DISABLE_TIMING)
  static_assert(kPaddedIoEnabled == CUDNN_RNN_PADDED_IO_ENABLED);
  static_assert(std::is_same_v<cudnn_gru::abi::CUdeviceptr, ::CUdeviceptr> &&
                std::is_same_v<cudnn_gru::abi::CUdevice, ::CUdevice>);
  std::printf(
      "%d prototypes and %d values are those of cuDNN %d.%d and CUDA %d\n",
      functions, values, CUDNN_MAJOR, CUDNN_MINOR, CUDA_VERSION / 1000);
}

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_REAL_HEADERS
