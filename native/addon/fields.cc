#include "addon/fields.h"

#include <cmath>
#include <utility>

#include "core/activation_names.h"

namespace cudnn_gru {
namespace {

Status Wrong(const char* expected, const char* name) {
  return Status(StatusCode::kArgument, std::string("Expected ") + expected +
                                           " for the native argument `" + name +
                                           "` but received another value.");
}

}  // namespace

Argument PropertyOf(const Argument& object, const char* name) {
  napi_value value = nullptr;
  napi_valuetype type = napi_undefined;
  napi_typeof(object.env, object.value, &type);
  if (type != napi_object || napi_get_named_property(object.env, object.value,
                                                     name, &value) != napi_ok) {
    napi_get_undefined(object.env, &value);
  }
  return {object.env, value, name};
}

Status ReadActivation(const Argument& argument, ActivationSpec* activation) {
  std::string name;
  Argument property = PropertyOf(argument, "name");
  property.name = "activation.name";
  Status status = ReadString(property, &name);
  if (!status.ok()) return status;
  std::vector<Argument> elements;
  property = PropertyOf(argument, "parameters");
  property.name = "activation.parameters";
  status = ReadList(property, &elements);
  std::vector<double> parameters(elements.size());
  for (size_t i = 0; i < elements.size() && status.ok(); ++i) {
    status = ReadDouble(elements[i], &parameters[i]);
  }
  if (!status.ok()) return status;
  return FindActivation(name, parameters.data(), parameters.size(), activation);
}

Status ReadRounding(const Argument& argument, StateRounding* rounding) {
  *rounding = StateRounding::kNone;
  return argument.IsNothing() ? Status() : ReadHalfType(argument, rounding);
}

Status ReadList(const Argument& argument, std::vector<Argument>* elements) {
  bool is_array = false;
  uint32_t count = 0;
  if (napi_is_array(argument.env, argument.value, &is_array) != napi_ok ||
      !is_array ||
      napi_get_array_length(argument.env, argument.value, &count) != napi_ok) {
    return Wrong("an array", argument.name);
  }
  elements->clear();
  for (uint32_t i = 0; i < count; ++i) {
    napi_value element = nullptr;
    if (napi_get_element(argument.env, argument.value, i, &element) !=
        napi_ok) {
      return Wrong("an array", argument.name);
    }
    elements->push_back({argument.env, element, argument.name});
  }
  return Status();
}

size_t Fields::Size(const char* name) {
  size_t size = 0;
  if (status_.ok()) status_ = ReadSize((*this)[name], &size);
  return status_.ok() ? size : 0;
}

std::optional<size_t> Fields::OptionalSize(const char* name) {
  if (!status_.ok() || (*this)[name].IsNothing()) return std::nullopt;
  return Size(name);
}

double Fields::Number(const char* name) {
  double number = 0;
  if (status_.ok()) status_ = ReadDouble((*this)[name], &number);
  return status_.ok() ? number : 0;
}

int64_t Fields::Integer(const char* name) {
  int64_t integer = 0;
  if (status_.ok()) status_ = ReadInteger((*this)[name], &integer);
  return status_.ok() ? integer : 0;
}

bool Fields::Bool(const char* name) {
  bool truth = false;
  if (status_.ok()) status_ = ReadBool((*this)[name], &truth);
  return status_.ok() && truth;
}

std::string Fields::String(const char* name) {
  std::string text;
  if (status_.ok()) status_ = ReadString((*this)[name], &text);
  return text;
}

StateRounding Fields::Rounding(const char* name) {
  StateRounding rounding = StateRounding::kNone;
  if (status_.ok()) status_ = ReadRounding((*this)[name], &rounding);
  return rounding;
}

ActivationSpec Fields::Activation(const char* name) {
  ActivationSpec activation;
  const Argument argument = (*this)[name];
  if (status_.ok() && !argument.IsNothing()) {
    status_ = ReadActivation(argument, &activation);
  }
  return activation;
}

std::vector<Argument> Fields::List(const char* name) {
  std::vector<Argument> elements;
  if (status_.ok()) status_ = ReadList((*this)[name], &elements);
  return elements;
}

std::vector<size_t> Fields::Sizes(const char* name) {
  std::vector<size_t> sizes;
  for (const Argument& element : List(name)) {
    size_t size = 0;
    Note(ReadSize(element, &size));
    sizes.push_back(size);
  }
  return sizes;
}

std::vector<int64_t> Fields::Integers(const char* name) {
  std::vector<int64_t> integers;
  for (const Argument& element : List(name)) {
    int64_t integer = 0;
    Note(ReadInteger(element, &integer));
    integers.push_back(integer);
  }
  return integers;
}

std::vector<double> Fields::Numbers(const char* name) {
  std::vector<double> numbers;
  for (const Argument& element : List(name)) {
    double number = 0;
    Note(ReadDouble(element, &number));
    numbers.push_back(number);
  }
  return numbers;
}

void Fields::CheckCount(const char* name, size_t received, size_t expected) {
  if (received == expected) return;
  Note(Status(StatusCode::kArgument, "Expected " + std::to_string(expected) +
                                         " numbers for the native argument `" +
                                         name + "` but received " +
                                         std::to_string(received) + "."));
}

void Fields::RefuseChoice(const char* name, const std::string& received) {
  Note(Status(StatusCode::kArgument,
              std::string("Expected a name that the addon knows for the native "
                          "argument `") +
                  name + "` but received \"" + received + "\"."));
}

}  // namespace cudnn_gru
