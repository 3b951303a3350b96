#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "support/options.h"

// The double of the libcudnn.so.9 shim. The real one ends the process at the
// first call when a part is missing; this one does so when it is opened before
// libcudnn_adv.so.9.
__attribute__((constructor)) static void RequireAdvFirst() {
  if (dlopen("libcudnn_adv.so.9", RTLD_NOW | RTLD_NOLOAD) != nullptr) return;
  std::fputs("cudnn-gru test double: libcudnn.so.9 was opened before adv\n",
             stderr);
  std::abort();
}
