#include "addon/native_stack.h"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "addon/arguments.h"
#include "addon/errors.h"
#include "addon/fields.h"
#include "addon/forward_call.h"
#include "addon/merge_names.h"
#include "addon/native_stack_pass.h"
#include "addon/stack_arguments.h"
#include "addon/wrapped_object.h"
#include "core/gru_stack.h"

namespace cudnn_gru {
namespace {

struct NativeStack {
  StackShape shape;
  // Null when the object is disposed. Calls in flight share it.
  std::shared_ptr<GruStack> stack;
};

// Marks our objects, as in native_gru.cc.
constexpr napi_type_tag kTypeTag = {0x91d2c06be8f34a17ULL,
                                    0x84b6f10a5d7e2c93ULL};

constexpr char kClassName[] = "NativeStack";

NativeStack* Unwrap(napi_env env, napi_value self) {
  return static_cast<NativeStack*>(
      UnwrapObject(env, self, kTypeTag, kClassName));
}

Status ReadMerges(const Argument& argument, std::vector<Merge>* merges) {
  std::vector<Argument> elements;
  Status status = ReadList(argument, &elements);
  if (!status.ok() || elements.empty()) {
    return Status(StatusCode::kArgument,
                  "Expected a list of merge modes for the native argument "
                  "`merges` but received another value.");
  }
  for (const Argument& element : elements) {
    Merge merge = Merge::kNone;
    status = ReadMerge(element, &merge);
    if (!status.ok()) return status;
    merges->push_back(merge);
  }
  return Status();
}

// Reads a list with the NativeGru of each of `count` GRUs.
Status ReadGrus(const Argument& argument, size_t count,
                std::vector<KeptGru>* grus) {
  bool is_array = false;
  uint32_t length = 0;
  napi_is_array(argument.env, argument.value, &is_array);
  if (is_array) {
    napi_get_array_length(argument.env, argument.value, &length);
  }
  if (length != count) {
    return Status(StatusCode::kArgument,
                  "Expected a list of " + std::to_string(count) +
                      " GRUs for the native argument `grus` but received "
                      "another value.");
  }
  for (uint32_t i = 0; i < length; ++i) {
    napi_value value = nullptr;
    napi_get_element(argument.env, argument.value, i, &value);
    const Status status =
        grus->emplace_back().Keep({argument.env, value, argument.name});
    if (!status.ok()) return status;
  }
  return Status();
}

void Finalize(napi_env, void* object, void*) {
  delete static_cast<NativeStack*>(object);
}

// new NativeStack(merges, grus)
napi_value Construct(napi_env env, napi_callback_info info) {
  napi_value arguments[2] = {nullptr, nullptr};
  const napi_value self = NewObject(env, info, kClassName, 2, arguments);
  if (self == nullptr) return nullptr;
  auto stack = std::make_unique<NativeStack>();
  StackShape& shape = stack->shape;
  Status status = ReadMerges({env, arguments[0], "merges"}, &shape.merges);
  if (status.ok()) {
    status =
        ReadGrus({env, arguments[1], "grus"}, shape.half_count(), &shape.grus);
  }
  if (!status.ok()) return Throw(env, status);
  stack->stack = std::make_shared<GruStack>();
  return WrapObject(env, self, kTypeTag, kClassName, std::move(stack),
                    Finalize);
}

using StackForwardCall = ForwardCall<GruStack, StackCall, GruStackPass>;

// Reads the arguments of a call.
Status Prepare(const StackArguments& arguments, const NativeStack& stack,
               StackForwardCall* prepared) {
  if (stack.stack == nullptr) {
    return Status(StatusCode::kDisposed, "The stack is disposed.");
  }
  prepared->computer = stack.stack;
  return ReadStackCall(arguments, stack.shape, &prepared->steps,
                       &prepared->call, &prepared->tf32);
}

// Takes the token from the arguments, and reads it and the call behind it.
// Returns null with a pending exception on failure.
std::shared_ptr<AsyncCall<StackForwardCall>> PrepareAsync(
    StackArguments* arguments) {
  const napi_env env = arguments->env();
  const NativeStack* const stack = Unwrap(env, arguments->self());
  if (stack == nullptr) return nullptr;
  auto async = std::make_shared<AsyncCall<StackForwardCall>>();
  Status status = ReadDouble(arguments->TakeFirst(), &async->token);
  if (status.ok()) status = Prepare(*arguments, *stack, &async->call);
  if (status.ok()) return async;
  Throw(env, status);
  return nullptr;
}

napi_value Js_call(napi_env env, napi_callback_info info) {
  const StackArguments arguments(env, info, SignatureOf("stackCall"),
                                 SignatureOf("stackHalf"));
  const NativeStack* const stack = Unwrap(env, arguments.self());
  if (stack == nullptr) return nullptr;
  StackForwardCall call;
  return CallNow(env, Prepare(arguments, *stack, &call), call);
}

napi_value Js_callAsync(napi_env env, napi_callback_info info) {
  StackArguments arguments(env, info, SignatureOf("stackCallAsync"),
                           SignatureOf("stackHalf"));
  const auto async = PrepareAsync(&arguments);
  return async == nullptr ? nullptr : SubmitCall(env, async, arguments.All());
}

napi_value Js_forward(napi_env env, napi_callback_info info) {
  const StackArguments arguments(env, info, SignatureOf("stackForward"),
                                 SignatureOf("stackHalf"));
  const NativeStack* const stack = Unwrap(env, arguments.self());
  if (stack == nullptr) return nullptr;
  StackForwardCall call;
  Status status = Prepare(arguments, *stack, &call);
  return ForwardNow(env, std::move(status), &call, MakeNativeStackPass);
}

napi_value Js_forwardAsync(napi_env env, napi_callback_info info) {
  StackArguments arguments(env, info, SignatureOf("stackForwardAsync"),
                           SignatureOf("stackHalf"));
  const auto async = PrepareAsync(&arguments);
  return async == nullptr
             ? nullptr
             : SubmitForward(env, async, arguments.All(), MakeNativeStackPass);
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  const NativeStack* const stack = Unwrap(env, ThisOf(env, info));
  if (stack == nullptr) return nullptr;
  const size_t held = stack->stack == nullptr ? 0 : stack->stack->bytes();
  napi_value bytes = nullptr;
  napi_create_double(env, static_cast<double>(held), &bytes);
  return bytes;
}

napi_value Js_dispose(napi_env env, napi_callback_info info) {
  NativeStack* const stack = Unwrap(env, ThisOf(env, info));
  if (stack != nullptr) stack->stack = nullptr;
  return nullptr;
}

}  // namespace

napi_value DefineNativeStack(napi_env env) {
  const std::array<napi_property_descriptor, 6> methods = {
      Method("call", Js_call),
      Method("callAsync", Js_callAsync),
      Method("forward", Js_forward),
      Method("forwardAsync", Js_forwardAsync),
      Method("memoryUsage", Js_memoryUsage),
      Method("dispose", Js_dispose)};
  napi_value constructor = nullptr;
  napi_define_class(env, kClassName, NAPI_AUTO_LENGTH, Construct, nullptr,
                    methods.size(), methods.data(), &constructor);
  return constructor;
}

}  // namespace cudnn_gru
