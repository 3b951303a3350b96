#include "cudnn/algorithm.h"

namespace cudnn_gru {
namespace {

// PyTorch's limits (aten/src/ATen/native/cudnn/RNN.cpp, get_algo). The one for
// training is lower because backward then runs with the same algorithm: both
// directions share one reserve space.
constexpr int32_t kMostUnits = 192;
constexpr int32_t kMostUnitsInTraining = 128;

bool SuitsSmallAlgorithm(const CallClass& call, RowLengths lengths) {
  const bool training = call.mode == abi::CUDNN_FWD_MODE_TRAINING;
  return lengths == RowLengths::kEqual &&
         call.data_type != abi::CUDNN_DATA_DOUBLE &&
         call.units <= (training ? kMostUnitsInTraining : kMostUnits);
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

Algorithm AlgorithmChoice::Choose(const CallClass& call, RowLengths lengths) {
  if (!SuitsSmallAlgorithm(call, lengths)) return kStandardAlgorithm;
  std::lock_guard<std::mutex> lock(mutex_);
  for (const Algorithm& each : kSmallAlgorithms) {
    if (admitted_.count({KeyOf(each), call.data_type, KindOf(call)}) != 0 &&
        ruled_out_.count(KeyOf(each, call)) == 0) {
      return each;
    }
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
