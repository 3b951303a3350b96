#include "addon/memory_usage.h"

#include <cstddef>

#include "core/aligned_buffer.h"
#include "cudnn/memory_pool.h"

namespace cudnn_gru {

napi_value Js_memoryUsage(napi_env env, napi_callback_info) {
  napi_value result = nullptr;
  napi_create_object(env, &result);
  const auto set = [&](const char* name, size_t bytes) {
    napi_value value = nullptr;
    napi_create_double(env, static_cast<double>(bytes), &value);
    napi_set_named_property(env, result, name, value);
  };
  set("weights", WeightBytes().load());
  set("scratch", ScratchBytes().load());
  set("passes", PassBytes().load());
  set("device", MemoryBytes(MemoryKind::kDevice).load());
  set("pinned", MemoryBytes(MemoryKind::kPinned).load());
  return result;
}

}  // namespace cudnn_gru
