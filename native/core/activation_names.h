#ifndef CUDNN_GRU_CORE_ACTIVATION_NAMES_H_
#define CUDNN_GRU_CORE_ACTIVATION_NAMES_H_

#include <cstddef>
#include <string>

#include "core/activation.h"
#include "core/status.h"

namespace cudnn_gru {

// Finds an activation by Keras's canonical name. Parameters that are not given
// have Keras's defaults. Returns kArgument for an unknown name, and for more
// parameters than the function has.
Status FindActivation(const std::string& name, const double* parameters,
                      size_t count, ActivationSpec* spec);

// Returns Keras's name of `kind`.
const char* ActivationName(Activation kind);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_ACTIVATION_NAMES_H_
