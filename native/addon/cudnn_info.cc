#include "addon/cudnn_info.h"

#include <array>
#include <string>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "cudnn/cuda_info.h"
#include "cudnn/runtime.h"
#include "cudnn/stage_clock.h"

namespace cudnn_gru {
namespace {

void Set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

napi_value Object(napi_env env) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  return object;
}

napi_value Text(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

// Returns null for an empty text.
napi_value TextOrNull(napi_env env, const std::string& text) {
  if (!text.empty()) return Text(env, text);
  napi_value null = nullptr;
  napi_get_null(env, &null);
  return null;
}

napi_value Number(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

napi_value Bool(napi_env env, bool truth) {
  napi_value value = nullptr;
  napi_get_boolean(env, truth, &value);
  return value;
}

napi_value DeviceObject(napi_env env, size_t index,
                        const CudaDeviceInfo& device) {
  const napi_value object = Object(env);
  Set(env, object, "index", Number(env, static_cast<double>(index)));
  Set(env, object, "name", Text(env, device.name));
  Set(env, object, "computeCapability",
      Text(env,
           std::to_string(device.major) + "." + std::to_string(device.minor)));
  Set(env, object, "totalMemory",
      Number(env, static_cast<double>(device.total_memory)));
  return object;
}

napi_value CudaObject(napi_env env) {
  const CudaInfo info = QueryCuda();
  const napi_value object = Object(env);
  Set(env, object, "available", Bool(env, info.available));
  Set(env, object, "reason", TextOrNull(env, info.reason));
  Set(env, object, "driver", TextOrNull(env, info.driver));
  napi_value devices = nullptr;
  napi_create_array(env, &devices);
  for (size_t i = 0; i < info.devices.size(); ++i) {
    napi_set_element(env, devices, static_cast<uint32_t>(i),
                     DeviceObject(env, i, info.devices[i]));
  }
  Set(env, object, "devices", devices);
  return object;
}

napi_value CudnnObject(napi_env env) {
  const CudnnInfo info = QueryCudnn();
  const napi_value object = Object(env);
  Set(env, object, "available", Bool(env, info.available));
  Set(env, object, "reason", TextOrNull(env, info.reason));
  Set(env, object, "version", TextOrNull(env, info.version));
  Set(env, object, "path", TextOrNull(env, info.path));
  napi_value tried = nullptr;
  napi_create_array(env, &tried);
  uint32_t index = 0;
  for (const std::string& line : info.tried) {
    napi_set_element(env, tried, index++, Text(env, line));
  }
  Set(env, object, "tried", tried);
  return object;
}

// Reads "float32", "float64", "float16" or "bfloat16". The 16-bit types are
// float32 with rounded states.
Status ReadCudnnDtype(const Argument& argument, Dtype* dtype,
                      StateRounding* rounding) {
  std::string name;
  const Status status = ReadString(argument, &name);
  if (!status.ok()) return status;
  *dtype = name == "float64" ? Dtype::kFloat64 : Dtype::kFloat32;
  *rounding = StateRounding::kNone;
  if (name == "float32" || name == "float64") return Status();
  return ReadHalfType(argument, rounding);
}

}  // namespace

napi_value Js_cudnnInfo(napi_env env, napi_callback_info) {
  const napi_value result = Object(env);
  Set(env, result, "cuda", CudaObject(env));
  Set(env, result, "cudnn", CudnnObject(env));
  return result;
}

// cudnnRuntime(device, dtype)
napi_value Js_cudnnRuntime(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  size_t device = 0;
  Dtype dtype = Dtype::kFloat32;
  StateRounding rounding = StateRounding::kNone;
  Status status = ReadSize({env, arguments[0], "device"}, &device);
  if (status.ok()) {
    status = ReadCudnnDtype({env, arguments[1], "dtype"}, &dtype, &rounding);
  }
  if (!status.ok()) return Throw(env, status);
  const RuntimeVerdict verdict = JudgeRuntime(device, dtype, rounding);
  const napi_value result = Object(env);
  Set(env, result, "met", Bool(env, verdict.met));
  Set(env, result, "detail", Text(env, verdict.detail));
  Set(env, result, "final", Bool(env, verdict.final));
  return result;
}

// cudnnRuntimeClock(milliseconds)
napi_value Js_cudnnRuntimeClock(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  size_t milliseconds = 0;
  const Status status =
      ReadSize({env, argument, "milliseconds"}, &milliseconds);
  if (!status.ok()) return Throw(env, status);
  SetRuntimeClock(std::chrono::milliseconds(milliseconds));
  return nullptr;
}

// cudnnTimings(enable)
napi_value Js_cudnnTimings(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  bool enable = false;
  const Status status = ReadBool({env, argument, "enable"}, &enable);
  if (!status.ok()) return Throw(env, status);
  const StageTimes times = TimeStages(enable ? Timing::kOn : Timing::kOff);
  const auto part = [&](const std::array<double, kStages>& milliseconds,
                        Stage stage) {
    return Number(env, milliseconds[static_cast<size_t>(stage)]);
  };
  const napi_value host = Object(env);
  Set(env, host, "place", part(times.host, Stage::kPlace));
  Set(env, host, "copyIn", part(times.host, Stage::kCopyIn));
  Set(env, host, "compute", part(times.host, Stage::kCompute));
  Set(env, host, "copyOut", part(times.host, Stage::kCopyOut));
  Set(env, host, "wait", part(times.host, Stage::kWait));
  Set(env, host, "unpack", part(times.host, Stage::kUnpack));
  const napi_value device = Object(env);
  Set(env, device, "copyIn", part(times.device, Stage::kCopyIn));
  Set(env, device, "compute", part(times.device, Stage::kCompute));
  Set(env, device, "copyOut", part(times.device, Stage::kCopyOut));
  const napi_value result = Object(env);
  Set(env, result, "calls", Number(env, static_cast<double>(times.calls)));
  Set(env, result, "replays", Number(env, static_cast<double>(times.replays)));
  Set(env, result, "host", host);
  Set(env, result, "device", device);
  return result;
}

}  // namespace cudnn_gru
