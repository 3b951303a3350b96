#ifndef CUDNN_GRU_CUDNN_GRAPH_ADMISSION_H_
#define CUDNN_GRU_CUDNN_GRAPH_ADMISSION_H_

#include <mutex>
#include <set>
#include <utility>

#include "cudnn/abi.h"
#include "cudnn/algorithm.h"

namespace cudnn_gru {

// The kinds of calls on one device that may be replayed as CUDA graphs: those
// for which a trial has shown that a replay computes what the call computes.
class GraphAdmission {
 public:
  void Admit(abi::cudnnDataType_t data_type, RnnKind kind) {
    std::lock_guard<std::mutex> lock(mutex_);
    admitted_.emplace(data_type, kind);
  }
  bool Admits(abi::cudnnDataType_t data_type, RnnKind kind) {
    std::lock_guard<std::mutex> lock(mutex_);
    return admitted_.count({data_type, kind}) != 0;
  }

 private:
  std::mutex mutex_;
  std::set<std::pair<abi::cudnnDataType_t, RnnKind>> admitted_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_GRAPH_ADMISSION_H_
