#ifndef CUDNN_GRU_TEST_DOUBLES_SUPPORT_OPTIONS_H_
#define CUDNN_GRU_TEST_DOUBLES_SUPPORT_OPTIONS_H_

#include <cstdint>
#include <cstdlib>
#include <cstring>

#define DOUBLE_EXPORT extern "C" __attribute__((visibility("default")))

namespace doubles {

// An option for the life of the process: CUDNN_GRU_DOUBLE holds "key=value"
// pairs separated by commas.
inline int64_t Option(const char* key, int64_t otherwise) {
  const char* at = std::getenv("CUDNN_GRU_DOUBLE");
  const size_t length = std::strlen(key);
  while (at != nullptr && *at != '\0') {
    if (std::strncmp(at, key, length) == 0 && at[length] == '=')
      return std::strtoll(at + length + 1, nullptr, 10);
    at = std::strchr(at, ',');
    if (at != nullptr) ++at;
  }
  return otherwise;
}

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_SUPPORT_OPTIONS_H_
