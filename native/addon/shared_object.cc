#include "addon/shared_object.h"

#include <array>

namespace cudnn_gru {

napi_value DefineSharedClass(napi_env env, const char* class_name,
                             napi_callback construct,
                             napi_callback memory_usage,
                             napi_callback dispose) {
  const std::array<napi_property_descriptor, 2> methods = {
      Method("memoryUsage", memory_usage), Method("dispose", dispose)};
  napi_value constructor = nullptr;
  napi_define_class(env, class_name, NAPI_AUTO_LENGTH, construct, nullptr,
                    methods.size(), methods.data(), &constructor);
  return constructor;
}

}  // namespace cudnn_gru
