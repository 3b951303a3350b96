// How errors of the driver's and of cuDNN's are told apart, which algorithm a
// call gets, and how the host's work is divided.
#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "core/thread_pool.h"
#include "cudnn/algorithm.h"
#include "cudnn/failures.h"
#include "cudnn/host_work.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using namespace cudnn_gru;
using abi::cudnnStatus_t;
using abi::CUresult;

TEST_CASE("errors are of the right kind") {
  for (int code : {2, 46, 807, 808, 809}) {
    const FailureKind kind = KindOf(static_cast<CUresult>(code));
    CHECK_MESSAGE(
        kind == (code == 2 ? FailureKind::kMemory : FailureKind::kTransient),
        Format("%d does not pass", code));
  }
  for (int code : {214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718,
                   719, 721, 810}) {
    CHECK_MESSAGE(KindOf(static_cast<CUresult>(code)) == FailureKind::kSticky,
                  Format("%d is not sticky", code));
  }
  for (int code : {1, 34, 100, 209, 802, 803, 804, 999}) {
    CHECK_MESSAGE(
        KindOf(static_cast<CUresult>(code)) == FailureKind::kPermanent,
        Format("%d is not permanent", code));
  }
  const auto of = [](int status, const char* text) {
    return KindOf(static_cast<cudnnStatus_t>(status), text);
  };
  CHECK_MESSAGE(of(1001, "cudaGetDeviceCount(&count) != cudaSuccess") ==
                    FailureKind::kTransient,
                "a handle that cannot be made is final");
  for (int status : {5002, 5003}) {
    CHECK_MESSAGE(of(status, "") == FailureKind::kTransient,
                  Format("%d is final", status));
  }
  for (int status : {4003, 4004}) {
    CHECK_MESSAGE(of(status, "") == FailureKind::kMemory,
                  Format("%d is not memory", status));
  }
  for (int status : {1002, 2000, 2006, 4000, 5000, 5001}) {
    CHECK_MESSAGE(of(status, "") == FailureKind::kPermanent,
                  Format("%d is not permanent", status));
  }
  for (int status : {3000, 3002, 3007, 3014}) {
    CHECK_MESSAGE(of(status, "") == FailureKind::kUnsupported,
                  Format("%d is supported", status));
  }
  // An error of the CUDA runtime in the text is what counts.
  CHECK_MESSAGE(of(5000, "err 2 out of memory") == FailureKind::kMemory,
                "err 2");
  CHECK_MESSAGE(of(5003, "(err 2) somewhere") == FailureKind::kMemory,
                "(err 2)");
  CHECK_MESSAGE(of(5003, "err 209 no kernel image") == FailureKind::kPermanent,
                "err 209");
  CHECK_MESSAGE(of(5003, "a line\nerr 700 x") == FailureKind::kSticky,
                "err 700");
  CHECK_MESSAGE(of(5003, "stderr 700") == FailureKind::kTransient,
                "stderr 700");
  CHECK_MESSAGE(of(5003, "err != cudaSuccess") == FailureKind::kTransient,
                "err !=");
}

TEST_CASE("a text of several lines becomes one") {
  const char* const cases[][2] = {{"", ""},
                                  {"one", "one"},
                                  {"one\n at: two", "one; at: two"},
                                  {"\n\n one \r\n\n  two\n", "one; two"},
                                  {"\n \n", ""}};
  for (const auto& each : cases) {
    const char* const text = each[0];
    const char* const expected = each[1];
    CHECK_MESSAGE(OneLine(text) == expected,
                  Format("\"%s\" became \"%s\"", text, OneLine(text).c_str()));
  }
}

constexpr abi::cudnnForwardMode_t kInference = abi::CUDNN_FWD_MODE_INFERENCE;
constexpr abi::cudnnForwardMode_t kTraining = abi::CUDNN_FWD_MODE_TRAINING;

CallClass Class(int32_t units, size_t rows, abi::cudnnForwardMode_t mode) {
  return {
      abi::CUDNN_DATA_FLOAT, abi::CUDNN_FMA_MATH, 8, units, 1, 1, rows, mode};
}

TEST_CASE("a call gets the algorithm that was admitted for it") {
  AlgorithmChoice choice;
  const Algorithm& first = kPersistentAlgorithms[0];
  const Algorithm& second = kPersistentAlgorithms[1];
  const auto chosen = [&](const CallClass& call, const Algorithm& expected,
                          RowLengths lengths = RowLengths::kEqual) {
    CHECK_MESSAGE(choice.Choose(call, lengths) == expected,
                  Format("%d units, %zu rows, training %d: another algorithm",
                         call.units, call.rows, call.mode == kTraining));
  };
  chosen(Class(192, 5, kInference), kStandardAlgorithm);
  choice.Admit(second, abi::CUDNN_DATA_FLOAT, RnnKind::kSingle);
  chosen(Class(192, 5, kInference), second);
  choice.Admit(first, abi::CUDNN_DATA_FLOAT, RnnKind::kSingle);
  chosen(Class(192, 5, kInference), first);
  chosen(Class(193, 5, kInference), kStandardAlgorithm);
  chosen(Class(128, 5, kTraining), first);
  chosen(Class(129, 5, kTraining), kStandardAlgorithm);
  chosen(Class(5, 5, kInference), kStandardAlgorithm, RowLengths::kDifferent);
  CallClass wide = Class(5, 5, kInference);
  wide.data_type = abi::CUDNN_DATA_DOUBLE;
  chosen(wide, kStandardAlgorithm);

  choice.RuleOut(first, Class(64, 5, kInference));
  chosen(Class(64, 8, kInference), second);
  chosen(Class(64, 9, kInference), first);
  chosen(Class(64, 5, kTraining), first);
  chosen(Class(65, 5, kInference), first);
  choice.RuleOut(second, Class(64, 6, kInference));
  chosen(Class(64, 7, kInference), kStandardAlgorithm);

  CallClass half = Class(64, 9, kInference);
  half.data_type = abi::CUDNN_DATA_HALF;
  chosen(half, kStandardAlgorithm);

  // Several layers or directions are admitted apart, and ruled out apart.
  CallClass two_layers = Class(64, 9, kInference);
  two_layers.layers = 2;
  CallClass bidirectional = Class(64, 9, kInference);
  bidirectional.directions = 2;
  chosen(two_layers, kStandardAlgorithm);
  chosen(bidirectional, kStandardAlgorithm);
  choice.Admit(second, abi::CUDNN_DATA_FLOAT, RnnKind::kStack);
  chosen(two_layers, second);
  chosen(bidirectional, second);
  choice.RuleOut(second, two_layers);
  chosen(two_layers, kStandardAlgorithm);
  chosen(bidirectional, second);
  chosen(Class(64, 9, kInference), first);
}

