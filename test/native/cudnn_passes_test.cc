// The cuDNN path as the addon calls it, on the test doubles, so that it runs
// under the sanitizers too: forward and backward against the scalar reference,
// small and in pieces, on several threads, waiting in either way.
#include <dlfcn.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/cancellation.h"
#include "cpu/cpu_backend.h"
#include "cpu/weights/weights.h"
#include "cudnn/cudnn_backend.h"
#include "cudnn/runtime.h"
#include "generator.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using namespace cudnn_gru;

struct Shape {
  size_t batch;
  size_t timesteps;
  size_t features;
  size_t units;
  bool ragged;
};

std::vector<float> Random(size_t n, uint64_t seed) {
  Generator generator(seed);
  std::vector<float> values(n);
  for (float& value : values) {
    value = static_cast<float>(generator.Uniform(-0.5, 0.5));
  }
  return values;
}

// A layer and a call of one shape.
class Problem {
 public:
  explicit Problem(const Shape& shape)
      : shape_(shape),
        kernel_(Random(shape.features * 3 * shape.units, 1)),
        recurrent_(Random(shape.units * 3 * shape.units, 2)),
        bias_(Random(6 * shape.units, 3)),
        inputs_(Random(shape.batch * shape.timesteps * shape.features, 4)),
        initial_state_(Random(shape.batch * shape.units, 5)),
        d_output_(Random(shape.batch * shape.timesteps * shape.units, 6)),
        d_state_(Random(shape.batch * shape.units, 7)) {
    description_.features = shape.features;
    description_.units = shape.units;
    description_.activation.kind = Activation::kTanh;
    description_.recurrent_activation.kind = Activation::kSigmoid;
    for (size_t row = 0; row < shape.batch; ++row) {
      const size_t length =
          shape.ragged && row != 1 ? row % 7 : shape.timesteps;
      lengths_.push_back(static_cast<int32_t>(length));
    }
  }

  WeightReader Reader() const {
    return [this](void* kernel, void* recurrent, void* bias) {
      std::copy(kernel_.begin(), kernel_.end(), static_cast<float*>(kernel));
      std::copy(recurrent_.begin(), recurrent_.end(),
                static_cast<float*>(recurrent));
      std::copy(bias_.begin(), bias_.end(), static_cast<float*>(bias));
      return Status();
    };
  }

  // Makes two calls whose weights the reader gives. Returns their statuses.
  std::vector<Status> TwoCalls(const WeightReader& reader) const {
    const CudnnBackend backend(std::make_shared<CudnnLayer>(description_, 0),
                               reader);
    std::vector<std::vector<float>> results = Results();
    std::vector<Status> statuses;
    for (int i = 0; i < 2; ++i) {
      statuses.push_back(backend.Forward(CallInto(&results), {}));
    }
    return statuses;
  }

  std::vector<std::vector<float>> Expected() const {
    std::shared_ptr<const CpuWeights> weights;
    Status status = CpuWeights::Create(
        description_, CpuIsa{"reference", nullptr}, kernel_.data(),
        recurrent_.data(), bias_.data(), &weights);
    CHECK_MESSAGE(status.ok(), status.message());
    std::vector<std::vector<float>> results = Results();
    std::unique_ptr<GruPass> pass;
    status =
        CpuBackend(weights).ForwardKeepingPass(CallInto(&results), {}, &pass);
    CHECK_MESSAGE(status.ok(), status.message());
    status = pass->Backward(GradientsInto(&results), 1, nullptr);
    CHECK_MESSAGE(status.ok(), status.message());
    return results;
  }

  // `cancellation` makes it an asynchronous call.
  std::vector<std::vector<float>> Found(
      int threads, const Cancellation* cancellation) const {
    const CudnnBackend backend(std::make_shared<CudnnLayer>(description_, 0),
                               Reader());
    const ComputeOptions options = {threads, cancellation};
    std::vector<std::vector<float>> alone = Results();
    Status status = backend.Forward(CallInto(&alone), options);
    CHECK_MESSAGE(status.ok(), status.message());
    std::vector<std::vector<float>> results = Results();
    std::unique_ptr<GruPass> pass;
    status = backend.ForwardKeepingPass(CallInto(&results), options, &pass);
    CHECK_MESSAGE(status.ok(), status.message());
    CHECK_MESSAGE(results == alone, "training gives another output");
    if (pass == nullptr) return results;
    status = pass->Backward(GradientsInto(&results), threads, cancellation);
    CHECK_MESSAGE(status.ok(), status.message());
    return results;
  }

 private:
  // Output, state, and the gradients of inputs, initial state and weights.
  std::vector<std::vector<float>> Results() const {
    std::vector<std::vector<float>> results;
    for (const std::vector<float>* like :
         {&d_output_, &d_state_, &inputs_, &initial_state_, &kernel_,
          &recurrent_, &bias_}) {
      results.emplace_back(like->size());
    }
    return results;
  }

