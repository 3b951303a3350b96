#include <sys/mman.h>

#include <cstdint>

#include "core/prefault.h"

namespace cudnn_gru {
namespace {

constexpr uintptr_t kPage = 4096;

// Linux 5.14 has it. Headers of older systems lack the name.
constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE

}  // namespace

void Prefault(void* data, size_t bytes) {
  const uintptr_t begin =
      (reinterpret_cast<uintptr_t>(data) + kPage - 1) / kPage * kPage;
  const uintptr_t end =
      (reinterpret_cast<uintptr_t>(data) + bytes) / kPage * kPage;
  if (begin >= end) return;
  if (madvise(reinterpret_cast<void*>(begin), end - begin, kPopulateWrite) ==
      0) {
    return;
  }
  for (uintptr_t page = begin; page < end; page += kPage) {
    volatile char* const byte = reinterpret_cast<volatile char*>(page);
    *byte = *byte;
  }
}

}  // namespace cudnn_gru
