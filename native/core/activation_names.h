#ifndef CUDNN_GRU_CORE_ACTIVATION_NAMES_H_
#define CUDNN_GRU_CORE_ACTIVATION_NAMES_H_

#include <cstddef>
#include <string>

#include "core/activation.h"
#include "core/status.h"

namespace cudnn_gru {

// Looks up Keras's canonical name. Parameters that are not given have Keras's
// defaults; more than the function has are kArgument.
Status FindActivation(const std::string& name, const double* parameters,
                      size_t count, ActivationSpec* spec);

// Keras's name of `kind`.
const char* ActivationName(Activation kind);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_ACTIVATION_NAMES_H_
