#include <cstddef>

#include "support/options.h"

// The double of libcublasLt.so.13: cuDNN needs it to be there.

DOUBLE_EXPORT size_t cublasLtGetVersion(void) { return 130000; }
