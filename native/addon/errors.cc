#include "addon/errors.h"

#include "addon/addon_data.h"

namespace cudnn_gru {

const char* ErrorCode(StatusCode code) {
  switch (code) {
    case StatusCode::kArgument:
      return "ERR_ARGUMENT";
    case StatusCode::kShape:
      return "ERR_SHAPE";
    case StatusCode::kDtype:
      return "ERR_DTYPE";
    case StatusCode::kNotBuilt:
      return "ERR_NOT_BUILT";
    case StatusCode::kState:
      return "ERR_STATE";
    case StatusCode::kOutOfMemory:
      return "ERR_OUT_OF_MEMORY";
    case StatusCode::kDisposed:
      return "ERR_DISPOSED";
    case StatusCode::kAborted:
      return "ERR_ABORTED";
    case StatusCode::kCallback:
      return "ERR_CALLBACK";
    case StatusCode::kUnsupported:
      return "ERR_UNSUPPORTED";
    case StatusCode::kCudnn:
      return "ERR_CUDNN";
    case StatusCode::kCuda:
      return "ERR_CUDA";
    case StatusCode::kCudnnUnavailable:
      return "ERR_CUDNN_UNAVAILABLE";
    case StatusCode::kOk:
    case StatusCode::kNativeLoad:
      break;
  }
  return "ERR_NATIVE_LOAD";
}

napi_value MakeError(napi_env env, const Status& status) {
  napi_value arguments[2] = {nullptr, nullptr};
  napi_create_string_utf8(env, ErrorCode(status.code()), NAPI_AUTO_LENGTH,
                          &arguments[0]);
  napi_create_string_utf8(env, status.message().data(), status.message().size(),
                          &arguments[1]);
  napi_value error = nullptr;
  napi_value error_class = nullptr;
  AddonData* const data = AddonData::Get(env);
  if (data->error_class != nullptr &&
      napi_get_reference_value(env, data->error_class, &error_class) ==
          napi_ok &&
      napi_new_instance(env, error_class, 2, arguments, &error) == napi_ok) {
    return error;
  }
  napi_create_error(env, arguments[0], arguments[1], &error);
  return error;
}

napi_value Throw(napi_env env, const Status& status) {
  napi_throw(env, MakeError(env, status));
  return nullptr;
}

}  // namespace cudnn_gru
