#ifndef CUDNN_GRU_CUDNN_ALGORITHM_H_
#define CUDNN_GRU_CUDNN_ALGORITHM_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <tuple>

#include "cudnn/abi.h"

namespace cudnn_gru {

// A way in which cuDNN computes a chunk, and the order of the chunk's tensors:
// (rows, timesteps, width), or (timesteps, rows, width) when time-major.
struct Algorithm {
  bool operator==(const Algorithm& other) const {
    return id == other.id && time_major == other.time_major;
  }
  bool operator!=(const Algorithm& other) const { return !(*this == other); }

  abi::cudnnRNNAlgo_t id = abi::CUDNN_RNN_ALGO_STANDARD;
  bool time_major = false;
};

// Takes every call.
constexpr Algorithm kStandardAlgorithm = {abi::CUDNN_RNN_ALGO_STANDARD, false};

// Up to ten times as fast for small layers, by PyTorch's pull request 62143.
// PyTorch gives it time-major tensors only; batch-major ones are the host's own
// order, so they come first.
constexpr Algorithm kSmallAlgorithms[] = {
    {abi::CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H, false},
    {abi::CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H, true},
};

// Calls that an algorithm takes or refuses together.
struct CallClass {
  abi::cudnnDataType_t data_type;
  abi::cudnnMathType_t math_type;
  int32_t features;
  int32_t units;
  size_t rows;
  bool training;
};

// Chooses the algorithms of one device's calls. Those beside the standard one
// take part once they have shown that they compute a GRU, until they refuse a
// call.
class AlgorithmChoice {
 public:
  // The best for a call. `equal_lengths`: every row has all the steps.
  Algorithm Choose(const CallClass& call, bool equal_lengths);

  // For all calls of a type.
  void Admit(const Algorithm& algorithm, abi::cudnnDataType_t data_type);
  // For the class `call`, rows being as many to within a factor of two.
  void RuleOut(const Algorithm& algorithm, const CallClass& call);

 private:
  using Way = std::tuple<int, bool>;
  using Class = std::tuple<Way, int, int, int32_t, int32_t, int, bool>;
  static Way WayOf(const Algorithm& algorithm);
  static Class ClassOf(const Algorithm& algorithm, const CallClass& call);

  std::mutex mutex_;
  std::set<std::tuple<Way, int>> admitted_;
  std::set<Class> ruled_out_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_ALGORITHM_H_
