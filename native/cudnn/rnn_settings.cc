#include "cudnn/rnn_settings.h"

#include "cudnn/element_format.h"
#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

abi::cudnnMathType_t MathType(abi::cudnnDataType_t type, Tf32 tf32) {
  switch (type) {
    case abi::CUDNN_DATA_FLOAT:
      // FMA math is float32 throughout. The default math may use TF32.
      return tf32 == Tf32::kAllowed ? abi::CUDNN_DEFAULT_MATH
                                    : abi::CUDNN_FMA_MATH;
    case abi::CUDNN_DATA_DOUBLE:
      return abi::CUDNN_FMA_MATH;
    case abi::CUDNN_DATA_HALF:
    case abi::CUDNN_DATA_BFLOAT16:
      break;
  }
  return abi::CUDNN_TENSOR_OP_MATH;
}

// Returns the math type for an algorithm. PERSIST_STATIC_SMALL_H takes half as
// long for a float16 batch with the default math as with tensor cores, and its
// results are as exact (bench/gpu/algorithms.py on an H200).
abi::cudnnMathType_t MathTypeFor(const RnnSettings& settings,
                                 abi::cudnnRNNAlgo_t algorithm) {
  return algorithm == abi::CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H &&
                 settings.data_type == abi::CUDNN_DATA_HALF
             ? abi::CUDNN_DEFAULT_MATH
             : settings.math_type;
}

}  // namespace

RnnSettings::RnnSettings(const RnnShape& shape, Tf32 tf32)
    : data_type(ElementFormat(shape.first).data_type()),
      math_precision(ElementFormat(shape.first).math_precision()),
      math_type(MathType(data_type, tf32)),
      features(static_cast<int32_t>(shape.first.features)),
      units(static_cast<int32_t>(shape.first.units)),
      layers(static_cast<int32_t>(shape.layers)),
      directions(static_cast<int32_t>(shape.directions)) {}

bool RnnSettings::operator==(const RnnSettings& other) const {
  return data_type == other.data_type &&
         math_precision == other.math_precision &&
         math_type == other.math_type && features == other.features &&
         units == other.units && layers == other.layers &&
         directions == other.directions;
}

Status MakeRnn(const Device& device, const RnnSettings& settings,
               abi::cudnnRNNAlgo_t algorithm, RnnDescriptor* rnn) {
  const CudnnLibrary& cudnn = device.cudnn();
  CUDNN_GRU_RETURN_IF_ERROR(MakeRnnDescriptor(cudnn, rnn));
  // cuDNN refuses a projection size of 0. A projection as wide as the state
  // means that there is none. The dropout descriptor is null because Keras has
  // no dropout between layers, which is the only one that cuDNN has.
  return device.Check(
      cudnn.cudnnSetRNNDescriptor_v8(
          rnn->get(), algorithm, abi::CUDNN_GRU, abi::CUDNN_RNN_DOUBLE_BIAS,
          settings.directions == 2 ? abi::CUDNN_BIDIRECTIONAL
                                   : abi::CUDNN_UNIDIRECTIONAL,
          abi::CUDNN_LINEAR_INPUT, settings.data_type, settings.math_precision,
          MathTypeFor(settings, algorithm), settings.features, settings.units,
          settings.units, settings.layers, nullptr,
          abi::CUDNN_RNN_PADDED_IO_ENABLED),
      "cudnnSetRNNDescriptor_v8");
}

}  // namespace cudnn_gru
