#ifndef CUDNN_GRU_TEST_DOUBLES_CUDNN_RESERVE_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDNN_RESERVE_H_

#include <cstdint>
#include <vector>

#include "cudnn/rnn_call.h"
#include "cudnn/rnn_layers.h"

// The reserve space: what forward leaves for backward, with enough beside it to
// notice that a caller changed something in between. BackwardData overwrites
// it, as the real library does.
namespace doubles {

enum class ReserveState : uint64_t {
  kForward = 0x46574431,
  kBackwardData = 0x42574432,
};

struct Reserve {
  ReserveState state;
  uint64_t settings;  // descriptors and lengths
  uint64_t x;         // contents, at the forward call
  uint64_t hx;
  uint64_t y;
  uint64_t weights;
  uint64_t saved_hash;
  SavedLayers saved;
};

// The numbers that are saved for each step of a row, in the whole RNN.
size_t SavedNumbersOfStep(const cudnnRNNStruct& rnn);

uint64_t SettingsHash(const RnnCall& call);

void WriteReserve(const RnnCall& call, const Reserve& reserve, char* memory);
// Aborts unless the space is as the call before left it.
Reserve ReadReserve(const RnnCall& call, ReserveState expected,
                    const char* memory);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDNN_RESERVE_H_
