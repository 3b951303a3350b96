#include "cuda/memory.h"

#include <sys/mman.h>

#include <cstring>
#include <map>

#include "support/control.h"

namespace doubles {
namespace {

constexpr size_t kPage = 4096;
// Not a page's beginning: a caller may count on no more than 256 bytes.
constexpr size_t kOffset = 256;

struct Block {
  size_t bytes;
  void* context;  // null for pinned memory
  char* memory;
  char* mapping;
  size_t mapped;
  int uses;
};

struct Blocks {
  std::map<uint64_t, Block> device;
  std::map<uint64_t, Block> pinned;
  size_t device_bytes = 0;
  size_t pinned_bytes = 0;
};

Blocks& Get() {
  static Blocks* blocks = new Blocks;
  return *blocks;
}

size_t RoundUp(size_t bytes, size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// Poisoned memory whose end, but for alignment, touches a guard page.
Block MapGuarded(size_t bytes, void* context) {
  const size_t padded = RoundUp(bytes, 16);
  const size_t mapped = RoundUp(padded, kPage) + 2 * kPage;
  void* mapping =
      mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) Violation("mmap", "the host is out of memory");
  Block block{bytes, context, nullptr, static_cast<char*>(mapping), mapped, 0};
  mprotect(block.mapping + kPage, mapped - 2 * kPage, PROT_READ | PROT_WRITE);
  block.memory = block.mapping + mapped - kPage - padded;
  std::memset(block.memory, kPoison, padded);
  return block;
}

// The block that [address, ...) begins in, or null.
std::pair<const uint64_t, Block>* FindIn(std::map<uint64_t, Block>& blocks,
                                         uint64_t address) {
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin()) return nullptr;
  auto& found = *--after;
  return address < found.first + found.second.bytes ? &found : nullptr;
}

}  // namespace

uint64_t AllocateDevice(const char* function, size_t bytes, void* context) {
  if (bytes == 0) Violation(function, "0 bytes were asked for");
  Blocks& blocks = Get();
  if (bytes > DeviceBytesLeft()) return 0;
  const Block block = MapGuarded(bytes, context);
  const size_t reserved = RoundUp(bytes + kOffset, kPage) + kPage;
  void* address = mmap(nullptr, reserved, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) Violation(function, "no addresses are left");
  const uint64_t begin = reinterpret_cast<uint64_t>(address) + kOffset;
  blocks.device.emplace(begin, block);
  blocks.device_bytes += bytes;
  Count("live.device_blocks", 1);
  Count("live.device_bytes", static_cast<int64_t>(bytes));
  return begin;
}

void FreeDevice(const char* function, uint64_t address, void* context) {
  Blocks& blocks = Get();
  auto found = blocks.device.find(address);
  if (found == blocks.device.end()) {
    Violation(function, "0x%llx is not the beginning of a living allocation",
              static_cast<unsigned long long>(address));
  }
  const Block block = found->second;
  if (block.context != context)
    Violation(function, "the memory belongs to another context");
  munmap(block.mapping, block.mapped);
  // The addresses stay reserved, so that a pointer kept too long is noticed.
  blocks.device.erase(found);
  blocks.device_bytes -= block.bytes;
  Count("live.device_blocks", -1);
  Count("live.device_bytes", -static_cast<int64_t>(block.bytes));
}

char* Translate(const char* function, const char* what, uint64_t address,
                size_t bytes, void* context) {
  auto* found = FindIn(Get().device, address);
  if (found == nullptr) {
    Violation(function, "%s (0x%llx) is not in living device memory", what,
              static_cast<unsigned long long>(address));
  }
  const size_t offset = address - found->first;
  if (bytes > found->second.bytes - offset) {
    Violation(function,
              "%s needs %zu bytes and its allocation has %zu from there", what,
              bytes, found->second.bytes - offset);
  }
  if (found->second.context != context)
    Violation(function, "%s belongs to another context", what);
  return found->second.memory + offset;
}

size_t DeviceBytesInAll() {
  return static_cast<size_t>(Option("memory", int64_t{1} << 30));
}

size_t DeviceBytesLeft() {
  const size_t all = DeviceBytesInAll();
  return all > Get().device_bytes ? all - Get().device_bytes : 0;
}

void* AllocatePinned(size_t bytes) {
  size_t& pinned_bytes = Get().pinned_bytes;
  const size_t most = static_cast<size_t>(Option("pinned", int64_t{1} << 40));
  if (bytes > most || pinned_bytes > most - bytes) return nullptr;
  pinned_bytes += bytes;
  const Block block = MapGuarded(bytes, nullptr);
  Get().pinned.emplace(reinterpret_cast<uint64_t>(block.memory), block);
  Count("live.pinned_blocks", 1);
  Count("live.pinned_bytes", static_cast<int64_t>(bytes));
  return block.memory;
}

void FreePinned(const char* function, void* address) {
  auto& pinned = Get().pinned;
  auto found = pinned.find(reinterpret_cast<uint64_t>(address));
  if (found == pinned.end())
    Violation(function, "%p is not living pinned memory", address);
  if (found->second.uses > 0)
    Violation(function, "a copy that has not run yet uses this memory");
  munmap(found->second.mapping, found->second.mapped);
  Get().pinned_bytes -= found->second.bytes;
  Count("live.pinned_blocks", -1);
  Count("live.pinned_bytes", -static_cast<int64_t>(found->second.bytes));
  pinned.erase(found);
}

bool IsPinned(const char* function, const void* address, size_t bytes) {
  const uint64_t begin = reinterpret_cast<uint64_t>(address);
  if (FindIn(Get().device, begin) != nullptr)
    Violation(function, "the host side of a copy is device memory");
  auto* found = FindIn(Get().pinned, begin);
  if (found == nullptr) return false;
  if (bytes > found->second.bytes - (begin - found->first))
    Violation(function, "the copy runs over the end of its pinned memory");
  return true;
}

void UsePinned(const void* address) {
  ++FindIn(Get().pinned, reinterpret_cast<uint64_t>(address))->second.uses;
}

void UnusePinned(const void* address) {
  --FindIn(Get().pinned, reinterpret_cast<uint64_t>(address))->second.uses;
}

}  // namespace doubles
