#ifndef CUDNN_GRU_ADDON_FIELDS_H_
#define CUDNN_GRU_ADDON_FIELDS_H_

#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "addon/arguments.h"
#include "core/activation.h"
#include "core/gru_description.h"
#include "core/status.h"

namespace cudnn_gru {

// Returns a property of an object as an argument of that name. It is undefined
// where the value is no object or has no such property.
Argument PropertyOf(const Argument& object, const char* name);

// Reads a NativeActivation (lib/native/binding.ts).
Status ReadActivation(const Argument& argument, ActivationSpec* activation);

// Reads null or undefined as no rounding, or "float16" or "bfloat16".
Status ReadRounding(const Argument& argument, StateRounding* rounding);

// Reads an array of any values. Each element has the array's name.
Status ReadList(const Argument& argument, std::vector<Argument>* elements);

// Reads the properties of one object, one after the other. After the first
// failure every reader returns an empty value, so that the caller asks for
// `status` once, at the end.
class Fields {
 public:
  explicit Fields(const Argument& object) : object_(object) {}

  const Status& status() const { return status_; }
  // Notes the outcome of a reader that is not one of these.
  void Note(const Status& status) {
    if (status_.ok()) status_ = status;
  }

  Argument operator[](const char* name) const {
    return PropertyOf(object_, name);
  }
  // A whole number from 0 to 2^53 - 1.
  size_t Size(const char* name);
  // The same, or nothing for null and undefined.
  std::optional<size_t> OptionalSize(const char* name);
  // A whole number from -2^53 to 2^53.
  int64_t Integer(const char* name);
  double Number(const char* name);
  bool Bool(const char* name);
  std::string String(const char* name);
  StateRounding Rounding(const char* name);
  // An activation; null is linear.
  ActivationSpec Activation(const char* name);
  std::vector<Argument> List(const char* name);
  std::vector<size_t> Sizes(const char* name);
  std::vector<int64_t> Integers(const char* name);
  std::vector<double> Numbers(const char* name);
  // A list of exactly kCount sizes.
  template <size_t kCount>
  std::array<size_t, kCount> SizeArray(const char* name) {
    std::array<size_t, kCount> array = {};
    const std::vector<size_t> sizes = Sizes(name);
    CheckCount(name, sizes.size(), kCount);
    for (size_t i = 0; i < kCount && i < sizes.size(); ++i) array[i] = sizes[i];
    return array;
  }
  // Reads one of the names in `choices`, and returns its value.
  template <typename Value, size_t kCount>
  Value Choice(const char* name,
               const std::pair<const char*, Value> (&choices)[kCount]) {
    const std::string given = String(name);
    for (const auto& [known, value] : choices) {
      if (given == known) return value;
    }
    RefuseChoice(name, given);
    return choices[0].second;
  }

 private:
  void CheckCount(const char* name, size_t received, size_t expected);
  void RefuseChoice(const char* name, const std::string& received);

  const Argument object_;
  Status status_;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_FIELDS_H_
