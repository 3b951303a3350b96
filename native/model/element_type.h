#ifndef CUDNN_GRU_MODEL_ELEMENT_TYPE_H_
#define CUDNN_GRU_MODEL_ELEMENT_TYPE_H_

#include <cstddef>
#include <cstdint>

namespace cudnn_gru {

// The types of the elements of a program's tensors. A bool is a uint8_t that
// holds 0 or 1.
enum class ElementType { kFloat32, kFloat64, kInt32, kBool };

constexpr int kElementTypes = 4;

// Bytes of one element.
constexpr size_t ElementSize(ElementType type) {
  constexpr size_t kSizes[kElementTypes] = {4, 8, 4, 1};
  return kSizes[static_cast<int>(type)];
}

// Returns "float32", "float64", "int32" or "bool".
constexpr const char* ElementName(ElementType type) {
  constexpr const char* kNames[kElementTypes] = {"float32", "float64", "int32",
                                                 "bool"};
  return kNames[static_cast<int>(type)];
}

// A set of element types.
using ElementTypes = unsigned;
constexpr ElementTypes Only(ElementType type) {
  return 1u << static_cast<int>(type);
}
constexpr ElementTypes kFloats =
    Only(ElementType::kFloat32) | Only(ElementType::kFloat64);
constexpr ElementTypes kNumbers = kFloats | Only(ElementType::kInt32);
constexpr ElementTypes kAllTypes = kNumbers | Only(ElementType::kBool);

// The ElementType of a C++ type.
template <typename T>
struct ElementTypeOf;
template <>
struct ElementTypeOf<float> {
  static constexpr ElementType value = ElementType::kFloat32;
};
template <>
struct ElementTypeOf<double> {
  static constexpr ElementType value = ElementType::kFloat64;
};
template <>
struct ElementTypeOf<int32_t> {
  static constexpr ElementType value = ElementType::kInt32;
};
template <>
struct ElementTypeOf<uint8_t> {
  static constexpr ElementType value = ElementType::kBool;
};

// Calls function(T()) with the C++ type of `type`, and returns its result.
template <class Function>
auto WithElement(ElementType type, const Function& function) {
  switch (type) {
    case ElementType::kFloat32:
      return function(float());
    case ElementType::kFloat64:
      return function(double());
    case ElementType::kInt32:
      return function(int32_t());
    case ElementType::kBool:
      break;
  }
  return function(uint8_t());
}

// The same for float32, float64 and int32.
template <class Function>
auto WithNumber(ElementType type, const Function& function) {
  if (type == ElementType::kFloat32) return function(float());
  if (type == ElementType::kFloat64) return function(double());
  return function(int32_t());
}

// The same for float32 and float64.
template <class Function>
auto WithFloat(ElementType type, const Function& function) {
  if (type == ElementType::kFloat32) return function(float());
  return function(double());
}

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_ELEMENT_TYPE_H_
