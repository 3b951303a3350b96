#ifndef CUDNN_GRU_ADDON_MERGE_NAMES_H_
#define CUDNN_GRU_ADDON_MERGE_NAMES_H_

#include "addon/arguments.h"
#include "core/merge.h"
#include "core/status.h"

namespace cudnn_gru {

// Reads a NativeMerge (lib/native/binding.ts): the name of a merge mode, or
// null for kNone.
Status ReadMerge(const Argument& argument, Merge* merge);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_MERGE_NAMES_H_
