#ifndef CUDNN_GRU_CORE_ENVIRONMENT_VARIABLE_H_
#define CUDNN_GRU_CORE_ENVIRONMENT_VARIABLE_H_

#include <string>

namespace cudnn_gru {

// Sets *value to the value of an environment variable as the system has it now,
// in UTF-8. Returns false, and makes *value empty, when the variable is not
// set.
bool ReadEnvironmentVariable(const char* name, std::string* value);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CORE_ENVIRONMENT_VARIABLE_H_
