// A program of musl that opens the addon as Node.js does, with a Node-API of its own that knows just enough for one call. It
// calls `widen` with arrays that are large enough for a team of threads, looks at the stack of every thread that the addon
// starts, and prints what it saw as one line of JSON. The argument is the addon.
//
// Threads are where a loaded addon and a program that is linked statically differ: musl gives the threads of this program
// 128 KB of stack.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node_api.h"

// A JavaScript value: an array, or a text.
struct Value {
  napi_typedarray_type type;
  void* data;
  size_t length;
  const char* text;
};

enum { kLength = 1 << 20, kArguments = 3, kMostThreads = 16 };

static struct Value arguments_of_call[kArguments];
static void* instance_data;
static napi_callback widen;
static int functions;
static size_t stacks[kMostThreads];
static int threads;

static size_t DefaultStack(void) {
  pthread_attr_t attributes;
  size_t bytes = 0;
  pthread_attr_init(&attributes);
  pthread_attr_getstacksize(&attributes, &bytes);
  return bytes;
}

// The addon's threads come through here, because the program's symbols are found before those of the C library.
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  int (*create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) = dlsym(RTLD_NEXT, "pthread_create");
  size_t bytes = DefaultStack();
  if (attributes != NULL) pthread_attr_getstacksize(attributes, &bytes);
  if (threads < kMostThreads) stacks[threads++] = bytes;
  return create(thread, attributes, body, argument);
}

napi_status napi_set_instance_data(node_api_basic_env env, void* data, napi_finalize finalize, void* hint) {
  instance_data = data;
  return napi_ok;
}

napi_status napi_get_instance_data(node_api_basic_env env, void** data) {
  *data = instance_data;
  return napi_ok;
}

napi_status napi_create_function(napi_env env, const char* name, size_t length, napi_callback callback, void* data,
                                 napi_value* result) {
  ++functions;
  if (strcmp(name, "widen") == 0) widen = callback;
  return napi_ok;
}

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t* count, napi_value* values, napi_value* self,
                             void** data) {
  for (size_t i = 0; i < *count && i < kArguments; ++i) values[i] = (napi_value)&arguments_of_call[i];
  return napi_ok;
}

napi_status napi_is_typedarray(napi_env env, napi_value value, bool* result) {
  *result = ((struct Value*)value)->data != NULL;
  return napi_ok;
}

napi_status napi_get_typedarray_info(napi_env env, napi_value value, napi_typedarray_type* type, size_t* length,
                                     void** data, napi_value* buffer, size_t* offset) {
  const struct Value* array = (struct Value*)value;
  if (type != NULL) *type = array->type;
  if (length != NULL) *length = array->length;
  if (data != NULL) *data = array->data;
  return napi_ok;
}

napi_status napi_get_value_string_utf8(napi_env env, napi_value value, char* text, size_t size, size_t* length) {
  const struct Value* string = (struct Value*)value;
  *length = strlen(string->text);
  if (text != NULL) snprintf(text, size, "%s", string->text);
  return napi_ok;
}

int main(int count, char** names) {
  if (count != 2) return 2;
  void* addon = dlopen(names[1], RTLD_NOW | RTLD_LOCAL);
  void* (*enter)(void*, void*) = addon == NULL ? NULL : dlsym(addon, "napi_register_module_v1");
  if (enter == NULL) {
    printf("{\"error\": \"%s\"}\n", dlerror());
    return 1;
  }
  enter(NULL, NULL);
  float* out = calloc(kLength, sizeof *out);
  uint16_t* bits = calloc(kLength, sizeof *bits);
  for (size_t i = 0; i < kLength; ++i) bits[i] = 0x3F80;  // 1 as bfloat16
  arguments_of_call[0] = (struct Value){napi_float32_array, out, kLength, NULL};
  arguments_of_call[1] = (struct Value){napi_uint16_array, bits, kLength, NULL};
  arguments_of_call[2] = (struct Value){napi_int8_array, NULL, 0, "bfloat16"};
  if (widen != NULL) widen(NULL, NULL);
  size_t right = 0;
  for (size_t i = 0; i < kLength; ++i) right += out[i] == 1.0f;

  printf("{\"functions\": %d, \"right\": %zu, \"ofMusl\": %zu, \"stacks\": [", functions, right, DefaultStack());
  for (int i = 0; i < threads; ++i) printf("%s%zu", i == 0 ? "" : ", ", stacks[i]);
  printf("]}\n");
  return 0;
}
