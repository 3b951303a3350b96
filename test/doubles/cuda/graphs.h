#ifndef CUDNN_GRU_TEST_DOUBLES_CUDA_GRAPHS_H_
#define CUDNN_GRU_TEST_DOUBLES_CUDA_GRAPHS_H_

#include "cuda/device.h"

// Captures of streams, and the graphs that come of them: lists of work, which a
// launch puts into the stream's queue again. Callers hold the driver's lock.
namespace doubles {

// Aborts when the calling thread captures and `function` is not one that may be
// called meanwhile: those that wait, allocate or free end a capture.
void CheckCapture(const char* function);
// Aborts when another thread captures the stream.
void CheckCapturer(const char* function, void* stream);
// Adds the work to the capture of the stream. Returns false when there is none.
bool Record(void* stream, const Work& work);

}  // namespace doubles

#endif  // CUDNN_GRU_TEST_DOUBLES_CUDA_GRAPHS_H_
