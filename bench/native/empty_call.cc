// A Node-API addon whose only function does nothing: the least that a call from
// JavaScript into C++ can take.
#include <node_api.h>

namespace {

napi_value Nothing(napi_env, napi_callback_info) { return nullptr; }

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "nothing", NAPI_AUTO_LENGTH, Nothing, nullptr,
                           &function) != napi_ok ||
      napi_set_named_property(env, exports, "nothing", function) != napi_ok) {
    return nullptr;
  }
  return exports;
}
