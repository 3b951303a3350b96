#include "addon/native_matrix.h"

#include <array>

#include "addon/errors.h"
#include "addon/fields.h"
#include "addon/shared_object.h"
#include "addon/wrapped_object.h"
#include "core/tensor_size.h"
#include "cpu/dispatch/dispatch.h"

namespace cudnn_gru {
namespace {

using MatrixObject = SharedObject<PackedMatrix>;

// Marks our objects, as in native_gru.cc.
constexpr napi_type_tag kTypeTag = {0x2b7e19c4d05f8a63ULL,
                                    0xc1d4e83f6a927b05ULL};
constexpr char kClassName[] = "NativeMatrix";

Status CreateMatrix(const Argument& description,
                    std::shared_ptr<const PackedMatrix>* matrix) {
  Fields fields(description);
  Dtype dtype = Dtype::kFloat32;
  fields.Note(ReadDtype(fields["dtype"], &dtype));
  const size_t depth = fields.Size("depth");
  const size_t columns = fields.Size("columns");
  if (!fields.status().ok()) return fields.status();
  size_t elements = 0;
  if (!MultiplySizes(depth, columns, &elements)) {
    return TensorTooLarge("kernel");
  }
  void* kernel = nullptr;
  void* bias = nullptr;
  fields.Note(ReadTensor(fields["kernel"], dtype, elements, &kernel));
  if (!fields["bias"].IsNothing()) {
    fields.Note(ReadTensor(fields["bias"], dtype, columns, &bias));
  }
  CpuIsa isa;
  fields.Note(SelectedIsa(&isa));
  if (!fields.status().ok()) return fields.status();
  return PackedMatrix::Create(dtype, depth, columns, kernel, bias, isa, matrix);
}

// new NativeMatrix(description)
napi_value Construct(napi_env env, napi_callback_info info) {
  const Construction construction = ReadConstruction(env, info, kClassName);
  if (construction.self == nullptr) return nullptr;
  std::shared_ptr<const PackedMatrix> matrix;
  const Status status =
      CreateMatrix({env, construction.argument, "description"}, &matrix);
  if (!status.ok()) return Throw(env, status);
  return WrapShared(env, construction.self, kTypeTag, kClassName,
                    std::move(matrix));
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  const void* const object =
      UnwrapObject(env, ThisOf(env, info), kTypeTag, kClassName);
  if (object == nullptr) return nullptr;
  napi_value bytes = nullptr;
  napi_create_double(
      env,
      static_cast<double>(
          static_cast<const MatrixObject*>(object)->value->bytes()),
      &bytes);
  return bytes;
}

}  // namespace

Status ReadNativeMatrix(const Argument& argument,
                        std::shared_ptr<const PackedMatrix>* matrix) {
  void* object = nullptr;
  const Status status = ReadWrapped(argument, kTypeTag, kClassName, &object);
  if (status.ok()) *matrix = static_cast<const MatrixObject*>(object)->value;
  return status;
}

napi_value DefineNativeMatrix(napi_env env) {
  const std::array<napi_property_descriptor, 1> methods = {
      Method("memoryUsage", Js_memoryUsage)};
  napi_value constructor = nullptr;
  napi_define_class(env, kClassName, NAPI_AUTO_LENGTH, Construct, nullptr,
                    methods.size(), methods.data(), &constructor);
  return constructor;
}

}  // namespace cudnn_gru
