#ifndef CUDNN_GRU_TEST_NATIVE_CUDNN_STACK_FIXTURE_H_
#define CUDNN_GRU_TEST_NATIVE_CUDNN_STACK_FIXTURE_H_

#include <dlfcn.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/gru_stack.h"
#include "cpu/cpu_backend.h"
#include "cpu/weights/weights.h"
#include "cudnn/cudnn_backend.h"
#include "native_test.h"
#include "stack_problem.h"

namespace cudnn_gru_test {

// The scalar reference computes the expected numbers.
inline std::vector<cudnn_gru::CpuIsa> Reference() {
  return {cudnn_gru::CpuIsa{"reference", nullptr}};
}

// Leads the code under test to the doubles. It opens the driver by its name,
// which the loader answers with the library of that name that is already open.
class StackOnTheDoubles {
 public:
  StackOnTheDoubles() {
    const std::string folder = CUDNN_GRU_DOUBLES_FOLDER;
    setenv("CUDNN_GRU_CUDNN_PATH", (folder + "/cudnn").c_str(), 1);
    cuda_ = Open(folder + "/cuda/libcuda.so.1");
    cudnn_ = Open(folder + "/cudnn/libcudnn_adv.so.9");
  }

  // Counters of the doubles (test/doubles/README.md).
  int64_t Counter(const std::string& name) const {
    const bool driver = name.find(".cu") != std::string::npos &&
                        name.find(".cudnn") == std::string::npos;
    void* const library =
        driver || name.find("live.device") == 0 ? cuda_ : cudnn_;
    using Read = int64_t(const char*);
    return reinterpret_cast<Read*>(dlsym(library, "CudnnGruDoubleCounter"))(
        name.c_str());
  }

  // Replaces the faults of both doubles.
  void SetFaults(const std::string& text) const {
    using Set = void(const char*);
    for (void* const library : {cuda_, cudnn_}) {
      reinterpret_cast<Set*>(dlsym(library, "CudnnGruDoubleSetFaults"))(
          text.c_str());
    }
  }

 private:
  static void* Open(const std::string& path) {
    void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) FAIL(dlerror());
    return library;
  }

  void* cuda_;
  void* cudnn_;
};

// Gives the GRUs of a call, which are on the CPU, the same weights on cuDNN.
inline void MoveToCudnn(cudnn_gru::StackCall* call) {
  for (cudnn_gru::StackLayer& layer : call->layers) {
    for (size_t i = 0; i < layer.half_count; ++i) {
      std::shared_ptr<const cudnn_gru::GruBackend>& backend =
          layer.halves[i].backend;
      const auto weights =
          static_cast<const cudnn_gru::CpuBackend&>(*backend).weights();
      backend = std::make_shared<cudnn_gru::CudnnBackend>(
          std::make_shared<cudnn_gru::CudnnLayer>(backend->description(), 0),
          [weights](void* kernel, void* recurrent, void* bias) {
            return weights->Unpack(kernel, recurrent, bias);
          });
    }
  }
}

// The largest difference of two lists of tensors, in each tensor relative to
// its largest value, or absolute when that is below 1.
template <typename T>
double WorstOf(const std::vector<std::vector<T>>& found,
               const std::vector<std::vector<T>>& expected) {
  if (found.size() != expected.size()) return INFINITY;
  double worst = 0;
  for (size_t t = 0; t < found.size(); ++t) {
    if (found[t].size() != expected[t].size()) return INFINITY;
    double scale = 1;
    double difference = 0;
    for (size_t i = 0; i < found[t].size(); ++i) {
      const double right = static_cast<double>(expected[t][i]);
      const double error = std::fabs(static_cast<double>(found[t][i]) - right);
      scale = std::max(scale, std::fabs(right));
      difference = std::isnan(error) ? INFINITY : std::max(difference, error);
    }
    worst = std::max(worst, difference / scale);
  }
  return worst;
}

// A stack on the cuDNN path, and what its GRUs return on the CPU one by one.
template <typename T>
class CudnnStackRun {
 public:
  explicit CudnnStackRun(const StackSpec& spec, uint64_t seed = 3)
      : problem_(spec, seed, Reference()) {
    CHECK(problem_.OneByOne(&expected_, &expected_gradients_).ok());
    call_ = problem_.Call(&found_);
    MoveToCudnn(&call_);
  }

  const cudnn_gru::StackCall& call() const { return call_; }
  const std::vector<std::vector<T>>& results() const { return found_; }

  // Calls the stack, which must succeed, and compares the results.
  void Forward(cudnn_gru::GruStack* stack) {
    Succeeded(stack->Forward(call_, {1}));
    CheckResults();
  }
  // Does the same, and keeps a pass.
  void ForwardKeepingPass(cudnn_gru::GruStack* stack) {
    Succeeded(stack->ForwardKeepingPass(call_, {1}, &pass_));
    CheckResults();
  }
  // Computes all gradients from the pass, and compares them.
  void Backward() {
    std::vector<std::vector<T>> gradients;
    Succeeded(pass_->Backward(problem_.Targets(&gradients), 1, nullptr));
    const double worst = WorstOf(gradients, expected_gradients_);
    CHECK_MESSAGE(worst <= 1e-5, Format("gradients off by %g", worst));
  }

 private:
  static void Succeeded(const cudnn_gru::Status& status) {
    REQUIRE_MESSAGE(status.ok(), status.message());
  }
  void CheckResults() const {
    const double worst = WorstOf(found_, expected_);
    CHECK_MESSAGE(worst <= 1e-5, Format("results off by %g", worst));
  }

  StackProblem<T> problem_;
  std::vector<std::vector<T>> expected_;
  std::vector<std::vector<T>> expected_gradients_;
  std::vector<std::vector<T>> found_;
  cudnn_gru::StackCall call_;
  std::unique_ptr<cudnn_gru::GruStackPass> pass_;
};

// A stack that one cuDNN call can compute: `layers` of `units`, with one
// direction or two.
inline StackSpec FusedSpec(size_t layers, size_t directions, size_t units) {
  StackSpec spec;
  spec.batch = 4;
  spec.timesteps = 5;
  spec.features = 3;
  for (size_t i = 0; i < layers; ++i) {
    LayerSpec layer;
    layer.halves.assign(directions, HalfSpec());
    for (size_t half = 0; half < directions; ++half) {
      layer.halves[half].units = units;
      layer.halves[half].go_backwards = half == 1;
    }
    layer.merge =
        directions == 2 ? cudnn_gru::Merge::kConcat : cudnn_gru::Merge::kNone;
    spec.layers.push_back(layer);
  }
  return spec;
}

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_CUDNN_STACK_FIXTURE_H_
