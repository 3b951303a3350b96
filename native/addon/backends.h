#ifndef CUDNN_GRU_ADDON_BACKENDS_H_
#define CUDNN_GRU_ADDON_BACKENDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "core/gru_backend.h"
#include "core/gru_call.h"
#include "core/status.h"

namespace cudnn_gru {

// The paths that can compute a call.
enum class Path { kCpu, kCudnn };

// One version of a layer's weights on both paths.
class Backends {
 public:
  Backends() = default;
  Backends(std::shared_ptr<const GruBackend> cpu,
           std::shared_ptr<const GruBackend> cudnn)
      : backends_{std::move(cpu), std::move(cudnn)} {}

  // Whether there are weights at all.
  bool empty() const { return backends_[0] == nullptr; }
  const std::shared_ptr<const GruBackend>& operator[](Path path) const {
    return backends_[static_cast<size_t>(path)];
  }
  // The bytes of host memory that the weights take.
  size_t bytes() const {
    size_t bytes = 0;
    for (const auto& backend : backends_) {
      if (backend != nullptr) bytes += backend->bytes();
    }
    return bytes;
  }

 private:
  std::shared_ptr<const GruBackend> backends_[2];
};

// The backends of a layer at this moment. Its native object shares them with
// the functions that are bound to it (step_function.h).
struct CurrentBackends {
  Backends backends;  // empty before setWeights
  // Grows with every change, also when the layer is disposed.
  uint64_t version = 0;
  bool disposed = false;

  // Fails with kDisposed, and with kNotBuilt while there are no weights.
  Status CheckReady() const {
    if (disposed) {
      return Status(StatusCode::kDisposed, "The layer is disposed.");
    }
    if (backends.empty()) {
      return Status(StatusCode::kNotBuilt, "The layer has no weights yet.");
    }
    return Status();
  }
};

// Makes the backends of one layer for one version of its weights, which it
// copies. Fails with kOutOfMemory.
using BackendMaker =
    std::function<Status(const KerasWeights& weights, Backends* backends)>;

// Finds out how the layer's calls are computed. Fails with kArgument when the
// environment asks for kernels that cannot run here. `cuda_device` is the index
// of the device for calls with cuDNN.
Status PrepareBackends(const GruDescription& description, size_t cuda_device,
                       BackendMaker* maker);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_BACKENDS_H_
