// Every call to the driver and to cuDNN in a stack's life fails in turn, on the
// test doubles: the outcome is an error, or the right numbers, and nothing
// leaks.
#include <map>
#include <string>

#include "cudnn/call_stream.h"
#include "cudnn/device.h"
#include "cudnn/stack/obstacles.h"
#include "cudnn_stack_fixture.h"

namespace cudnn_gru_test {
namespace {

using namespace cudnn_gru;

using Results = std::vector<std::vector<float>>;

// Functions of the driver and of cuDNN that stacks call. Those that free are
// left out, because their failures harm no call, and those that only a new
// stream calls, because streams are kept.
const char* const kDriver[] = {"cuCtxSetCurrent",      "cuMemAllocHost_v2",
                               "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2",
                               "cuMemsetD8Async",      "cuStreamSynchronize"};
const char* const kCudnn[] = {"cudnnCreateRNNDescriptor",
                              "cudnnCreateRNNDataDescriptor",
                              "cudnnCreateTensorDescriptor",
                              "cudnnSetRNNDescriptor_v8",
                              "cudnnSetRNNDataDescriptor",
                              "cudnnSetTensorNdDescriptor",
                              "cudnnGetTensorNdDescriptor",
                              "cudnnGetRNNWeightSpaceSize",
                              "cudnnGetRNNWeightParams",
                              "cudnnGetRNNTempSpaceSizes",
                              "cudnnRNNForward",
                              "cudnnRNNBackwardData_v8",
                              "cudnnRNNBackwardWeights_v8"};
const char* const kLiving[] = {
    "live.device_blocks", "live.handles", "live.tensor_descriptors",
    "live.rnn_descriptors", "live.rnn_data_descriptors"};

// One stack whose whole life is a forward call, a training call and its
// gradients.
class StackLife : public StackOnTheDoubles {
 protected:
  StackLife() : problem_(Spec(), 3, Reference()) {
    CHECK(problem_.OneByOne(&expected_, &expected_gradients_).ok());
    Results results;
    moved_ = problem_.Call(&results);
    MoveToCudnn(&moved_);
    const std::optional<StackObstacle> obstacle = FindObstacleHere(moved_);
    CHECK_MESSAGE(!obstacle.has_value(), obstacle->reason);
    CHECK(Device::Get(0, &device_).ok());
  }

  static StackSpec Spec() {
    StackSpec spec = FusedSpec(2, 2, 5);
    spec.masking = Masking::kLengths;
    spec.layers.back().merge = Merge::kMul;
    return spec;
  }

  // Runs everything. When it succeeds the numbers are right.
  Status Live() {
    GruStack stack;
    Results found;
    StackCall call = CallInto(&found);
    Status status = stack.Forward(call, {1});
    if (!status.ok()) return status;
    CHECK_MESSAGE(WorstOf(found, expected_) <= 1e-5, "wrong numbers");
    call = CallInto(&found);
    std::unique_ptr<GruStackPass> pass;
    status = stack.ForwardKeepingPass(call, {1}, &pass);
    CHECK_MESSAGE(status.ok() == (pass != nullptr), "a pass of a failed call");
    if (!status.ok()) return status;
    CHECK_MESSAGE(WorstOf(found, expected_) <= 1e-5, "wrong numbers");
    Results gradients;
    status = pass->Backward(problem_.Targets(&gradients), 1, nullptr);
    if (!status.ok()) return status;
    CHECK_MESSAGE(WorstOf(gradients, expected_gradients_) <= 1e-5,
                  "wrong gradients");
    return Status();
  }

  // Frees what is kept for later calls, so that everything is made anew. The
  // stacks of Live have gone, and their weights with them.
  void Empty() {
    {
      const ContextScope context(*device_);
      CHECK(context.status().ok());
      FreeCaches(*device_);
    }
    // A fault may have kept the scope from restoring that there is none.
    CHECK(device_->driver().cuCtxSetCurrent(nullptr) == abi::CUDA_SUCCESS);
  }

  std::map<std::string, int64_t> Living() const {
    std::map<std::string, int64_t> living;
    for (const char* name : kLiving) living[name] = Counter(name);
    return living;
  }

  // Lets the calls of `function` fail from the one numbered `first` on.
  // Returns the status of the life.
  Status LiveWith(const std::string& function, int64_t first, int64_t count,
                  int status) {
    Empty();
    SetFaults(function + " " + std::to_string(first) + " " +
              std::to_string(count) + " " + std::to_string(status));
    const Status outcome = Live();
    SetFaults("");
    return outcome;
  }

