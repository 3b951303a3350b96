#ifndef CUDNN_GRU_TEST_DOUBLES_SUPPORT_CONTROL_H_
#define CUDNN_GRU_TEST_DOUBLES_SUPPORT_CONTROL_H_

#include <cstdint>

#include "support/options.h"

// How a test steers a double and reads what it counted. Each library that is a
// double has a copy of its own.
//
// CUDNN_GRU_DOUBLE            options for the life of the process: "key=value"
//                             pairs separated by commas
// CUDNN_GRU_DOUBLE_CONTROL    a file of kFileBytes that the double maps, so
//                             that the test's own process steers it by writing
//                             and reads the counters (README.md, "Control")
namespace doubles {

constexpr int kFileBytes = 1 << 16;
constexpr int kGenerationOffset = 8;  // uint32: the faults changed
constexpr int kFaultsOffset = 16;     // text, ends with NUL
constexpr int kFaultsBytes = 8192 - kFaultsOffset;
constexpr int kCountersOffset = 8192;  // two tables, one a library
constexpr int kCountersBytes = (kFileBytes - kCountersOffset) / 2;

enum class Library { kCuda = 0, kCudnn = 1 };

// Which double this copy belongs to: defined once in each library.
extern const Library kLibrary;

// Counts a call of `function` ("calls.<function>") and returns the status that
// an injected fault asks for; 0 when it asks for none.
int Enter(const char* function);
// The message of the fault that this thread met last.
const char* FaultText();

// Adds to a counter of this library, and reads one.
void Count(const char* counter, int64_t delta);
int64_t Counted(const char* counter);

// Replaces the faults: lines of "function first count status text". Calls are
// counted from here; those number first .. first + count - 1 fail.
void SetFaults(const char* text);

// A rule that a caller broke: prints both and aborts the process.
[[noreturn]] __attribute__((format(printf, 2, 3))) void Violation(
    const char* function, const char* rule, ...);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_SUPPORT_CONTROL_H_
