#include "cudnn/algorithm.h"

namespace cudnn_gru {
namespace {

// PyTorch's limits of the algorithm for small layers (get_algo in
// aten/src/ATen/native/cudnn/RNN.cpp). The one for training is lower because
// backward then runs with the same algorithm: both directions share one reserve
// space.
constexpr int32_t kMostSmallUnits = 192;
constexpr int32_t kMostSmallUnitsInTraining = 128;

// cuDNN refuses PERSIST_STATIC for more units.
constexpr int32_t kMostStaticUnits = 1024;

// With so few rows, packing time-major tensors costs the host less than the
// transposition of batch-major ones costs the device.
constexpr size_t kMostRowsTimeMajor = 4;

bool SuitsSmall(const CallClass& call) {
  const bool training = call.mode == abi::CUDNN_FWD_MODE_TRAINING;
  return call.units <= (training ? kMostSmallUnitsInTraining : kMostSmallUnits);
}

// Whether PERSIST_STATIC is faster than the standard algorithm as a CUDA graph,
// by bench/gpu/algorithms.py on an H200. Its time grows with the rows, and in
// float16 it uses tensor cores for whole groups of eight rows.
bool SuitsStatic(const CallClass& call) {
  if (call.units > kMostStaticUnits || call.layers * call.directions > 1) {
    return false;
  }
  if (call.data_type == abi::CUDNN_DATA_FLOAT) return call.rows <= 4;
  return call.rows <= 2 || (call.rows <= 4 && call.units <= 512) ||
         call.rows == 8;
}

bool Suits(const Algorithm& algorithm, const CallClass& call) {
  return MayUse(algorithm.id, call.data_type) &&
         (algorithm.id == abi::CUDNN_RNN_ALGO_PERSIST_STATIC
              ? SuitsStatic(call)
              : SuitsSmall(call));
}

RnnKind KindOf(const CallClass& call) {
  return call.layers * call.directions == 1 ? RnnKind::kSingle
                                            : RnnKind::kStack;
}

// Returns the exponent of the smallest power of two that is at least `rows`.
int NextPowerOfTwo(size_t rows) {
  int power = 0;
  while (rows > size_t{1} << power) ++power;
  return power;
}

}  // namespace

AlgorithmChoice::AlgorithmKey AlgorithmChoice::KeyOf(
    const Algorithm& algorithm) {
  return {algorithm.id, algorithm.time_major};
}

AlgorithmChoice::ClassKey AlgorithmChoice::KeyOf(const Algorithm& algorithm,
                                                 const CallClass& call) {
  return {KeyOf(algorithm),
          call.data_type,
          call.math_type,
          call.features,
          call.units,
          call.layers,
          call.directions,
          NextPowerOfTwo(call.rows),
          call.mode == abi::CUDNN_FWD_MODE_TRAINING};
}

const char* NameOf(abi::cudnnRNNAlgo_t algorithm) {
  switch (algorithm) {
    case abi::CUDNN_RNN_ALGO_PERSIST_STATIC:
      return "PERSIST_STATIC";
    case abi::CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H:
      return "PERSIST_STATIC_SMALL_H";
    case abi::CUDNN_RNN_ALGO_STANDARD:
      break;
  }
  return "STANDARD";
}

bool MayUse(abi::cudnnRNNAlgo_t algorithm, abi::cudnnDataType_t data_type) {
  switch (algorithm) {
    case abi::CUDNN_RNN_ALGO_PERSIST_STATIC:
    case abi::CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H:
      // For bfloat16 cuDNN 9.19 silently computes the standard algorithm in
      // their place, and that is faster as a CUDA graph.
      return data_type == abi::CUDNN_DATA_FLOAT ||
             data_type == abi::CUDNN_DATA_HALF;
    case abi::CUDNN_RNN_ALGO_STANDARD:
      break;
  }
  return true;
}

Algorithm AlgorithmChoice::Choose(const CallClass& call, RowLengths lengths) {
  if (lengths == RowLengths::kDifferent) return kStandardAlgorithm;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto usable = [&](const Algorithm& each) {
    return Suits(each, call) &&
           admitted_.count({KeyOf(each), call.data_type, KindOf(call)}) != 0 &&
           ruled_out_.count(KeyOf(each, call)) == 0;
  };
  const bool time_major_first = call.rows <= kMostRowsTimeMajor;
  for (const Algorithm& each : kPersistentAlgorithms) {
    const Algorithm first = {each.id, each.time_major != time_major_first};
    if (usable(first)) return first;
  }
  return kStandardAlgorithm;
}

void AlgorithmChoice::RuleOut(const Algorithm& algorithm,
                              const CallClass& call) {
  std::lock_guard<std::mutex> lock(mutex_);
  ruled_out_.insert(KeyOf(algorithm, call));
}

void AlgorithmChoice::Admit(const Algorithm& algorithm,
                            abi::cudnnDataType_t data_type, RnnKind kind) {
  std::lock_guard<std::mutex> lock(mutex_);
  admitted_.emplace(KeyOf(algorithm), data_type, kind);
}

}  // namespace cudnn_gru
