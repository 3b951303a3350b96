#include <cstdlib>

#include "core/environment_variable.h"

namespace cudnn_gru {

bool ReadEnvironmentVariable(const char* name, std::string* value) {
  const char* const text = std::getenv(name);
  *value = text == nullptr ? "" : text;
  return text != nullptr;
}

}  // namespace cudnn_gru
