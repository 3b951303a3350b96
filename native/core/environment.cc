#include "core/environment.h"

#include <cstdlib>

namespace cudnn_gru {

namespace {

constexpr char kThreadsVariable[] = "CUDNN_GRU_THREADS";

// Reads the variable. Leaves *threads as it is when the variable is not set,
// and returns false when it is set to something else than a usable number.
bool ParseThreads(int* threads) {
  const char* text = std::getenv(kThreadsVariable);
  if (text == nullptr || *text == '\0') return true;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
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
  return Status(StatusCode::kArgument,
                std::string("Expected an integer from 1 to ") +
                    std::to_string(kMaxThreads) +
                    " for the environment variable `" + kThreadsVariable +
                    "` but received \"" + std::getenv(kThreadsVariable) +
                    "\".");
}

std::string IsaFromEnvironment() {
  const char* text = std::getenv("CUDNN_GRU_ISA");
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace cudnn_gru