  // Fails every call of the functions in turn, and returns how many succeeded
  // all the same.
  size_t FailEach(const std::string& function, int status, size_t* survived) {
    Empty();
    const int64_t before = Counter("calls." + function);
    const Status whole = Live();
    CHECK_MESSAGE(whole.ok(), whole.message());
    const int64_t calls = Counter("calls." + function) - before;
    Empty();
    const std::map<std::string, int64_t> living = Living();
    for (int64_t i = 1; i <= calls; ++i) {
      const Status outcome = LiveWith(function, i, 1, status);
      if (outcome.ok()) ++*survived;
      Empty();
      CHECK_MESSAGE(Living() == living, function, " ", i, " leaks");
      const Status next = Live();
      CHECK_MESSAGE(next.ok(), function, " ", i, ": ", next.message());
      if (outcome.ok()) continue;
      const std::string& text = outcome.message();
      CHECK_MESSAGE(text.find(function.substr(0, function.find("_v2"))) !=
                        std::string::npos,
                    text);
    }
    return static_cast<size_t>(calls);
  }

  StackProblem<float> problem_;
  Device* device_ = nullptr;
  Results expected_;
  Results expected_gradients_;

 private:
  StackCall CallInto(Results* results) {
    StackCall call = problem_.Call(results);
    for (size_t i = 0; i < call.layers.size(); ++i) {
      for (size_t half = 0; half < 2; ++half) {
        call.layers[i].halves[half].backend =
            moved_.layers[i].halves[half].backend;
      }
    }
    return call;
  }

  StackCall moved_;
};

TEST_CASE_FIXTURE(StackLife, "every call to the driver fails in turn") {
  for (const char* function : kDriver) {
    size_t survived = 0;
    const size_t failures = FailEach(function, 1, &survived);
    CHECK_MESSAGE(failures > 0, function, " is never called");
    std::printf("%s: %zu failures, %zu survived\n", function, failures,
                survived);
    const std::string name = function;
    if (name == "cuMemAllocHost_v2") {
      // Where no memory can be pinned, other memory does.
      CHECK(survived == failures);
    } else if (name == "cuCtxSetCurrent") {
      // Some calls only restore the thread's previous context.
      CHECK(survived < failures);
    } else {
      CHECK_MESSAGE(survived == 0, name, " fails without an error");
    }
  }
}

TEST_CASE_FIXTURE(StackLife, "every call to cuDNN fails in turn") {
  size_t failures = 0;
  size_t survived = 0;
  for (const char* function : kCudnn) {
    const size_t calls = FailEach(function, 5000, &survived);
    CHECK_MESSAGE(calls > 0, function, " is never called");
    failures += calls;
  }
  std::printf("%zu failures of cuDNN, of which %zu were survived\n", failures,
              survived);
  CHECK_MESSAGE(survived == 0, Format("%zu", survived));
}

// Memory that is short once is found at the second attempt, after the caches
// are freed.
TEST_CASE_FIXTURE(StackLife, "memory that is short once does no harm") {
  size_t survived = 0;
  const size_t failures = FailEach("cuMemAlloc_v2", 2, &survived);
  CHECK(failures > 3);
  CHECK(survived == failures);
}

// Where one call finds no memory, the layers are called one by one.
TEST_CASE_FIXTURE(StackLife, "a stack without memory goes one by one") {
  Empty();
  const int64_t before = Counter("calls.cudnnRNNForward");
  // The weights of the stack, at both attempts.
  const Status status = LiveWith("cuMemAlloc_v2", 1, 2, 2);
  CHECK_MESSAGE(status.ok(), status.message());
  // Four GRUs, then one call in training.
  CHECK(Counter("calls.cudnnRNNForward") == before + 5);
  const Status none = LiveWith("cuMemAlloc_v2", 1, 1000000, 2);
  CHECK(none.code() == StatusCode::kOutOfMemory);
}

// A cuDNN that refuses the call after all. The standard algorithm is the last
// one, and different lengths have no other.
TEST_CASE_FIXTURE(StackLife, "a stack that cuDNN refuses goes one by one") {
  for (const char* function : {"cudnnRNNForward", "cudnnGetRNNTempSpaceSizes",
                               "cudnnSetRNNDescriptor_v8"}) {
    const int64_t before = Counter("calls.cudnnRNNForward");
    const Status status = LiveWith(function, 1, 1, 3000);
    CHECK_MESSAGE(status.ok(), function, ": ", status.message());
    const int64_t refused = std::string(function) == "cudnnRNNForward" ? 1 : 0;
    CHECK(Counter("calls.cudnnRNNForward") == before + refused + 5);
  }
}

// A kernel that fails costs the device. Comes in a process of its own.
TEST_CASE_FIXTURE(StackLife, "a stack's failing kernel costs the device") {
  const Status status = LiveWith("kernel", 1, 1, 700);
  CHECK(status.code() == StatusCode::kCuda);
  CHECK_MESSAGE(
      status.message().find("CUDA_ERROR_ILLEGAL_ADDRESS") != std::string::npos,
      status.message());
  const Status next = Live();
  CHECK(next.code() == StatusCode::kCuda);
  CHECK_MESSAGE(next.message().find("Only a restart of the process helps") !=
                    std::string::npos,
                next.message());
}

}  // namespace
}  // namespace cudnn_gru_test
