// The functions of Node-API, for a DLL that imports them from no file. They are
// in the program that runs: node.exe, whose name may be another one, Electron,
// Bun or Deno. An import table would name one of these programs, and Windows
// would load that program again when another one runs. So each function here is
// a jump to the address that is looked up when the DLL is loaded.

#include <windows.h>

// One line CUDNN_GRU_NODE_API(napi_...) for each function that the addon calls
// (scripts/platforms/node_api.mjs).
#define CUDNN_GRU_NODE_API(name) extern "C" FARPROC cudnn_gru_at_##name;
#include "node_api_functions.inc"
#undef CUDNN_GRU_NODE_API

#define CUDNN_GRU_NODE_API(name) FARPROC cudnn_gru_at_##name = nullptr;
#include "node_api_functions.inc"
#undef CUDNN_GRU_NODE_API

#if defined(__x86_64__)
#define CUDNN_GRU_JUMP(name) "jmpq *cudnn_gru_at_" #name "(%rip)\n"
#else
#define CUDNN_GRU_JUMP(name)                 \
  "adrp x16, cudnn_gru_at_" #name            \
  "\n"                                       \
  "ldr x16, [x16, :lo12:cudnn_gru_at_" #name \
  "]\n"                                      \
  "br x16\n"
#endif
#define CUDNN_GRU_NODE_API(name) \
  asm(".text\n.globl " #name "\n.p2align 4\n" #name ":\n" CUDNN_GRU_JUMP(name));
#include "node_api_functions.inc"
#undef CUDNN_GRU_NODE_API
#undef CUDNN_GRU_JUMP

namespace {

struct Function {
  const char* name;
  FARPROC* address;
};

const Function kFunctions[] = {
#define CUDNN_GRU_NODE_API(name) {#name, &cudnn_gru_at_##name},
#include "node_api_functions.inc"
#undef CUDNN_GRU_NODE_API
};

// Returns the module that has Node-API: the program, or the library that it has
// loaded if Node.js is embedded as one.
HMODULE Host() {
  // A null pointer is the program.
  const wchar_t* const names[] = {nullptr, L"libnode.dll", L"node.dll"};
  for (const wchar_t* name : names) {
    const HMODULE module = GetModuleHandleW(name);
    if (module != nullptr &&
        GetProcAddress(module, kFunctions[0].name) != nullptr) {
      return module;
    }
  }
  return nullptr;
}

}  // namespace

// Fails, and with it the loading of the DLL, in a program without these
// functions.
extern "C" BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID) {
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  const HMODULE host = Host();
  if (host == nullptr) return FALSE;
  for (const Function& function : kFunctions) {
    *function.address = GetProcAddress(host, function.name);
    if (*function.address == nullptr) return FALSE;
  }
  return TRUE;
}
