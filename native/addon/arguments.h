#ifndef CUDNN_GRU_ADDON_ARGUMENTS_H_
#define CUDNN_GRU_ADDON_ARGUMENTS_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "addon/contract.h"
#include "core/gru_call.h"
#include "core/status.h"

namespace cudnn_gru {

// A JavaScript value, and its name for messages.
struct Argument {
  napi_env env;
  napi_value value;
  const char* name;

  // Whether the value is null or undefined.
  bool IsNothing() const;
};

// The arguments of one call from JavaScript, by their positions in a signature.
// Arguments that the caller left out are undefined.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, const Signature& signature);

  napi_env env() const { return env_; }
  // The object that the method was called on.
  napi_value self() const { return self_; }
  Argument operator[](size_t position) const {
    const size_t at = first_ + position;
    return {env_, values_[at], signature_.arguments[at]};
  }
  // Returns the first argument. From then on the argument behind it has the
  // position 0.
  Argument TakeFirst();

 private:
  const napi_env env_;
  const Signature& signature_;
  napi_value self_ = nullptr;
  napi_value values_[kMostArguments];
  size_t first_ = 0;
};

// The readers below check what memory safety needs. TypeScript has already
// checked that the values make sense, so these messages are for the developers
// of this package.

// Reads a typed array of `type` with at least `length` elements.
Status ReadArray(const Argument& argument, napi_typedarray_type type,
                 size_t length, void** data);

// Reads a Float32Array or Float64Array, whichever `dtype` is.
Status ReadTensor(const Argument& argument, Dtype dtype, size_t length,
                  void** data);

// Like ReadTensor. Where the description names a 16-bit type, the array may
// also be a Uint16Array that holds bits of that type; `bits` then becomes true.
Status ReadTensorOrBits(const Argument& argument,
                        const GruDescription& description, size_t length,
                        void** data, bool* bits);

// Like the two above, for an array that will be written from its start to its
// end. It may be new, with pages that the system still has to provide.
Status ReadResult(const Argument& argument, Dtype dtype, size_t length,
                  void** data);
Status ReadResultOrBits(const Argument& argument,
                        const GruDescription& description, size_t length,
                        void** data, bool* bits);

// Reads a Float32Array or Float64Array of any length.
Status ReadFloatArray(const Argument& argument, Dtype* dtype, void** data,
                      size_t* length);

// Reads a whole number from 0 to 2^53 - 1.
Status ReadSize(const Argument& argument, size_t* size);
// Reads a whole number from -(2^53 - 1) to 2^53 - 1.
Status ReadInteger(const Argument& argument, int64_t* integer);
Status ReadDouble(const Argument& argument, double* number);
Status ReadString(const Argument& argument, std::string* text);
Status ReadBool(const Argument& argument, bool* truth);
// Reads "float32" or "float64".
Status ReadDtype(const Argument& argument, Dtype* dtype);
// Reads "float16" or "bfloat16".
Status ReadHalfType(const Argument& argument, StateRounding* type);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_ARGUMENTS_H_
