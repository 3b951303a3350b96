#ifndef CUDNN_GRU_MODEL_INSTRUCTIONS_FUNCTION_TABLE_H_
#define CUDNN_GRU_MODEL_INSTRUCTIONS_FUNCTION_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/status.h"

namespace cudnn_gru {

// The tables of instructions whose field `fn` names a function. An entry has a
// `name`.

// Returns the entry with this name, or null.
template <class Entry, size_t kCount>
const Entry* FindFunction(const Entry (&entries)[kCount],
                          const std::string& name) {
  for (const Entry& entry : entries) {
    if (name == entry.name) return &entry;
  }
  return nullptr;
}

// The failure of an instruction whose table has no entry with this name.
inline Status NoFunction(const char* instruction, const std::string& name) {
  return Status(
      StatusCode::kArgument,
      std::string("Expected a function for `fn` of the native instruction `") +
          instruction + "` but received \"" + name + "\".");
}

template <class Entry, size_t kCount>
std::vector<const char*> FunctionNames(const Entry (&entries)[kCount]) {
  std::vector<const char*> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  return names;
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_INSTRUCTIONS_FUNCTION_TABLE_H_
