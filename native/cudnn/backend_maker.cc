#include "cudnn/backend_maker.h"

#include <utility>

#include "cudnn/cudnn_backend.h"
#include "cudnn/weights.h"

namespace cudnn_gru {

CudnnBackendMaker MakerOfCudnnBackends(const GruDescription& description,
                                       size_t device) {
  // All versions of the weights share the layer.
  auto layer = std::make_shared<CudnnLayer>(description, device);
  return [layer = std::move(layer)](WeightReader reader) {
    return std::make_shared<CudnnBackend>(layer, std::move(reader));
  };
}

}  // namespace cudnn_gru
