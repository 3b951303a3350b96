// The addon's entry, and the list of its exports. Their types are in
// lib/native/binding.ts.

#include <napi.h>

#include "addon/addon_data.h"
#include "addon/contract.h"
#include "addon/conversions.h"
#include "addon/cpu_settings.h"
#include "addon/cudnn_info.h"
#include "addon/errors.h"
#include "addon/keep_loaded.h"
#include "addon/memory_usage.h"
#include "addon/native_constant.h"
#include "addon/native_gru.h"
#include "addon/native_matrix.h"
#include "addon/native_program.h"
#include "addon/native_stack.h"
#include "addon/optimizer_updates.h"
#include "addon/random.h"

namespace cudnn_gru {
namespace {

// initialize(errorClass): makes the addon throw errors of that class. Throws
// when environment variables ask for something that this process cannot have.
napi_value Js_initialize(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value error_class = nullptr;
  napi_get_cb_info(env, info, &count, &error_class, nullptr, nullptr);
  AddonData* const data = AddonData::Get(env);
  if (data->error_class == nullptr) {
    napi_create_reference(env, error_class, 1, &data->error_class);
  }
  const Status status = CheckCpuEnvironment();
  return status.ok() ? nullptr : Throw(env, status);
}

void Export(napi_env env, napi_value exports, const char* name,
            napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr,
                       &function);
  napi_set_named_property(env, exports, name, function);
}

napi_value Init(napi_env env, napi_value exports) {
  KeepLoaded();
  napi_set_instance_data(
      env, new AddonData(env),
      [](napi_env, void* data, void*) { delete static_cast<AddonData*>(data); },
      nullptr);
  Export(env, exports, "initialize", Js_initialize);
  napi_set_named_property(env, exports, "contract", MakeContract(env));
  napi_set_named_property(env, exports, "NativeGru", DefineNativeGru(env));
  napi_set_named_property(env, exports, "NativeStack", DefineNativeStack(env));
  napi_set_named_property(env, exports, "NativeMatrix",
                          DefineNativeMatrix(env));
  napi_set_named_property(env, exports, "NativeConstant",
                          DefineNativeConstant(env));
  napi_set_named_property(env, exports, "NativeProgram",
                          DefineNativeProgram(env));
  Export(env, exports, "cancel", Js_cancel);
  Export(env, exports, "cpuInfo", Js_cpuInfo);
  Export(env, exports, "setThreads", Js_setThreads);
  Export(env, exports, "freeThreads", Js_freeThreads);
  Export(env, exports, "memoryUsage", Js_memoryUsage);
  Export(env, exports, "cudnnInfo", Js_cudnnInfo);
  Export(env, exports, "cudnnRuntime", Js_cudnnRuntime);
  Export(env, exports, "cudnnRuntimeClock", Js_cudnnRuntimeClock);
  Export(env, exports, "cudnnTimings", Js_cudnnTimings);
  Export(env, exports, "randomUniform", Js_randomUniform);
  Export(env, exports, "randomNormal", Js_randomNormal);
  Export(env, exports, "truncatedNormal", Js_truncatedNormal);
  Export(env, exports, "orthogonal", Js_orthogonal);
  Export(env, exports, "dropoutMask", Js_dropoutMask);
  DefineOptimizerUpdates(env, exports);
  Export(env, exports, "widen", Js_widen);
  Export(env, exports, "narrow", Js_narrow);
  return exports;
}

}  // namespace
}  // namespace cudnn_gru

NAPI_MODULE_INIT() { return cudnn_gru::Init(env, exports); }
