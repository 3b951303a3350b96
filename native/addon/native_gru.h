#ifndef CUDNN_GRU_ADDON_NATIVE_GRU_H_
#define CUDNN_GRU_ADDON_NATIVE_GRU_H_

#include <napi.h>

#include <memory>

#include "addon/arguments.h"
#include "addon/backends.h"
#include "core/gru_backend.h"
#include "core/status.h"

namespace cudnn_gru {

// Makes the class `NativeGru` (lib/native/binding.ts), whose objects hold a
// layer's description and one version of its weights. Returns null with a
// pending exception on failure.
napi_value DefineNativeGru(napi_env env);

// Reads a NativeGru, and returns its weights on `path`. Fails with kArgument
// for another value, with kDisposed, and with kNotBuilt.
Status ReadNativeGru(const Argument& argument, Path path,
                     std::shared_ptr<const GruBackend>* backend);

struct NativeGru;

// A NativeGru whose JavaScript object native code keeps from being collected.
class KeptGru {
 public:
  KeptGru() = default;
  KeptGru(KeptGru&& other) noexcept;
  KeptGru& operator=(KeptGru&&) = delete;
  ~KeptGru();

  // Keeps the object. Fails with kArgument for another value.
  Status Keep(const Argument& argument);
  // Returns its weights on `path`. Fails with kDisposed and kNotBuilt.
  Status Weights(Path path, std::shared_ptr<const GruBackend>* backend) const;

 private:
  napi_env env_ = nullptr;
  napi_ref reference_ = nullptr;
  const NativeGru* gru_ = nullptr;
};

// cancel(token): asks an asynchronous call to stop.
napi_value Js_cancel(napi_env env, napi_callback_info info);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_NATIVE_GRU_H_
