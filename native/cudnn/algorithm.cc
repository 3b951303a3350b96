#include "cudnn/algorithm.h"

namespace cudnn_gru {
namespace {

// PyTorch's limits (aten/src/ATen/native/cudnn/RNN.cpp, get_algo): one for
// forward alone, one where backward follows, since one reserve space serves
// both.
constexpr int32_t kMostUnits = 192;
constexpr int32_t kMostUnitsInTraining = 128;

bool SuitsSmallAlgorithm(const CallClass& call, bool equal_lengths) {
  return equal_lengths && call.data_type != abi::CUDNN_DATA_DOUBLE &&
         call.units <= (call.training ? kMostUnitsInTraining : kMostUnits);
}

int PowerOfTwoOver(size_t rows) {
  int power = 0;
  while (rows > size_t{1} << power) ++power;
  return power;
}

}  // namespace

AlgorithmChoice::Way AlgorithmChoice::WayOf(const Algorithm& algorithm) {
  return {algorithm.id, algorithm.time_major};
}

AlgorithmChoice::Class AlgorithmChoice::ClassOf(const Algorithm& algorithm,
                                                const CallClass& call) {
  return {WayOf(algorithm), call.data_type, call.math_type,
          call.features,    call.units,     PowerOfTwoOver(call.rows),
          call.training};
}

Algorithm AlgorithmChoice::Choose(const CallClass& call, bool equal_lengths) {
  if (!SuitsSmallAlgorithm(call, equal_lengths)) return kStandardAlgorithm;
  std::lock_guard<std::mutex> lock(mutex_);
  for (const Algorithm& each : kSmallAlgorithms) {
    if (admitted_.count({WayOf(each), call.data_type}) != 0 &&
        ruled_out_.count(ClassOf(each, call)) == 0) {
      return each;
    }
  }
  return kStandardAlgorithm;
}

void AlgorithmChoice::RuleOut(const Algorithm& algorithm,
                              const CallClass& call) {
  std::lock_guard<std::mutex> lock(mutex_);
  ruled_out_.insert(ClassOf(algorithm, call));
}

void AlgorithmChoice::Admit(const Algorithm& algorithm,
                            abi::cudnnDataType_t data_type) {
  std::lock_guard<std::mutex> lock(mutex_);
  admitted_.emplace(WayOf(algorithm), data_type);
}

}  // namespace cudnn_gru
