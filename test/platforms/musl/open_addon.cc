// A program of musl that opens the addon as Node.js does, with a Node-API of its own that knows just enough for one call. It
// calls `widen` with arrays that are large enough for a team of threads, looks at the stack of every thread that the addon
// starts, and prints what it saw as one line of JSON. The argument is the addon.
//
// Threads are where a loaded addon and a program that is linked statically differ: musl gives the threads of this program
// 128 KB of stack, unless the linker asked for more.

#include <dlfcn.h>
#include <pthread.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "node_api.h"

namespace {

// A JavaScript value: an array, or a text.
struct Value {
  napi_typedarray_type type;
  void* data;
  size_t length;
  const char* text;
};

std::map<std::string, napi_callback> functions;
std::vector<Value*> call_arguments;
void* instance_data = nullptr;
std::vector<size_t> stacks;

size_t DefaultStack() {
  pthread_attr_t attributes;
  size_t bytes = 0;
  pthread_attr_init(&attributes);
  pthread_attr_getstacksize(&attributes, &bytes);
  return bytes;
}

}  // namespace

// The addon's threads come through here, because the program's symbols are found before those of the C library.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  size_t bytes = DefaultStack();
  if (attributes != nullptr) pthread_attr_getstacksize(attributes, &bytes);
  stacks.push_back(bytes);
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  return reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"))(thread, attributes, body, argument);
}

extern "C" {

napi_status napi_set_instance_data(node_api_basic_env, void* data, napi_finalize, void*) {
  instance_data = data;
  return napi_ok;
}

napi_status napi_get_instance_data(node_api_basic_env, void** data) {
  *data = instance_data;
  return napi_ok;
}

napi_status napi_create_function(napi_env, const char* name, size_t, napi_callback callback, void*, napi_value*) {
  functions[name] = callback;
  return napi_ok;
}

napi_status napi_get_cb_info(napi_env, napi_callback_info, size_t* count, napi_value* values, napi_value*, void**) {
  for (size_t i = 0; i < *count && i < call_arguments.size(); ++i) {
    values[i] = reinterpret_cast<napi_value>(call_arguments[i]);
  }
  return napi_ok;
}

napi_status napi_is_typedarray(napi_env, napi_value value, bool* result) {
  *result = reinterpret_cast<Value*>(value)->data != nullptr;
  return napi_ok;
}

napi_status napi_get_typedarray_info(napi_env, napi_value value, napi_typedarray_type* type, size_t* length, void** data,
                                     napi_value*, size_t*) {
  const Value* const array = reinterpret_cast<Value*>(value);
  if (type != nullptr) *type = array->type;
  if (length != nullptr) *length = array->length;
  if (data != nullptr) *data = array->data;
  return napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env, napi_value value, char* text, size_t size, size_t* length) {
  const Value* const string = reinterpret_cast<Value*>(value);
  *length = std::strlen(string->text);
  if (text != nullptr) std::snprintf(text, size, "%s", string->text);
  return napi_ok;
}

// Every other function that the addon imports does nothing.
#define CUDNN_GRU_UNUSED(name) \
  int name() { return 0; }
#include "unused_functions.inc"
}

int main(int count, char** arguments) {
  if (count != 2) return 2;
  void* const addon = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (addon == nullptr) {
    std::printf("{\"error\": \"%s\"}\n", dlerror());
    return 1;
  }
  using Register = void* (*)(void*, void*);
  const auto enter = reinterpret_cast<Register>(dlsym(addon, "napi_register_module_v1"));
  if (enter == nullptr) return 1;
  enter(nullptr, nullptr);

  constexpr size_t kLength = size_t{1} << 20;
  std::vector<float> out(kLength, -1.0f);
  std::vector<uint16_t> bits(kLength, 0x3F80);  // 1 as bfloat16
  Value values[] = {{napi_float32_array, out.data(), kLength, nullptr},
                    {napi_uint16_array, bits.data(), kLength, nullptr},
                    {napi_int8_array, nullptr, 0, "bfloat16"}};
  for (Value& value : values) call_arguments.push_back(&value);
  functions["widen"](nullptr, nullptr);
  size_t right = 0;
  for (const float value : out) right += value == 1.0f;

  std::printf("{\"functions\": %zu, \"right\": %zu, \"ofMusl\": %zu, \"stacks\": [", functions.size(), right, DefaultStack());
  for (size_t i = 0; i < stacks.size(); ++i) std::printf("%s%zu", i == 0 ? "" : ", ", stacks[i]);
  std::printf("]}\n");
  return 0;
}
