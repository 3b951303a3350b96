#include <pthread.h>

#include <memory>
#include <new>
#include <utility>

#include "core/start_thread.h"

namespace cudnn_gru {
namespace {

void* RunBody(void* body) {
  const std::unique_ptr<std::function<void()>> owned(
      static_cast<std::function<void()>*>(body));
  (*owned)();
  return nullptr;
}

}  // namespace

bool StartThread(std::function<void()> body) {
  std::unique_ptr<std::function<void()>> owned(
      new (std::nothrow) std::function<void()>(std::move(body)));
  pthread_attr_t attributes;
  if (owned == nullptr || pthread_attr_init(&attributes) != 0) return false;
  pthread_t thread;
  const bool started =
      pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
      pthread_attr_setstacksize(&attributes, kThreadStackBytes) == 0 &&
      pthread_create(&thread, &attributes, &RunBody, owned.get()) == 0;
  pthread_attr_destroy(&attributes);
  if (started) owned.release();  // It belongs to the thread now.
  return started;
}

}  // namespace cudnn_gru
