#ifndef CUDNN_GRU_CUDNN_PLAN_H_
#define CUDNN_GRU_CUDNN_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/algorithm.h"
#include "cudnn/device.h"
#include "cudnn/result.h"

namespace cudnn_gru {

// What cuDNN's RNN descriptor says of a layer.
struct RnnSettings {
  RnnSettings(const GruDescription& description, bool allow_tf32);
  bool operator==(const RnnSettings& other) const;

  abi::cudnnDataType_t data_type;
  abi::cudnnDataType_t math_precision;
  abi::cudnnMathType_t math_type;
  int32_t features;
  int32_t units;
};

// Creates and sets an RNN descriptor: one layer, one direction, double bias.
Status MakeRnn(const Device& device, const RnnSettings& settings,
               abi::cudnnRNNAlgo_t algorithm, RnnDescriptor* rnn);

// The descriptors of one shape of cuDNN call, kept from call to call. Used with
// one handle, by one thread at a time.
class Plan {
 public:
  struct Key {
    bool operator==(const Key& other) const;

    RnnSettings settings;
    Algorithm algorithm;
    int batch;
    int timesteps;
    bool training;
  };

  explicit Plan(const Key& key) : key_(key) {}

  Status Make(const Device& device);
  // The steps of each row. Descriptors and sizes are those of these lengths
  // from then on. Remedy::kAnotherWay when the algorithm takes no such call.
  Status SetLengths(const Device& device, abi::cudnnHandle_t handle,
                    const int* lengths);
  bool HasLengths(const int* lengths) const;

  const Key& key() const { return key_; }
  abi::cudnnRNNDescriptor_t rnn() const { return rnn_.get(); }
  abi::cudnnRNNDataDescriptor_t x() const { return x_.get(); }
  abi::cudnnRNNDataDescriptor_t y() const { return y_.get(); }
  abi::cudnnTensorDescriptor_t h() const { return h_.get(); }
  size_t workspace_bytes() const { return workspace_bytes_; }
  // 0 unless key().training.
  size_t reserve_bytes() const { return reserve_bytes_; }

  // Whether a chunk of the call in progress counts on its lengths.
  bool in_use = false;

 private:
  const Key key_;
  RnnDescriptor rnn_;
  RnnDataDescriptor x_;
  RnnDataDescriptor y_;
  TensorDescriptor h_;
  std::vector<int> lengths_;  // empty until they are set
  size_t workspace_bytes_ = 0;
  size_t reserve_bytes_ = 0;
};

// The plans of one handle. Between calls at most a fixed number; the one unused
// for longest makes room.
class PlanCache {
 public:
  // The plan for `key` with these lengths set; it stays as it is until EndCall.
  Status Find(const Device& device, abi::cudnnHandle_t handle,
              const Plan::Key& key, const int* lengths, Plan** plan);
  // The device has finished the call in progress.
  void EndCall();
  void Clear() { plans_.clear(); }

 private:
  Plan* Reuse(const Plan::Key& key, const int* lengths);
  void MakeRoom(size_t most);

  std::vector<std::unique_ptr<Plan>> plans_;  // last used last
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_PLAN_H_
