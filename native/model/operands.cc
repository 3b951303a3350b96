#include "model/operands.h"

#include <algorithm>

#include "core/tensor_size.h"
#include "model/strided.h"

namespace cudnn_gru {
namespace {

std::string NamesOf(ElementTypes types) {
  std::string names;
  for (int i = 0; i < kElementTypes; ++i) {
    const ElementType type = static_cast<ElementType>(i);
    if ((types & Only(type)) == 0) continue;
    names += names.empty() ? "" : " or ";
    names += ElementName(type);
  }
  return names;
}

void AddOnce(std::vector<TensorId>* list, TensorId id) {
  if (std::find(list->begin(), list->end(), id) == list->end()) {
    list->push_back(id);
  }
}

bool Has(const std::vector<TensorId>& list, TensorId id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

}  // namespace

Operands::Operands(const char* name, size_t repeat,
                   std::vector<TensorState>* tensors)
    : tensors_(tensors) {
  facts_.name = name;
  facts_.repeat = repeat;
  Require(repeat >= 1, "repeat", "at least 1 item a row");
}

void Operands::Fail(StatusCode code, const char* field,
                    const std::string& expected, const std::string& received) {
  if (!status_.ok()) return;
  status_ = Status(
      code, "Expected " + expected + " for `" + field +
                "` of the native instruction `" + facts_.name + "`" +
                (received.empty() ? "" : " but received " + received) + ".");
}

void Operands::Require(bool condition, const char* field,
                       const std::string& expected) {
  if (!condition) Fail(StatusCode::kShape, field, expected, "");
}

size_t Operands::Product(const char* field, const std::vector<size_t>& sizes) {
  size_t product = 1;
  // A zero anywhere makes the whole product 0.
  if (Has(sizes, 0)) return 0;
  for (const size_t size : sizes) {
    if (!MultiplySizes(product, size, &product)) {
      Fail(StatusCode::kShape, field, "a smaller shape", "");
      return 0;
    }
  }
  return product;
}

Operand Operands::Find(const char* field, TensorId id, ElementTypes types,
                       bool constant) {
  Operand operand;
  if (!ok()) return operand;
  if (id >= tensors_->size()) {
    Fail(StatusCode::kArgument, field, "the number of a tensor",
         std::to_string(id));
    return operand;
  }
  const TensorState& tensor = (*tensors_)[id];
  operand.tensor = id;
  operand.type = tensor.spec.type;
  operand.size = tensor.spec.size;
  if ((types & Only(operand.type)) == 0) {
    Fail(StatusCode::kDtype, field, NamesOf(types), ElementName(operand.type));
  }
  if (constant && !tensor.constant) {
    Fail(StatusCode::kArgument, field, "a constant", "another tensor");
  }
  if (tensor.constant || !ok()) return operand;
  if (operand.size % facts_.repeat != 0) {
    Fail(StatusCode::kShape, field,
         "a size that " + std::to_string(facts_.repeat) + " items divide",
         std::to_string(operand.size));
  }
  operand.size /= facts_.repeat;
  operand.stride = operand.size;
  return operand;
}

void Operands::CheckSize(const char* field, const Operand& operand,
                         size_t size) {
  if (ok() && operand.size != size) {
    Fail(StatusCode::kShape, field,
         "a tensor of " + std::to_string(size) + " elements an item",
         std::to_string(operand.size));
  }
}

Operand Operands::ReadAny(const char* field, TensorId id, ElementTypes types) {
  const Operand operand = Find(field, id, types, false);
  if (!ok()) return operand;
  const TensorState& tensor = (*tensors_)[id];
  if (!tensor.constant && !tensor.input && !tensor.written) {
    Fail(StatusCode::kArgument, field, "a tensor that has values",
         "one that nothing has written");
  }
  if (Has(facts_.writes, id)) {
    Fail(StatusCode::kArgument, field,
         "a tensor that the instruction does not write", "its result");
  }
  AddOnce(&facts_.reads, id);
  return operand;
}

Operand Operands::Read(const char* field, TensorId id, ElementTypes types,
                       size_t size) {
  const Operand operand = ReadAny(field, id, types);
  CheckSize(field, operand, size);
  return operand;
}

Operand Operands::ReadRows(const char* field, TensorId id, ElementTypes types,
                           size_t size) {
  const Operand operand = Read(field, id, types, size);
  if (ok() && (*tensors_)[id].constant) {
    Fail(StatusCode::kArgument, field, "a tensor with rows", "a constant");
  }
  return operand;
}

Operand Operands::ConstantAny(const char* field, TensorId id,
                              ElementTypes types) {
  const Operand operand = Find(field, id, types, true);
  if (ok()) AddOnce(&facts_.reads, id);
  return operand;
}

Operand Operands::Constant(const char* field, TensorId id, ElementTypes types,
                           size_t size) {
  const Operand operand = ConstantAny(field, id, types);
  CheckSize(field, operand, size);
  return operand;
}

void Operands::RequireWithin(const char* field,
                             const std::vector<size_t>& shape,
                             const std::vector<int64_t>& strides,
                             int64_t offset, size_t size) {
  Require(shape.size() == strides.size(), field,
          "one stride for each dimension");
  if (!ok()) return;
  Require(IsWithin(shape, strides, offset, size), field,
          "strides that stay within an item of " + std::to_string(size) +
              " elements");
}

Operand Operands::WriteAny(const char* field, TensorId id, ElementTypes types) {
  const Operand operand = Find(field, id, types, false);
  if (!ok()) return operand;
  TensorState& tensor = (*tensors_)[id];
  if (tensor.constant || tensor.input) {
    Fail(StatusCode::kArgument, field, "a tensor that can be written",
         tensor.constant ? "a constant" : "an input");
  }
  if (Has(facts_.reads, id) || Has(facts_.writes, id)) {
    Fail(StatusCode::kArgument, field, "a tensor of its own",
         "another operand of the instruction");
  }
  if (!ok()) return operand;
  tensor.written = true;
  facts_.writes.push_back(id);
  return operand;
}

Operand Operands::Write(const char* field, TensorId id, ElementTypes types,
                        size_t size) {
  const Operand operand = WriteAny(field, id, types);
  CheckSize(field, operand, size);
  return operand;
}

void Operands::MayReplace(const Operand& operand) {
  if (ok() && !(*tensors_)[operand.tensor].constant) {
    AddOnce(&facts_.replaceable, operand.tensor);
  }
}

void Operands::MayReplaceWalked(const std::vector<size_t>& shape,
                                const Operand& result,
                                std::initializer_list<Walked> walked) {
  if (!ok()) return;
  const std::vector<int64_t> contiguous = ContiguousStrides(shape);
  const auto fits = [&](const Walked& one) {
    const Walk both = Simplify({shape, {one.strides, contiguous}});
    return ElementSize(one.operand.type) == ElementSize(result.type) &&
           one.operand.size == result.size &&
           both.strides[0] == both.strides[1];
  };
  for (const Walked& one : walked) {
    // A tensor may be several operands, and all of them must fit.
    const bool all =
        std::all_of(walked.begin(), walked.end(), [&](const Walked& other) {
          return other.operand.tensor != one.operand.tensor || fits(other);
        });
    if (all) MayReplace(one.operand);
  }
}

void Operands::Round(StateRounding rounding) { facts_.rounding = rounding; }

}  // namespace cudnn_gru
