// The operators new and delete of this addon alone. Those of the C++ library
// would be exported as weak symbols, and macOS makes all libraries of a process
// share one definition of a weak symbol: the addon would use somebody else's,
// or somebody else the addon's. The compiler's option
// -fvisibility-global-new-delete hides these (native/sources.json).

#include <cstdlib>
#include <new>

namespace {

void* Allocate(size_t bytes) noexcept {
  return std::malloc(bytes == 0 ? 1 : bytes);
}

void* Allocate(size_t bytes, std::align_val_t alignment) noexcept {
  const size_t wanted = static_cast<size_t>(alignment);
  void* memory = nullptr;
  const size_t smallest = sizeof(void*);
  const int failed = posix_memalign(
      &memory, wanted < smallest ? smallest : wanted, bytes == 0 ? 1 : bytes);
  return failed == 0 ? memory : nullptr;
}

void* OrThrow(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

using Nothrow = const std::nothrow_t&;
using Align = std::align_val_t;

void* operator new(size_t n) { return OrThrow(Allocate(n)); }
void* operator new[](size_t n) { return OrThrow(Allocate(n)); }
void* operator new(size_t n, Align alignment) {
  return OrThrow(Allocate(n, alignment));
}
void* operator new[](size_t n, Align alignment) {
  return OrThrow(Allocate(n, alignment));
}
void* operator new(size_t n, Nothrow) noexcept { return Allocate(n); }
void* operator new[](size_t n, Nothrow) noexcept { return Allocate(n); }
void* operator new(size_t n, Align alignment, Nothrow) noexcept {
  return Allocate(n, alignment);
}
void* operator new[](size_t n, Align alignment, Nothrow) noexcept {
  return Allocate(n, alignment);
}

void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, Align) noexcept { std::free(p); }
void operator delete[](void* p, Align) noexcept { std::free(p); }
void operator delete(void* p, size_t, Align) noexcept { std::free(p); }
void operator delete[](void* p, size_t, Align) noexcept { std::free(p); }
void operator delete(void* p, Nothrow) noexcept { std::free(p); }
void operator delete[](void* p, Nothrow) noexcept { std::free(p); }
void operator delete(void* p, Align, Nothrow) noexcept { std::free(p); }
void operator delete[](void* p, Align, Nothrow) noexcept { std::free(p); }
