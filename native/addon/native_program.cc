#include "addon/native_program.h"

#include <array>
#include <memory>
#include <utility>

#include "addon/addon_data.h"
#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/program_arguments.h"
#include "addon/shared_object.h"
#include "addon/wrapped_object.h"
#include "core/thread_pool.h"
#include "cpu/dispatch/dispatch.h"
#include "model/program.h"

namespace cudnn_gru {
namespace {

using ProgramObject = SharedObject<Program>;

// Marks our objects, as in native_gru.cc.
constexpr napi_type_tag kTypeTag = {0xe48a5c07f2196db3ULL,
                                    0x3f90d7b6481ce52aULL};
constexpr char kClassName[] = "NativeProgram";

ProgramObject* Unwrap(napi_env env, napi_value self) {
  return static_cast<ProgramObject*>(
      UnwrapObject(env, self, kTypeTag, kClassName));
}

Status CreateProgram(const Argument& description,
                     std::shared_ptr<const Program>* program) {
  ProgramSpec spec;
  CpuIsa isa;
  Status status = ReadProgram(description, &spec);
  if (status.ok()) status = SelectedIsa(&isa);
  return status.ok() ? Program::Create(spec, isa, program) : status;
}

// new NativeProgram(description)
napi_value Construct(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  const napi_value self = NewObject(env, info, kClassName, 1, &argument);
  if (self == nullptr) return nullptr;
  std::shared_ptr<const Program> program;
  const Status status = CreateProgram({env, argument, "description"}, &program);
  if (!status.ok()) return Throw(env, status);
  return WrapShared(env, self, kTypeTag, kClassName, std::move(program));
}

// A call with everything that it needs. It may outlive the object.
struct PreparedCall {
  std::shared_ptr<const Program> program;
  ProgramArrays arrays;

  Status Run(int threads, const Cancellation* cancellation) const {
    return program->Run(arrays.Call(), {threads, cancellation});
  }
};

Status Prepare(const Arguments& arguments, const ProgramObject& object,
               PreparedCall* prepared) {
  if (object.value == nullptr) {
    return Status(StatusCode::kDisposed, "The program is disposed.");
  }
  prepared->program = object.value;
  return ReadProgramCall(arguments, *object.value, &prepared->arrays);
}

napi_value Js_run(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info, SignatureOf("programRun"));
  const ProgramObject* const object = Unwrap(env, arguments.self());
  if (object == nullptr) return nullptr;
  PreparedCall prepared;
  Status status = Prepare(arguments, *object, &prepared);
  if (status.ok()) {
    status = prepared.Run(ThreadPool::Get().threads(), nullptr);
  }
  return status.ok() ? nullptr : Throw(env, status);
}

napi_value Js_runAsync(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, SignatureOf("programRunAsync"));
  const ProgramObject* const object = Unwrap(env, arguments.self());
  if (object == nullptr) return nullptr;
  double token = 0;
  const auto prepared = std::make_shared<PreparedCall>();
  Status status = ReadDouble(arguments.TakeFirst(), &token);
  if (status.ok()) status = Prepare(arguments, *object, prepared.get());
  if (!status.ok()) return Throw(env, status);
  return AddonData::Get(env)->async_calls.Submit(
      token, prepared->arrays.arrays,
      [prepared](int threads, const Cancellation& cancellation) {
        return prepared->Run(threads, &cancellation);
      });
}

napi_value Js_rowBytes(napi_env env, napi_callback_info info) {
  return ReportNumber(env, info, kTypeTag, kClassName, &Program::row_bytes);
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  return ReportNumber(env, info, kTypeTag, kClassName, &Program::bytes);
}

// Calls in flight keep the program alive.
napi_value Js_dispose(napi_env env, napi_callback_info info) {
  return Dispose<Program>(env, info, kTypeTag, kClassName);
}

}  // namespace

napi_value DefineNativeProgram(napi_env env) {
  const std::array<napi_property_descriptor, 5> methods = {
      Method("run", Js_run), Method("runAsync", Js_runAsync),
      Method("rowBytes", Js_rowBytes), Method("memoryUsage", Js_memoryUsage),
      Method("dispose", Js_dispose)};
  napi_value constructor = nullptr;
  napi_define_class(env, kClassName, NAPI_AUTO_LENGTH, Construct, nullptr,
                    methods.size(), methods.data(), &constructor);
  return constructor;
}

}  // namespace cudnn_gru
