#ifndef CUDNN_GRU_CUDNN_ALGORITHM_H_
#define CUDNN_GRU_CUDNN_ALGORITHM_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <tuple>

#include "cudnn/abi.h"

namespace cudnn_gru {

// An algorithm of cuDNN's, and the order of a chunk's tensors that it is used
// with: (rows, timesteps, width), or (timesteps, rows, width) when time-major.
struct Algorithm {
  bool operator==(const Algorithm& other) const {
    return id == other.id && time_major == other.time_major;
  }
  bool operator!=(const Algorithm& other) const { return !(*this == other); }

  abi::cudnnRNNAlgo_t id = abi::CUDNN_RNN_ALGO_STANDARD;
  bool time_major = false;
};

// The algorithm that supports every call.
constexpr Algorithm kStandardAlgorithm = {abi::CUDNN_RNN_ALGO_STANDARD, false};

// The algorithms that compute all timesteps in one kernel, for small layers and
// for few rows. docs/cudnn-notes.md says which calls they are faster for.
constexpr Algorithm kPersistentAlgorithms[] = {
    {abi::CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H, false},
    {abi::CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H, true},
    {abi::CUDNN_RNN_ALGO_PERSIST_STATIC, false},
    {abi::CUDNN_RNN_ALGO_PERSIST_STATIC, true},
};

// Returns the name of an algorithm without cuDNN's prefix.
const char* NameOf(abi::cudnnRNNAlgo_t algorithm);

// Whether calls with the data type may use the algorithm at all.
bool MayUse(abi::cudnnRNNAlgo_t algorithm, abi::cudnnDataType_t data_type);

// The properties that decide whether an algorithm supports a call.
struct CallClass {
  abi::cudnnDataType_t data_type;
  abi::cudnnMathType_t math_type;
  int32_t features;
  int32_t units;
  int32_t layers;
  int32_t directions;
  size_t rows;
  abi::cudnnForwardMode_t mode;
};

// Whether a call computes one GRU, or several layers or directions. The two are
// checked and admitted apart.
enum class RnnKind { kSingle, kStack };

// Whether all rows of a chunk have the same number of steps.
enum class RowLengths { kEqual, kDifferent };

// Chooses the algorithms for the calls on one device. Algorithms other than the
// standard one are used once a self-check has shown that they compute a GRU,
// and for as long as they do not refuse a call.
class AlgorithmChoice {
 public:
  // Returns the fastest algorithm that may support the call.
  Algorithm Choose(const CallClass& call, RowLengths lengths);

  // Allows the algorithm for all calls of this kind with this data type.
  void Admit(const Algorithm& algorithm, abi::cudnnDataType_t data_type,
             RnnKind kind);
  // Forbids the algorithm for calls of the class `call` with about as many
  // rows: the numbers of rows have the same next power of two.
  void RuleOut(const Algorithm& algorithm, const CallClass& call);

 private:
  // Algorithm and CallClass as keys of sets.
  using AlgorithmKey = std::tuple<int, bool>;
  using ClassKey = std::tuple<AlgorithmKey, int, int, int32_t, int32_t, int32_t,
                              int32_t, int, bool>;
  static AlgorithmKey KeyOf(const Algorithm& algorithm);
  static ClassKey KeyOf(const Algorithm& algorithm, const CallClass& call);

  std::mutex mutex_;
  std::set<std::tuple<AlgorithmKey, int, RnnKind>> admitted_;
  std::set<ClassKey> ruled_out_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_ALGORITHM_H_
