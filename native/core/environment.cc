#include "core/environment.h"

#include <cstdlib>

#include "core/environment_variable.h"

namespace cudnn_gru {

namespace {

constexpr char kThreadsVariable[] = "CUDNN_GRU_THREADS";

// Reads the variable. Leaves *threads as it is when the variable is not set,
// and returns false when it is set to something else than a usable number.
bool ParseThreads(int* threads) {
  std::string text;
  ReadEnvironmentVariable(kThreadsVariable, &text);
  if (text.empty()) return true;
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (*end != '\0' || value < 1 || value > kMaxThreads) return false;
  *threads = static_cast<int>(value);
  return true;
}

}  // namespace

int ThreadsFromEnvironment(int fallback) {
  int threads = fallback;
  return ParseThreads(&threads) ? threads : fallback;
}

Status CheckThreadsEnvironment() {
  int threads = 0;
  if (ParseThreads(&threads)) return Status();
  std::string text;
  ReadEnvironmentVariable(kThreadsVariable, &text);
  return Status(StatusCode::kArgument,
                std::string("Expected an integer from 1 to ") +
                    std::to_string(kMaxThreads) +
                    " for the environment variable `" + kThreadsVariable +
                    "` but received \"" + text + "\".");
}

std::string IsaFromEnvironment() {
  std::string text;
  ReadEnvironmentVariable("CUDNN_GRU_ISA", &text);
  return text;
}

}  // namespace cudnn_gru
