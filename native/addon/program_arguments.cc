#include "addon/program_arguments.h"

#include <string>
#include <utility>

#include "addon/contract.h"
#include "addon/fields.h"
#include "addon/instruction_arguments.h"
#include "addon/native_constant.h"
#include "core/tensor_size.h"

namespace cudnn_gru {
namespace {

constexpr const Signature& kSignature = SignatureOf("programRun");
constexpr size_t kRows = kSignature.PositionOf("rows");
constexpr size_t kInputs = kSignature.PositionOf("inputs");
constexpr size_t kOutputs = kSignature.PositionOf("outputs");

constexpr std::pair<const char*, ElementType> kTypes[] = {
    {"float32", ElementType::kFloat32},
    {"float64", ElementType::kFloat64},
    {"int32", ElementType::kInt32},
    {"bool", ElementType::kBool}};

Status ReadTensorSpec(const Argument& argument, TensorSpec* tensor) {
  Fields fields(argument);
  tensor->type = fields.Choice("type", kTypes);
  tensor->size = fields.Size("size");
  return fields.status();
}

Status ReadConstantSpec(const Argument& argument, ConstantSpec* constant) {
  Fields fields(argument);
  constant->tensor = fields.Size("tensor");
  if (!fields.status().ok()) return fields.status();
  return ReadConstant(fields["data"], &constant->data);
}

// Reads a port. Its dtype must be the tensor's type, or a 16-bit type.
Status ReadPort(const Argument& argument,
                const std::vector<TensorSpec>& tensors, PortSpec* port) {
  Fields fields(argument);
  port->tensor = fields.Size("tensor");
  const std::string dtype = fields.String("dtype");
  if (!fields.status().ok()) return fields.status();
  if (dtype == "float16" || dtype == "bfloat16") {
    return ReadHalfType(fields["dtype"], &port->bits);
  }
  // Program::Create refuses numbers beyond the tensors.
  if (port->tensor >= tensors.size() ||
      dtype == ElementName(tensors[port->tensor].type)) {
    return Status();
  }
  return Status(StatusCode::kDtype,
                std::string("Expected \"") +
                    ElementName(tensors[port->tensor].type) +
                    "\" or a 16-bit type for the native argument `dtype` but "
                    "received \"" +
                    dtype + "\".");
}

napi_typedarray_type ArrayTypeOf(const ProgramPort& port) {
  if (port.spec.bits != StateRounding::kNone) return napi_uint16_array;
  switch (port.type) {
    case ElementType::kFloat32:
      return napi_float32_array;
    case ElementType::kFloat64:
      return napi_float64_array;
    case ElementType::kInt32:
      return napi_int32_array;
    case ElementType::kBool:
      break;
  }
  return napi_uint8_array;
}

// Reads the arrays of the inputs or of the outputs.
Status ReadArrays(const Argument& list, const std::vector<ProgramPort>& ports,
                  size_t rows, std::vector<Argument>* kept,
                  std::vector<void*>* data) {
  std::vector<Argument> elements;
  Status status = ReadList(list, &elements);
  if (!status.ok()) return status;
  if (elements.size() != ports.size()) {
    return Status(StatusCode::kArgument,
                  "Expected " + std::to_string(ports.size()) +
                      " arrays for the native argument `" + list.name +
                      "` but received " + std::to_string(elements.size()) +
                      ".");
  }
  data->resize(ports.size());
  for (size_t i = 0; i < ports.size(); ++i) {
    size_t elements_needed = 0;
    if (!MultiplySizes(rows, ports[i].size, &elements_needed)) {
      return TensorTooLarge(list.name);
    }
    status = ReadArray(elements[i], ArrayTypeOf(ports[i]), elements_needed,
                       &(*data)[i]);
    if (!status.ok()) return status;
    kept->push_back(elements[i]);
  }
  return Status();
}

}  // namespace

Status ReadProgram(const Argument& argument, ProgramSpec* spec) {
  Fields fields(argument);
  spec->divisible = fields.Bool("divisible");
  for (const Argument& element : fields.List("tensors")) {
    TensorSpec tensor;
    fields.Note(ReadTensorSpec(element, &tensor));
    spec->tensors.push_back(tensor);
  }
  for (const Argument& element : fields.List("constants")) {
    ConstantSpec constant;
    fields.Note(ReadConstantSpec(element, &constant));
    spec->constants.push_back(std::move(constant));
  }
  for (const Argument& element : fields.List("inputs")) {
    PortSpec port;
    fields.Note(ReadPort(element, spec->tensors, &port));
    spec->inputs.push_back(port);
  }
  for (const Argument& element : fields.List("outputs")) {
    PortSpec port;
    fields.Note(ReadPort(element, spec->tensors, &port));
    spec->outputs.push_back(port);
  }
  for (const Argument& element : fields.List("instructions")) {
    InstructionSpec instruction;
    const Status status = ReadInstruction(element, &instruction);
    if (!status.ok()) {
      fields.Note(Status(status.code(),
                         status.message() + " It is in the instruction " +
                             std::to_string(spec->instructions.size()) + "."));
    }
    spec->instructions.push_back(std::move(instruction));
  }
  return fields.status();
}

Status ReadProgramCall(const Arguments& arguments, const Program& program,
                       ProgramArrays* arrays) {
  std::vector<Argument> kept;
  Status status = ReadSize(arguments[kRows], &arrays->rows);
  if (status.ok()) {
    status = ReadArrays(arguments[kInputs], program.inputs(), arrays->rows,
                        &kept, &arrays->inputs);
  }
  if (status.ok()) {
    status = ReadArrays(arguments[kOutputs], program.outputs(), arrays->rows,
                        &kept, &arrays->outputs);
  }
  if (!status.ok()) return status;
  // The caller's lists may change while a call runs.
  napi_create_array_with_length(arguments.env(), kept.size(), &arrays->arrays);
  for (uint32_t i = 0; i < kept.size(); ++i) {
    napi_set_element(arguments.env(), arrays->arrays, i, kept[i].value);
  }
  return Status();
}

}  // namespace cudnn_gru
