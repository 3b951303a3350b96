#include "addon/step_function.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "addon/contract.h"
#include "addon/errors.h"
#include "core/gru_call.h"
#include "core/gru_stepper.h"
#include "core/status.h"

namespace cudnn_gru {
namespace {

constexpr const Signature& kSignature = SignatureOf("bindStep");
constexpr size_t kInputs = kSignature.PositionOf("inputs");
constexpr size_t kOutput = kSignature.PositionOf("output");
constexpr size_t kState = kSignature.PositionOf("state");
constexpr size_t kBatch = kSignature.PositionOf("batch");
constexpr size_t kArrays[] = {kInputs, kOutput, kState};

// Everything that the function is bound to.
struct StepFunction {
  std::shared_ptr<const CurrentBackends> current;
  GruCall call;
  // Keeps the layer's native object, and the arrays that `call` points into.
  napi_ref kept = nullptr;
  // Computes with the backends of that version. Null before the first step.
  std::unique_ptr<GruStepper> stepper;
  uint64_t version = 0;
  int64_t reported = 0;  // the bytes that V8 knows of
};

// Tells V8 how much scratch memory the steps keep.
void ReportMemory(napi_env env, StepFunction* step) {
  const int64_t now = static_cast<int64_t>(
      step->stepper == nullptr ? 0 : step->stepper->bytes());
  int64_t total = 0;
  napi_adjust_external_memory(env, now - step->reported, &total);
  step->reported = now;
}

// Makes the stepper anew for weights that have changed.
Status Prepare(napi_env env, StepFunction* step) {
  step->stepper = nullptr;
  Status status = step->current->CheckReady();
  if (status.ok()) {
    status = step->current->backends[Path::kCpu]->MakeStepper(step->call,
                                                              &step->stepper);
  }
  step->version = step->current->version;
  ReportMemory(env, step);
  return status;
}

napi_value Step(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  StepFunction* const step = static_cast<StepFunction*>(data);
  Status status;
  if (step->stepper == nullptr || step->version != step->current->version) {
    status = Prepare(env, step);
  }
  if (status.ok()) status = step->stepper->Step();
  return status.ok() ? nullptr : Throw(env, status);
}

void Finalize(napi_env env, void* object, void*) {
  StepFunction* const step = static_cast<StepFunction*>(object);
  step->stepper = nullptr;
  ReportMemory(env, step);
  napi_delete_reference(env, step->kept);
  delete step;
}

// Fails with kArgument unless the array lies over a SharedArrayBuffer. Any
// other memory could be detached between two steps.
Status RequireShared(const Argument& array) {
  napi_value buffer = nullptr;
  bool detachable = true;
  if (napi_get_typedarray_info(array.env, array.value, nullptr, nullptr,
                               nullptr, &buffer, nullptr) == napi_ok &&
      napi_is_arraybuffer(array.env, buffer, &detachable) == napi_ok &&
      !detachable) {
    return Status();
  }
  return Status(StatusCode::kArgument,
                "Expected an array over a SharedArrayBuffer for the native "
                "argument `" +
                    std::string(array.name) + "` but received another one.");
}

Status ReadStep(const Arguments& arguments, const GruDescription& description,
                GruCall* call) {
  if (HasCustomActivation(description)) {
    return Status(StatusCode::kUnsupported,
                  "Expected an activation of Keras's for a bound step but "
                  "received a custom one.");
  }
  call->timesteps = 1;
  GruCallSizes sizes;
  void* inputs = nullptr;
  void* state = nullptr;
  Status status = ReadSize(arguments[kBatch], &call->batch);
  if (status.ok()) status = ComputeSizes(description, *call, &sizes);
  if (status.ok()) {
    status = ReadTensorOrBits(arguments[kInputs], description, sizes.inputs,
                              &inputs, &call->inputs_are_bits);
  }
  if (status.ok()) {
    status = ReadTensorOrBits(arguments[kOutput], description, sizes.output,
                              &call->output, &call->output_is_bits);
  }
  if (status.ok()) {
    status =
        ReadTensor(arguments[kState], description.dtype, sizes.state, &state);
  }
  for (const size_t position : kArrays) {
    if (status.ok()) status = RequireShared(arguments[position]);
  }
  call->inputs = inputs;
  call->initial_state = call->state = state;
  return status;
}

// Returns a reference to one object that holds the layer's native object and
// the arrays, or null when Node cannot make it.
napi_ref Keep(const Arguments& arguments) {
  const napi_env env = arguments.env();
  napi_value list = nullptr;
  napi_ref reference = nullptr;
  napi_create_array(env, &list);
  napi_set_element(env, list, 0, arguments.self());
  uint32_t count = 1;
  for (const size_t position : kArrays) {
    napi_set_element(env, list, count++, arguments[position].value);
  }
  napi_create_reference(env, list, 1, &reference);
  return reference;
}

}  // namespace

napi_value MakeStepFunction(const Arguments& arguments,
                            const GruDescription& description,
                            std::shared_ptr<const CurrentBackends> current) {
  const napi_env env = arguments.env();
  auto step = std::make_unique<StepFunction>();
  step->current = std::move(current);
  const Status status = ReadStep(arguments, description, &step->call);
  if (!status.ok()) return Throw(env, status);
  step->kept = Keep(arguments);
  napi_value function = nullptr;
  if (step->kept == nullptr ||
      napi_create_function(env, "step", NAPI_AUTO_LENGTH, Step, step.get(),
                           &function) != napi_ok ||
      napi_add_finalizer(env, function, step.get(), Finalize, nullptr,
                         nullptr) != napi_ok) {
    if (step->kept != nullptr) napi_delete_reference(env, step->kept);
    return Throw(env, Status(StatusCode::kOutOfMemory,
                             "Node could not make a step function."));
  }
  step.release();
  return function;
}

}  // namespace cudnn_gru
