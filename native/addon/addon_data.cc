#include "addon/addon_data.h"

namespace cudnn_gru {

AddonData* AddonData::Get(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<AddonData*>(data);
}

}  // namespace cudnn_gru
