#ifndef CUDNN_GRU_CUDNN_PYTHON_ENVIRONMENTS_H_
#define CUDNN_GRU_CUDNN_PYTHON_ENVIRONMENTS_H_

#include <string>
#include <vector>

#include "cudnn/search_paths.h"

namespace cudnn_gru {

// A folder into which pip or conda may have installed cuDNN.
struct PythonEnvironment {
  std::string prefix;  // its packages are in <prefix>/lib/python3*/
  std::string why;     // why it is searched, such as "python3 in PATH"
  // Whether <prefix>/lib holds libraries of packages, as it does in conda.
  bool has_libraries = false;
};

// Returns the Python environments of this machine, those in use first:
// VIRTUAL_ENV, CONDA_PREFIX, the environments of `python3` and of `python` in
// PATH, the user's own folder, and /usr/local. Starts no Python. As in Python
// itself, a program with a pyvenv.cfg belongs to that virtual environment,
// whatever the program links to, and also to the installation that the
// environment was made with when the file includes the system's packages. Any
// other program belongs to the prefix it lies in and to the prefix its link
// leads to.
std::vector<PythonEnvironment> PythonEnvironments(
    const Environment& environment);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_CUDNN_PYTHON_ENVIRONMENTS_H_
