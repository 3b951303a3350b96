#include "core/activation_names.h"

namespace cudnn_gru {
namespace {

struct Entry {
  const char* name;
  bool has_parameter;
  double default_parameter;
};

// In the order of the enumeration; defaults as in keras/src/activations.
constexpr Entry kEntries[] = {
    {"relu", false, 0.0},
    {"leaky_relu", true, 0.2},
    {"relu6", false, 0.0},
    {"celu", true, 1.0},
    {"elu", true, 1.0},
    {"selu", false, 0.0},
    {"softplus", false, 0.0},
    {"softsign", false, 0.0},
    {"squareplus", true, 4.0},
    {"soft_shrink", true, 0.5},
    {"sparse_plus", false, 0.0},
    {"silu", false, 0.0},
    {"gelu", false, 0.0},
    {"tanh", false, 0.0},
    {"tanh_shrink", false, 0.0},
    {"sigmoid", false, 0.0},
    {"sparse_sigmoid", false, 0.0},
    {"exponential", false, 0.0},
    {"hard_sigmoid", false, 0.0},
    {"hard_silu", false, 0.0},
    {"hard_tanh", false, 0.0},
    {"hard_shrink", true, 0.5},
    {"linear", false, 0.0},
    {"mish", false, 0.0},
    {"log_sigmoid", false, 0.0},
};
static_assert(sizeof(kEntries) / sizeof(kEntries[0]) == kActivationCount,
              "one entry per Activation");

}  // namespace

Status FindActivation(const std::string& name, const double* parameters,
                      size_t count, ActivationSpec* spec) {
  for (int i = 0; i < kActivationCount; ++i) {
    const Entry& entry = kEntries[i];
    if (name != entry.name) continue;
    if (count > (entry.has_parameter ? 1u : 0u)) {
      return Status(StatusCode::kArgument,
                    "Expected at most " +
                        std::to_string(entry.has_parameter ? 1 : 0) +
                        " parameter(s) for activation \"" + name +
                        "\" but received " + std::to_string(count));
    }
    spec->kind = static_cast<Activation>(i);
    spec->parameter = count == 1 ? parameters[0] : entry.default_parameter;
    return Status();
  }
  return Status(
      StatusCode::kArgument,
      "Expected an elementwise Keras activation but received \"" + name + "\"");
}

const char* ActivationName(Activation kind) {
  return kEntries[static_cast<int>(kind)].name;
}

}  // namespace cudnn_gru
