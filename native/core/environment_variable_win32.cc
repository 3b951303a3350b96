#include <windows.h>

#include "core/environment_variable.h"

namespace cudnn_gru {

// Hazard: getenv() reads a copy that the C library made when it was loaded. An
// assignment to Node.js's process.env changes what the system has, and not that
// copy.
bool ReadEnvironmentVariable(const char* name, std::string* value) {
  value->clear();
  const std::wstring wide_name(name,
                               name + std::char_traits<char>::length(name));
  std::wstring wide;
  DWORD length = 0;
  // Another thread may make the value longer between two calls.
  do {
    wide.resize(length);
    SetLastError(ERROR_SUCCESS);
    length = GetEnvironmentVariableW(wide_name.c_str(), wide.data(),
                                     static_cast<DWORD>(wide.size()));
  } while (length > wide.size());
  if (length == 0) return GetLastError() != ERROR_ENVVAR_NOT_FOUND;
  const int characters = static_cast<int>(length);
  const int bytes = WideCharToMultiByte(CP_UTF8, 0, wide.data(), characters,
                                        nullptr, 0, nullptr, nullptr);
  value->resize(static_cast<size_t>(bytes));
  WideCharToMultiByte(CP_UTF8, 0, wide.data(), characters, value->data(), bytes,
                      nullptr, nullptr);
  return true;
}

}  // namespace cudnn_gru
