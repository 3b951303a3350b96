#include "cudnn/reserve.h"

#include <cstring>

namespace doubles {
namespace {

constexpr size_t kHeaderWords = 7;

// Calls visit(first, count) for the gates of each row's valid steps, among
// those of all steps.
template <typename Visit>
void VisitValid(const RnnCall& call, Visit visit) {
  const size_t step = 4 * static_cast<size_t>(call.rnn.hidden_size);
  const size_t row = static_cast<size_t>(call.x.max_length) * step;
  for (size_t b = 0; b < call.x.lengths.size(); ++b)
    visit(b * row, static_cast<size_t>(call.x.lengths[b]) * step);
}

size_t GateCount(const RnnCall& call) {
  return static_cast<size_t>(call.x.batch) *
         static_cast<size_t>(call.x.max_length) * 4 *
         static_cast<size_t>(call.rnn.hidden_size);
}

}  // namespace

uint64_t SettingsHash(const RnnCall& call) {
  const int64_t settings[] = {
      call.rnn.type,        call.rnn.math_type, call.rnn.input_size,
      call.rnn.hidden_size, call.rnn.aux_flags, call.x.batch,
      call.x.max_length,    call.rnn.algorithm, call.x.layout};
  const uint64_t hash = HashOf(settings, sizeof(settings));
  return HashOf(call.x.lengths.data(), call.x.lengths.size() * sizeof(int),
                hash);
}

void WriteReserve(const RnnCall& call, const Reserve& reserve, char* memory) {
  const uint64_t header[kHeaderWords] = {static_cast<uint64_t>(reserve.state),
                                         reserve.settings,
                                         reserve.x,
                                         reserve.hx,
                                         reserve.y,
                                         reserve.weights,
                                         HashOf(reserve.gates)};
  std::memcpy(memory, header, sizeof(header));
  char* at = memory + sizeof(header);
  VisitValid(call, [&](size_t first, size_t count) {
    if (count == 0) return;
    std::memcpy(at, reserve.gates.data() + first, count * sizeof(double));
    at += count * sizeof(double);
  });
}

Reserve ReadReserve(const RnnCall& call, ReserveState expected,
                    const char* memory) {
  uint64_t header[kHeaderWords];
  std::memcpy(header, memory, sizeof(header));
  if (header[0] != static_cast<uint64_t>(expected)) {
    Violation(call.function,
              expected == ReserveState::kForward
                  ? "the reserve space is not as cudnnRNNForward in training "
                    "mode left it: it was used, or never filled"
                  : "the reserve space is not as cudnnRNNBackwardData_v8 left "
                    "it");
  }
  Reserve reserve{expected,  header[1], header[2], header[3],
                  header[4], header[5], header[6], {}};
  reserve.gates.resize(GateCount(call));
  const char* at = memory + sizeof(header);
  VisitValid(call, [&](size_t first, size_t count) {
    if (count == 0) return;
    std::memcpy(reserve.gates.data() + first, at, count * sizeof(double));
    at += count * sizeof(double);
  });
  if (HashOf(reserve.gates) != reserve.gates_hash)
    Violation(call.function, "the reserve space was changed by its owner");
  if (reserve.settings != SettingsHash(call)) {
    Violation(call.function,
              "descriptors or lengths are not those of the forward call");
  }
  return reserve;
}

}  // namespace doubles
