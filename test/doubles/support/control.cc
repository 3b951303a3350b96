#include "support/control.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace doubles {
namespace {

struct Slot {
  char name[56];
  int64_t value;
};

thread_local std::string fault_text;

constexpr int kSlots = kCountersBytes / static_cast<int>(sizeof(Slot));

struct Fault {
  std::string function;
  int64_t first;
  int64_t count;
  int64_t status;
  std::string text;
  int64_t seen;
};

struct State {
  std::mutex mutex;
  char* page;
  uint32_t generation = 0;
  std::vector<Fault> faults;
};

char* MapPage() {
  const char* path = std::getenv("CUDNN_GRU_DOUBLE_CONTROL");
  int file = -1;
  if (path != nullptr && *path != '\0') {
    file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) Violation("CUDNN_GRU_DOUBLE_CONTROL", "cannot open %s", path);
  }
  const int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void* page =
      mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, flags, file, 0);
  if (page == MAP_FAILED) Violation("CUDNN_GRU_DOUBLE_CONTROL", "cannot map");
  if (file >= 0) close(file);
  return static_cast<char*>(page);
}

// Never destroyed: calls may come from other threads while the process exits.
State& Get() {
  static State* state = [] {
    State* made = new State;
    made->page = MapPage();
    return made;
  }();
  return *state;
}

Slot* Find(State& state, const char* name) {
  char* table = state.page + kCountersOffset +
                static_cast<int>(kLibrary) * kCountersBytes;
  Slot* slots = reinterpret_cast<Slot*>(table);
  for (int i = 0; i < kSlots; ++i) {
    if (slots[i].name[0] == '\0')
      std::snprintf(slots[i].name, sizeof(slots[i].name), "%s", name);
    if (std::strcmp(slots[i].name, name) == 0) return &slots[i];
  }
  Violation(name, "the table of counters is full");
}

std::vector<Fault> Parse(const char* text) {
  std::vector<Fault> faults;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    Fault fault{};
    words >> fault.function >> fault.first >> fault.count >> fault.status;
    if (words.fail()) continue;
    std::getline(words >> std::ws, fault.text);
    faults.push_back(fault);
  }
  return faults;
}

uint32_t Generation(const State& state) {
  const auto* word =
      reinterpret_cast<const uint32_t*>(state.page + kGenerationOffset);
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

}  // namespace

int Enter(const char* function) {
  State& state = Get();
  std::lock_guard<std::mutex> lock(state.mutex);
  const std::string counter = std::string("calls.") + function;
  ++Find(state, counter.c_str())->value;
  const uint32_t generation = Generation(state);
  if (generation != state.generation) {
    state.generation = generation;
    state.page[kFaultsOffset + kFaultsBytes - 1] = '\0';
    state.faults = Parse(state.page + kFaultsOffset);
  }
  for (Fault& fault : state.faults) {
    if (fault.function != function) continue;
    ++fault.seen;
    if (fault.seen >= fault.first && fault.seen < fault.first + fault.count) {
      ++Find(state, "faults.injected")->value;
      fault_text = fault.text.empty() ? "injected fault" : fault.text;
      return static_cast<int>(fault.status);
    }
  }
  return 0;
}

const char* FaultText() { return fault_text.c_str(); }

void Count(const char* counter, int64_t delta) {
  State& state = Get();
  std::lock_guard<std::mutex> lock(state.mutex);
  Find(state, counter)->value += delta;
}

int64_t Counted(const char* counter) {
  State& state = Get();
  std::lock_guard<std::mutex> lock(state.mutex);
  return Find(state, counter)->value;
}

void SetFaults(const char* text) {
  State& state = Get();
  std::lock_guard<std::mutex> lock(state.mutex);
  state.generation = Generation(state);
  state.faults = Parse(text);
}

void Violation(const char* function, const char* rule, ...) {
  char message[1024];
  std::va_list arguments;
  va_start(arguments, rule);
  std::vsnprintf(message, sizeof(message), rule, arguments);
  va_end(arguments);
  std::fprintf(stderr, "cudnn-gru test double: %s: rule broken: %s\n", function,
               message);
  std::fflush(stderr);
  std::abort();
}

}  // namespace doubles

// For test programs in the same process: the same control without a file.
DOUBLE_EXPORT void CudnnGruDoubleSetFaults(const char* text) {
  doubles::SetFaults(text);
}
DOUBLE_EXPORT int64_t CudnnGruDoubleCounter(const char* counter) {
  return doubles::Counted(counter);
}
