#ifndef CUDNN_GRU_CUDNN_RNN_SETTINGS_H_
#define CUDNN_GRU_CUDNN_RNN_SETTINGS_H_

#include <cstdint>

#include "core/gru_backend.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "cudnn/cudnn_descriptor.h"
#include "cudnn/device.h"
#include "cudnn/rnn_shape.h"

namespace cudnn_gru {

// The properties of the layers that an RNN descriptor of cuDNN holds.
struct RnnSettings {
  RnnSettings(const RnnShape& shape, Tf32 tf32);
  bool operator==(const RnnSettings& other) const;
  RnnKind kind() const {
    return layers * directions == 1 ? RnnKind::kSingle : RnnKind::kStack;
  }

  abi::cudnnDataType_t data_type;
  abi::cudnnDataType_t math_precision;
  abi::cudnnMathType_t math_type;
  int32_t features;  // of the first layer
  int32_t units;
  int32_t layers;
  int32_t directions;  // 1 or 2
};

// Creates and sets an RNN descriptor, with double bias.
Status MakeRnn(const Device& device, const RnnSettings& settings,
               abi::cudnnRNNAlgo_t algorithm, RnnDescriptor* rnn);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_RNN_SETTINGS_H_
