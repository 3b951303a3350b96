#include <process.h>
#include <windows.h>

#include <memory>
#include <new>
#include <utility>

#include "core/start_thread.h"

namespace cudnn_gru {
namespace {

unsigned __stdcall RunBody(void* body) {
  const std::unique_ptr<std::function<void()>> owned(
      static_cast<std::function<void()>*>(body));
  (*owned)();
  return 0;
}

}  // namespace

bool StartThread(std::function<void()> body) {
  std::unique_ptr<std::function<void()>> owned(
      new (std::nothrow) std::function<void()>(std::move(body)));
  if (owned == nullptr) return false;
  // Without the flag the size would be memory that is committed at once.
  const uintptr_t handle = _beginthreadex(
      nullptr, static_cast<unsigned>(kThreadStackBytes), &RunBody, owned.get(),
      STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  if (handle == 0) return false;
  owned.release();  // It belongs to the thread now.
  CloseHandle(reinterpret_cast<HANDLE>(handle));
  return true;
}

}  // namespace cudnn_gru
