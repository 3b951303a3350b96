#ifndef CUDNN_GRU_CUDNN_PYTHON_ENVIRONMENTS_H_
#define CUDNN_GRU_CUDNN_PYTHON_ENVIRONMENTS_H_

#include <string>
#include <vector>

#include "cudnn/search_paths.h"

namespace cudnn_gru {

// A folder into which pip or conda may have installed cuDNN.
struct PythonEnvironment {
  std::string prefix;  // its packages are in <prefix>/lib/python3*/
  std::string why;     // what led to it, such as "python3 in PATH"
  // Whether <prefix>/lib holds libraries of packages, as conda's does.
  bool has_libraries = false;
};

// The Python environments of this machine, those in use first: VIRTUAL_ENV,
// CONDA_PREFIX, that of `python3` in PATH, of `python`, the user's own folder
// and /usr/local. No Python is started. As Python does, a program with a
// pyvenv.cfg belongs to that virtual environment, whatever it links to (and
// also to the installation below when the file says so); any other one belongs
// to where it lies or to where its link leads.
std::vector<PythonEnvironment> PythonEnvironments(
    const Environment& environment);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_PYTHON_ENVIRONMENTS_H_
