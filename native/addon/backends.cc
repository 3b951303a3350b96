#include "addon/backends.h"

#include "cpu/cpu_backend.h"
#include "cpu/dispatch/dispatch.h"
#include "cpu/weights/weights.h"
#include "cudnn/backend_maker.h"

namespace cudnn_gru {

Status PrepareBackends(const GruDescription& description, size_t cuda_device,
                       BackendMaker* maker) {
  CpuIsa isa;
  const Status status = SelectedIsa(&isa);
  if (!status.ok()) return status;
  *maker = [description, isa,
            make_cudnn = MakerOfCudnnBackends(description, cuda_device)](
               const KerasWeights& weights, Backends* backends) {
    std::shared_ptr<const CpuWeights> packed;
    const Status created =
        CpuWeights::Create(description, isa, weights.kernel,
                           weights.recurrent_kernel, weights.bias, &packed);
    if (!created.ok()) return created;
    // The device gets the weights from the packed ones, at its first call.
    const auto reader = [packed](void* kernel, void* recurrent, void* bias) {
      return packed->Unpack(kernel, recurrent, bias);
    };
    *backends =
        Backends(std::make_shared<CpuBackend>(packed), make_cudnn(reader));
    return Status();
  };
  return Status();
}

}  // namespace cudnn_gru
