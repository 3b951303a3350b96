// An addon whose one function does nothing: what a call through Node-API costs at least. Declares by hand the little that
// it uses, so that it needs no headers of Node.js.
#include <cstddef>

struct napi_env__;
struct napi_value__;
struct napi_callback_info__;
using napi_env = napi_env__*;
using napi_value = napi_value__*;
using napi_callback_info = napi_callback_info__*;
using napi_callback = napi_value (*)(napi_env, napi_callback_info);

extern "C" {

int napi_create_function(napi_env, const char* name, size_t length,
                         napi_callback, void* data, napi_value* result);
int napi_set_named_property(napi_env, napi_value object, const char* name,
                            napi_value value);

static napi_value Empty(napi_env, napi_callback_info) { return nullptr; }

__attribute__((visibility("default"))) napi_value napi_register_module_v1(
    napi_env env, napi_value exports) {
  napi_value function = nullptr;
  napi_create_function(env, "empty", 5, Empty, nullptr, &function);
  napi_set_named_property(env, exports, "empty", function);
  return exports;
}

}  // extern "C"
