#ifndef CUDNN_GRU_TEST_DOUBLES_CUDA_STREAMS_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDA_STREAMS_H_

#include <cstdint>

#include "cuda/device.h"

// Contexts, streams and events. Work waits in its stream's queue until somebody
// synchronises, so that a result used too early, or memory given back too
// early, shows. Callers hold the driver's lock.
namespace doubles {

void* ContextOf(int device);
int DeviceOf(void* context);
bool IsContext(void* context);
int StickyError(void* context);

void* MakeStream(void* context, bool blocking);
void DestroyStream(const char* function, void* stream, void* context);
void CheckStream(const char* function, void* stream, void* context);
// Null is the legacy stream: waits for the blocking streams, runs at once.
void Enqueue(void* stream, void* context, Work work);
// Runs everything that waits. Returns the context's sticky error, or 0.
int Drain(void* stream, void* context);
int DrainAll(void* context);
// Runs one piece of work; whether none is left.
bool Advance(void* stream, void* context);

void* MakeEvent(void* context, bool timed, bool blocking);
// Whether a thread that waits for it sleeps.
bool WaitsBlocking(const char* function, void* event, void* context);
void DestroyEvent(const char* function, void* event, void* context);
void RecordEvent(const char* function, void* event, void* stream,
                 void* context);
// Whether the work before the last record has run; `wait` runs it.
bool EventReached(const char* function, void* event, void* context, bool wait);
// Whether both were reached; then `milliseconds` is from one to the other.
bool TimeBetween(const char* function, void* first, void* last, void* context,
                 float* milliseconds);
void StreamWaitsFor(const char* function, void* stream, void* event,
                    void* context);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDA_STREAMS_H_
