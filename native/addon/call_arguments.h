#ifndef CUDNN_GRU_ADDON_CALL_ARGUMENTS_H_
#define CUDNN_GRU_ADDON_CALL_ARGUMENTS_H_

#include <napi.h>

#include <cstddef>
#include <optional>

#include "addon/arguments.h"
#include "addon/backends.h"
#include "core/gru_call.h"
#include "core/status.h"
#include "core/workspace.h"

namespace cudnn_gru {

// The path that a call takes.
struct CallPath {
  Path path = Path::kCpu;
  Tf32 tf32 = Tf32::kForbidden;
};

// A copy of the mask or the lengths of a call. The kernels compute indices from
// them, so no other thread may be able to change them.
class StepSelection {
 public:
  StepSelection() = default;
  StepSelection(const StepSelection&) = delete;
  StepSelection& operator=(const StepSelection&) = delete;

  // Copies `bytes` from `data`. Returns null when there is no memory.
  const void* Copy(const void* data, size_t bytes);

 private:
  // Copies for small calls lie in the object itself.
  static constexpr size_t kSmall = 256;
  alignas(8) unsigned char small_[kSmall];
  std::optional<Workspace> large_;
};

// Reads the mask or the lengths of a call, whose sizes are set. At most one of
// the arguments may be given.
Status ReadSteps(const Argument& mask, const Argument& lengths,
                 StepSelection* steps, GruCall* call);

// Reads the input dropout of a call: one mask for all gates, or three masks,
// depending on the length. `one_mask` is the number of elements of a mask.
Status ReadInputDropout(const Argument& argument, Dtype dtype, size_t one_mask,
                        GruCall* call);

// Reads the arguments of a call (kCallArguments), whose first one must be at
// position 0. The pointers are valid while the arrays and `steps` are.
Status ReadCall(const Arguments& arguments, const GruDescription& description,
                StepSelection* steps, GruCall* call, CallPath* path);

// Returns the arrays that the call reads and writes, in one object.
napi_value CallArrays(const Arguments& arguments);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_CALL_ARGUMENTS_H_
