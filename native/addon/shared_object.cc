#include "addon/shared_object.h"

#include <string>

namespace cudnn_gru {

Construction ReadConstruction(napi_env env, napi_callback_info info,
                              const char* class_name) {
  size_t count = 1;
  Construction construction;
  napi_value target = nullptr;
  napi_get_cb_info(env, info, &count, &construction.argument,
                   &construction.self, nullptr);
  napi_get_new_target(env, info, &target);
  if (target != nullptr) return construction;
  Throw(env, Status(StatusCode::kArgument,
                    std::string(class_name) +
                        " is a constructor: call it with `new`."));
  return Construction();
}

}  // namespace cudnn_gru
