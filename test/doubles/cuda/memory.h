#ifndef CUDNN_GRU_TEST_DOUBLES_CUDA_MEMORY_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDA_MEMORY_H_

#include <cstddef>
#include <cstdint>

// Memory of the pretended devices, and pinned host memory. Callers hold the
// driver's lock.
//
// A device address is reserved and cannot be read or written by the host. What
// it holds lies elsewhere, right before a guard page, and is reached only by
// copies and by work that runs on the device.
namespace doubles {

// Every new byte is 0xff, which is a NaN in each floating-point type.
constexpr int kPoison = 0xff;

// 0 when the device's memory is used up.
uint64_t AllocateDevice(const char* function, size_t bytes, void* context);
void FreeDevice(const char* function, uint64_t address, void* context);

// The memory behind [address, address + bytes), which must lie in one living
// allocation of `context`; aborts with the rule when it does not.
char* Translate(const char* function, const char* what, uint64_t address,
                size_t bytes, void* context);

size_t DeviceBytesLeft();
size_t DeviceBytesInAll();

// Null when more would be pinned than the option `pinned` lets.
void* AllocatePinned(size_t bytes);
void FreePinned(const char* function, void* address);
// Whether the range lies in one living pinned allocation. Aborts when it begins
// in one and runs over its end, and when it lies in device memory.
bool IsPinned(const char* function, const void* address, size_t bytes);

// A living asynchronous copy needs the pinned range until `Unuse`.
void UsePinned(const void* address);
void UnusePinned(const void* address);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDA_MEMORY_H_
