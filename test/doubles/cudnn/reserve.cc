#include "cudnn/reserve.h"

#include <cstring>

namespace doubles {
namespace {

constexpr size_t kHeaderWords = 7;

// Calls visit(first, count) for the numbers of each row's valid steps, among
// those of all steps, of which each has `width`.
template <typename Visit>
void VisitValid(const RnnCall& call, size_t width, Visit visit) {
  const size_t row = static_cast<size_t>(call.x.max_length) * width;
  for (size_t b = 0; b < call.x.lengths.size(); ++b)
    visit(b * row, static_cast<size_t>(call.x.lengths[b]) * width);
}

// Calls visit(numbers, width) for everything that is saved.
template <typename Saved, typename Visit>
void VisitSaved(const RnnCall& call, Saved& saved, Visit visit) {
  const size_t units = static_cast<size_t>(call.rnn.hidden_size);
  for (auto& gates : saved.gates) visit(gates, 4 * units);
  for (auto& outputs : saved.outputs)
    visit(outputs, call.Problem().directions * units);
}

uint64_t SavedHash(const RnnCall& call, const SavedLayers& saved) {
  uint64_t hash = 0;
  VisitSaved(call, saved, [&](const std::vector<double>& numbers, size_t) {
    hash = HashOf(numbers.data(), numbers.size() * sizeof(double), hash);
  });
  return hash;
}

// Arrays of the right sizes.
SavedLayers MakeSaved(const RnnCall& call) {
  const RnnProblem problem = call.Problem();
  const size_t steps = static_cast<size_t>(call.x.batch) *
                       static_cast<size_t>(call.x.max_length);
  const size_t units = static_cast<size_t>(call.rnn.hidden_size);
  SavedLayers saved;
  saved.gates.assign(problem.pseudo_layers(),
                     std::vector<double>(steps * 4 * units));
  saved.outputs.assign(problem.layers - 1,
                       std::vector<double>(steps * problem.directions * units));
  return saved;
}

}  // namespace

size_t SavedNumbersOfStep(const cudnnRNNStruct& rnn) {
  const size_t units = static_cast<size_t>(rnn.hidden_size);
  const size_t layers = static_cast<size_t>(rnn.layers);
  const size_t directions = Directions(rnn);
  return layers * directions * 4 * units + (layers - 1) * directions * units;
}

uint64_t SettingsHash(const RnnCall& call) {
  const int64_t settings[] = {
      call.rnn.type,        call.rnn.math_type, call.rnn.input_size,
      call.rnn.hidden_size, call.rnn.aux_flags, call.x.batch,
      call.x.max_length,    call.rnn.algorithm, call.x.layout,
      call.rnn.layers,      call.rnn.direction};
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
                                         SavedHash(call, reserve.saved)};
  std::memcpy(memory, header, sizeof(header));
  char* at = memory + sizeof(header);
  VisitSaved(call, reserve.saved,
             [&](const std::vector<double>& numbers, size_t width) {
               VisitValid(call, width, [&](size_t first, size_t count) {
                 if (count == 0) return;
                 std::memcpy(at, numbers.data() + first,
                             count * sizeof(double));
                 at += count * sizeof(double);
               });
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
                  header[4], header[5], header[6], MakeSaved(call)};
  const char* at = memory + sizeof(header);
  VisitSaved(
      call, reserve.saved, [&](std::vector<double>& numbers, size_t width) {
        VisitValid(call, width, [&](size_t first, size_t count) {
          if (count == 0) return;
          std::memcpy(numbers.data() + first, at, count * sizeof(double));
          at += count * sizeof(double);
        });
      });
  if (SavedHash(call, reserve.saved) != reserve.saved_hash)
    Violation(call.function, "the reserve space was changed by its owner");
  if (reserve.settings != SettingsHash(call)) {
    Violation(call.function,
              "descriptors or lengths are not those of the forward call");
  }
  return reserve;
}

}  // namespace doubles