  GruCall CallInto(std::vector<std::vector<float>>* results) const {
    GruCall call;
    call.batch = shape_.batch;
    call.timesteps = shape_.timesteps;
    call.return_sequences = true;
    call.inputs = inputs_.data();
    call.initial_state = initial_state_.data();
    call.lengths = lengths_.data();
    call.output = (*results)[0].data();
    call.state = (*results)[1].data();
    return call;
  }

  GruGradients GradientsInto(std::vector<std::vector<float>>* results) const {
    GruGradients gradients;
    gradients.d_output = d_output_.data();
    gradients.d_state = d_state_.data();
    gradients.d_inputs = (*results)[2].data();
    gradients.d_initial_state = (*results)[3].data();
    gradients.d_kernel = (*results)[4].data();
    gradients.d_recurrent_kernel = (*results)[5].data();
    gradients.d_bias = (*results)[6].data();
    return gradients;
  }

  const Shape shape_;
  GruDescription description_;
  std::vector<int32_t> lengths_;
  const std::vector<float> kernel_;
  const std::vector<float> recurrent_;
  const std::vector<float> bias_;
  const std::vector<float> inputs_;
  const std::vector<float> initial_state_;
  const std::vector<float> d_output_;
  const std::vector<float> d_state_;
};

void TestShape(const Shape& shape) {
  const Problem problem(shape);
  const std::vector<std::vector<float>> expected = problem.Expected();
  const Cancellation cancellation;
  const std::vector<std::vector<float>> found = problem.Found(1, nullptr);
  double worst = 0;
  for (size_t t = 0; t < found.size(); ++t) {
    for (size_t i = 0; i < found[t].size(); ++i) {
      const double right = static_cast<double>(expected[t][i]);
      const double error = std::fabs(static_cast<double>(found[t][i]) - right) /
                           std::max(1.0, std::fabs(right));
      worst = std::isnan(error) ? INFINITY : std::max(worst, error);
    }
  }
  CHECK_MESSAGE(worst <= 1e-4,
                Format("%zux%zux%zu-%zu: off by %g", shape.batch,
                       shape.timesteps, shape.features, shape.units, worst));
  CHECK_MESSAGE(problem.Found(4, nullptr) == found, "4 threads change a bit");
  CHECK_MESSAGE(problem.Found(2, &cancellation) == found,
                "waiting changes a bit");
}

// Leads the code under test to the doubles. It opens the driver by its name,
// which the loader answers with the library of that name that is already open.
struct OnTheDoubles {
  OnTheDoubles() {
    const std::string folder = CUDNN_GRU_DOUBLES_FOLDER;
    setenv("CUDNN_GRU_CUDNN_PATH", (folder + "/cudnn").c_str(), 1);
    const std::string driver = folder + "/cuda/libcuda.so.1";
    if (dlopen(driver.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
      FAIL(dlerror());
    }
  }
};

TEST_CASE_FIXTURE(OnTheDoubles,
                  "a call fails when its weights cannot be read, and the next "
                  "one reads them again") {
  const Problem problem({2, 3, 4, 5, false});
  int attempts = 0;
  const std::vector<Status> statuses =
      problem.TwoCalls([&](void* kernel, void* recurrent, void* bias) {
        ++attempts;
        return attempts == 1 ? Status(StatusCode::kUnsupported, "none")
                             : problem.Reader()(kernel, recurrent, bias);
      });
  CHECK(statuses[0].code() == StatusCode::kUnsupported);
  CHECK_MESSAGE(statuses[1].ok(), statuses[1].message());
  CHECK(attempts == 2);
}

TEST_CASE_FIXTURE(OnTheDoubles, "the doubles meet the requirements") {
  for (StateRounding rounding : {StateRounding::kNone, StateRounding::kFloat16,
                                 StateRounding::kBfloat16}) {
    const RuntimeVerdict verdict = JudgeRuntime(0, Dtype::kFloat32, rounding);
    CHECK_MESSAGE(verdict.met, verdict.detail);
  }
}

TEST_CASE_FIXTURE(OnTheDoubles, "rows of one length") {
  TestShape({3, 5, 4, 20, false});
}

TEST_CASE_FIXTURE(OnTheDoubles, "rows of several lengths") {
  TestShape({3, 5, 4, 20, true});
}

TEST_CASE_FIXTURE(OnTheDoubles, "many weights") {
  TestShape({2, 3, 300, 200, false});
}

TEST_CASE_FIXTURE(OnTheDoubles, "several pieces of inputs and outputs") {
  TestShape({300, 500, 8, 8, true});
}

}  // namespace
}  // namespace cudnn_gru_test
