#include "core/activation_names.h"

#include <cmath>

namespace cudnn_gru {
namespace {

struct Entry {
  const char* name;
  size_t count;
  double defaults[kMaxActivationParameters];
};

// In the order of the enumeration. The defaults are those of
// keras/src/activations.
constexpr Entry kEntries[] = {
    {"relu", 3, {0.0, INFINITY, 0.0}},
    {"leaky_relu", 1, {0.2}},
    {"relu6", 0, {}},
    {"celu", 1, {1.0}},
    {"elu", 1, {1.0}},
    {"selu", 0, {}},
    {"softplus", 0, {}},
    {"softsign", 0, {}},
    {"squareplus", 1, {4.0}},
    {"soft_shrink", 1, {0.5}},
    {"sparse_plus", 0, {}},
    {"silu", 0, {}},
    {"gelu", 0, {}},
    {"tanh", 0, {}},
    {"tanh_shrink", 0, {}},
    {"sigmoid", 0, {}},
    {"sparse_sigmoid", 0, {}},
    {"exponential", 0, {}},
    {"hard_sigmoid", 0, {}},
    {"hard_silu", 0, {}},
    {"hard_tanh", 0, {}},
    {"hard_shrink", 1, {0.5}},
    {"linear", 0, {}},
    {"mish", 0, {}},
    {"log_sigmoid", 0, {}},
    {"threshold", 2, {0.0, 0.0}},
    {"keras2_hard_sigmoid", 0, {}},
    {"softmax", 0, {}},
    {"log_softmax", 0, {}},
    {"sparsemax", 0, {}},
    {"custom", 0, {}},
};
static_assert(sizeof(kEntries) / sizeof(kEntries[0]) == kActivationCount,
              "one entry per Activation");

}  // namespace

Status FindActivation(const std::string& name, const double* parameters,
                      size_t count, ActivationSpec* spec) {
  for (int i = 0; i < kActivationCount; ++i) {
    const Entry& entry = kEntries[i];
    if (name != entry.name) continue;
    if (count > entry.count) {
      return Status(StatusCode::kArgument,
                    "Expected at most " + std::to_string(entry.count) +
                        " parameter(s) for activation \"" + name +
                        "\" but received " + std::to_string(count) + ".");
    }
    spec->kind = static_cast<Activation>(i);
    for (size_t p = 0; p < kMaxActivationParameters; ++p) {
      spec->parameters[p] = p < count ? parameters[p] : entry.defaults[p];
    }
    return Status();
  }
  return Status(StatusCode::kArgument,
                "Expected a Keras activation but received \"" + name + "\".");
}

const char* ActivationName(Activation kind) {
  return kEntries[static_cast<int>(kind)].name;
}

}  // namespace cudnn_gru
