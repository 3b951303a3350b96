#include "addon/cpu_settings.h"

#include <algorithm>
#include <string>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "core/environment.h"
#include "core/executor.h"
#include "core/thread_pool.h"
#include "core/usable_cpus.h"
#include "cpu/dispatch/dispatch.h"

namespace cudnn_gru {
namespace {

void SetNumber(napi_env env, napi_value object, const char* name,
               double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  napi_set_named_property(env, object, name, value);
}

napi_value MakeString(napi_env env, const char* text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

}  // namespace

Status CheckCpuEnvironment() {
  CpuIsa isa;
  const Status status = SelectedIsa(&isa);
  return status.ok() ? CheckThreadsEnvironment() : status;
}

napi_value Js_cpuInfo(napi_env env, napi_callback_info) {
  CpuIsa isa;
  const Status status = SelectedIsa(&isa);
  if (!status.ok()) return Throw(env, status);
  napi_value result = nullptr;
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "isa", MakeString(env, isa.name));
  napi_value available = nullptr;
  napi_create_array(env, &available);
  uint32_t index = 0;
  for (const CpuIsa& each : AvailableIsas()) {
    napi_set_element(env, available, index++, MakeString(env, each.name));
  }
  napi_set_named_property(env, result, "available", available);
  SetNumber(env, result, "threads", ThreadPool::Get().threads());
  SetNumber(env, result, "usableCpus", UsableCpus());
  return result;
}

napi_value Js_setThreads(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  size_t threads = 0;
  Status status = ReadSize({env, argument, "threads"}, &threads);
  if (status.ok() && (threads < 1 || threads > kMaxThreads)) {
    status = Status(StatusCode::kArgument, "Expected an integer from 1 to " +
                                               std::to_string(kMaxThreads) +
                                               " for `threads` but received " +
                                               std::to_string(threads) + ".");
  }
  if (!status.ok()) return Throw(env, status);
  ThreadPool::Get().set_threads(static_cast<int>(threads));
  return nullptr;
}

napi_value Js_freeThreads(napi_env env, napi_callback_info) {
  const int free = ThreadPool::Get().threads() - Executor::Get().jobs();
  napi_value result = nullptr;
  napi_create_int32(env, std::max(free, 0), &result);
  return result;
}

}  // namespace cudnn_gru
