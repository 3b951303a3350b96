#include "addon/native_matrix.h"

#include "addon/errors.h"
#include "addon/fields.h"
#include "addon/shared_object.h"
#include "addon/wrapped_object.h"
#include "core/tensor_size.h"
#include "cpu/dispatch/dispatch.h"

namespace cudnn_gru {
namespace {

// Marks our objects, as in native_gru.cc.
constexpr napi_type_tag kTypeTag = {0x2b7e19c4d05f8a63ULL,
                                    0xc1d4e83f6a927b05ULL};
constexpr char kClassName[] = "NativeMatrix";

Status CreateMatrix(const Argument& description,
                    std::shared_ptr<const PackedMatrix>* matrix) {
  Fields fields(description);
  MatrixSpec spec;
  fields.Note(ReadDtype(fields["dtype"], &spec.dtype));
  spec.depth = fields.Size("depth");
  spec.columns = fields.Size("columns");
  if (!fields.status().ok()) return fields.status();
  size_t elements = 0;
  if (!MultiplySizes(spec.depth, spec.columns, &elements)) {
    return TensorTooLarge("kernel");
  }
  void* kernel = nullptr;
  void* bias = nullptr;
  fields.Note(ReadTensor(fields["kernel"], spec.dtype, elements, &kernel));
  if (!fields["bias"].IsNothing()) {
    fields.Note(ReadTensor(fields["bias"], spec.dtype, spec.columns, &bias));
  }
  spec.kernel = kernel;
  spec.bias = bias;
  CpuIsa isa;
  fields.Note(SelectedIsa(&isa));
  if (!fields.status().ok()) return fields.status();
  return PackedMatrix::Create(spec, isa, matrix);
}

// new NativeMatrix(description)
napi_value Construct(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr;
  const napi_value self = NewObject(env, info, kClassName, 1, &argument);
  if (self == nullptr) return nullptr;
  std::shared_ptr<const PackedMatrix> matrix;
  const Status status = CreateMatrix({env, argument, "description"}, &matrix);
  if (!status.ok()) return Throw(env, status);
  return WrapShared(env, self, kTypeTag, kClassName, std::move(matrix));
}

napi_value Js_memoryUsage(napi_env env, napi_callback_info info) {
  return ReportNumber(env, info, kTypeTag, kClassName, &PackedMatrix::bytes);
}

napi_value Js_dispose(napi_env env, napi_callback_info info) {
  return Dispose<PackedMatrix>(env, info, kTypeTag, kClassName);
}

}  // namespace

Status ReadNativeMatrix(const Argument& argument,
                        std::shared_ptr<const PackedMatrix>* matrix) {
  return ReadShared(argument, kTypeTag, kClassName, matrix);
}

napi_value DefineNativeMatrix(napi_env env) {
  return DefineSharedClass(env, kClassName, Construct, Js_memoryUsage,
                           Js_dispose);
}

}  // namespace cudnn_gru
