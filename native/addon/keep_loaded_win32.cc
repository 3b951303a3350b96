#include <windows.h>

#include "addon/keep_loaded.h"

namespace cudnn_gru {

void KeepLoaded() {
  HMODULE module = nullptr;
  GetModuleHandleExW(
      GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
      reinterpret_cast<LPCWSTR>(&KeepLoaded), &module);
}

}  // namespace cudnn_gru