TEST_CASE("the choice among the persistent algorithms follows the table") {
  constexpr abi::cudnnRNNAlgo_t kStandard = abi::CUDNN_RNN_ALGO_STANDARD;
  constexpr abi::cudnnRNNAlgo_t kStatic = abi::CUDNN_RNN_ALGO_PERSIST_STATIC;
  constexpr abi::cudnnRNNAlgo_t kSmall =
      abi::CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H;
  const abi::cudnnDataType_t kTypes[] = {
      abi::CUDNN_DATA_FLOAT, abi::CUDNN_DATA_DOUBLE, abi::CUDNN_DATA_HALF,
      abi::CUDNN_DATA_BFLOAT16};
  AlgorithmChoice choice;
  for (const Algorithm& each : kPersistentAlgorithms) {
    for (abi::cudnnDataType_t type : kTypes) {
      choice.Admit(each, type, RnnKind::kSingle);
      choice.Admit(each, type, RnnKind::kStack);
    }
  }
  const struct {
    int32_t units;
    size_t rows;
    abi::cudnnRNNAlgo_t expected[4];  // by type
  } kRows[] = {
      {192, 1, {kSmall, kStandard, kSmall, kStandard}},
      {192, 64, {kSmall, kStandard, kSmall, kStandard}},
      {193, 1, {kStatic, kStandard, kStatic, kStandard}},
      {512, 4, {kStatic, kStandard, kStatic, kStandard}},
      {513, 4, {kStatic, kStandard, kStandard, kStandard}},
      {1024, 2, {kStatic, kStandard, kStatic, kStandard}},
      {1024, 3, {kStatic, kStandard, kStandard, kStandard}},
      {1024, 5, {kStandard, kStandard, kStandard, kStandard}},
      {1024, 8, {kStandard, kStandard, kStatic, kStandard}},
      {1024, 9, {kStandard, kStandard, kStandard, kStandard}},
      {1025, 1, {kStandard, kStandard, kStandard, kStandard}},
  };
  for (const auto& row : kRows) {
    for (size_t t = 0; t < 4; ++t) {
      CallClass call = Class(row.units, row.rows, kInference);
      call.data_type = kTypes[t];
      const Algorithm found = choice.Choose(call, RowLengths::kEqual);
      CHECK_MESSAGE(found.id == row.expected[t],
                    Format("%d units, %zu rows, type %d: %s", row.units,
                           row.rows, call.data_type, NameOf(found.id)));
      CHECK_MESSAGE(
          (found == kStandardAlgorithm || found.time_major == (row.rows <= 4)),
          Format("%d units, %zu rows: the other order", row.units, row.rows));
      CHECK_MESSAGE(
          choice.Choose(call, RowLengths::kDifferent) == kStandardAlgorithm,
          "rows of different lengths");
      call.layers = 2;
      const abi::cudnnRNNAlgo_t stack =
          choice.Choose(call, RowLengths::kEqual).id;
      CHECK_MESSAGE(stack != kStatic, "a stack");
    }
  }
}

TEST_CASE("work of the host is divided") {
  constexpr size_t kLarge = 64 << 20;
  for (size_t count : {0, 1, 2, 3, 7, 1000}) {
    for (int threads : {1, 2, 5}) {
      std::vector<std::atomic<int>> done(count);
      std::atomic<int> parts{0};
      DivideHostWork(threads, count, kLarge, [&](size_t begin, size_t end) {
        ++parts;
        for (size_t i = begin; i < end; ++i) ++done[i];
      });
      CHECK_MESSAGE(
          std::all_of(done.begin(), done.end(),
                      [](const auto& times) { return times == 1; }),
          Format("%zu items on %d threads: not each once", count, threads));
      const int most = std::min(threads, static_cast<int>(count));
      CHECK_MESSAGE(parts == std::max(most, 1),
                    Format("%zu items on %d threads: %d parts", count, threads,
                           parts.load()));
    }
  }
  int parts = 0;
  DivideHostWork(8, 1000, 1000, [&](size_t, size_t) { ++parts; });
  CHECK_MESSAGE(parts == 1, "little work was divided");
  // The team is at this work: what it does in turn, it does alone.
  std::atomic<int> outer{0};
  std::atomic<int> inner{0};
  DivideHostWork(2, 2, kLarge, [&](size_t, size_t) {
    ++outer;
    DivideHostWork(2, 2, kLarge, [&](size_t, size_t) { ++inner; });
  });
  CHECK_MESSAGE(
      (outer == 2 && inner == 2),
      Format("work in work: %d parts in %d", inner.load(), outer.load()));
}

}  // namespace
}  // namespace cudnn_gru_test
