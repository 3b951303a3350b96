// Our forward pass called from C++, without JavaScript and the addon around it:
// linked from the very object files of the addon.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "contender.h"
#include "core/activation.h"
#include "core/gru_call.h"
#include "core/thread_pool.h"
#include "cpu/dispatch/dispatch.h"
#include "cpu/forward/gru_forward.h"
#include "cpu/weights/weights.h"

namespace {

void Require(const cudnn_gru::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

class KernelTask : public bench::Task {
 public:
  KernelTask(const bench::Problem& problem, int threads)
      : inputs_(problem.inputs),
        output_(problem.batch * problem.timesteps * problem.units),
        state_(problem.batch * problem.units),
        threads_(threads) {
    cudnn_gru::GruDescription description;
    description.features = problem.features;
    description.units = problem.units;
    description.activation.kind = cudnn_gru::Activation::kTanh;
    description.recurrent_activation.kind = cudnn_gru::Activation::kSigmoid;
    cudnn_gru::CpuIsa isa;
    Require(cudnn_gru::SelectedIsa(&isa));
    Require(cudnn_gru::CpuWeights::Create(
        description, isa, problem.grus[0].kernel.data(),
        problem.grus[0].recurrent_kernel.data(), problem.grus[0].bias.data(),
        &weights_));
    call_.batch = problem.batch;
    call_.timesteps = problem.timesteps;
    call_.return_sequences = true;
    call_.inputs = inputs_.data();
    call_.output = output_.data();
    call_.state = state_.data();
  }

  void Call() override {
    Require(cudnn_gru::ForwardOnCpu(*weights_, call_, threads_, nullptr));
  }

  std::vector<float> Output() override { return output_; }

 private:
  const std::vector<float> inputs_;
  std::vector<float> output_;
  std::vector<float> state_;
  const int threads_;
  cudnn_gru::GruCall call_;
  std::shared_ptr<const cudnn_gru::CpuWeights> weights_;
};

}  // namespace

int main(int, char** argv) {
  const int threads = std::stoi(argv[1]);
  return bench::Serve("", [threads](const bench::Problem& problem) {
    return std::make_unique<KernelTask>(problem, threads);
  });
}
