// The functions of Node-API that the addon imports and open_addon.c does not have. They do nothing, and are declared nowhere
// else in this file, so that their arguments need not be known.

#define CUDNN_GRU_UNUSED(name) \
  int name(void) { return 0; }
#include "unused_functions.inc"
