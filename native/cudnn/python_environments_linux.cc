#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "cudnn/python_environments.h"

namespace cudnn_gru {
namespace {

bool IsAbsolute(const std::string& path) {
  return !path.empty() && path[0] == '/';
}

std::string Parent(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(
      realpath(path.c_str(), nullptr), &free);
  return real == nullptr ? std::string() : std::string(real.get());
}

// Whether the system loader finds the libraries of this prefix itself, in its
// own order.
bool IsSystemPrefix(const std::string& prefix) {
  return prefix.empty() || prefix == "/usr" || prefix == "/usr/local";
}

bool IsProgram(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

// Returns the program that a shell would start, or an empty path. Folders that
// are not absolute are ignored, as everywhere in the search.
std::string FindProgram(const std::string& folders, const std::string& name) {
  for (size_t begin = 0; begin < folders.size();) {
    const size_t end = std::min(folders.find(':', begin), folders.size());
    std::string folder = folders.substr(begin, end - begin);
    begin = end + 1;
    if (!IsAbsolute(folder)) continue;
    while (!folder.empty() && folder.back() == '/') folder.pop_back();
    const std::string program = folder + "/" + name;
    if (IsProgram(program)) return program;
  }
  return "";
}

std::string Trimmed(const std::string& text) {
  constexpr char kSpace[] = " \t\r";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// The contents of a virtual environment's pyvenv.cfg.
struct VenvSettings {
  bool found = false;
  bool includes_system = false;
  std::string home;  // the folder of the Python that it was made with
};

VenvSettings ReadVenvSettings(const std::string& folder) {
  VenvSettings settings;
  std::ifstream file(folder + "/pyvenv.cfg");
  settings.found = file.good();
  for (std::string line; std::getline(file, line);) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = LowerCase(Trimmed(line.substr(0, equals)));
    const std::string value = Trimmed(line.substr(equals + 1));
    if (key == "home") settings.home = value;
    if (key == "include-system-site-packages") {
      settings.includes_system = LowerCase(value) == "true";
    }
  }
  return settings;
}

// Collects environments, each of them once.
class EnvironmentList {
 public:
  void Add(const PythonEnvironment& environment) {
    for (const PythonEnvironment& known : environments_) {
      if (known.prefix == environment.prefix &&
          known.has_libraries >= environment.has_libraries) {
        return;
      }
    }
    environments_.push_back(environment);
  }

  // Adds the environments of a Python that is in no virtual environment.
  void AddInstallation(const std::string& program, const std::string& why) {
    for (const std::string& path : {program, RealPath(program)}) {
      if (path.empty()) continue;
      const std::string prefix = Parent(Parent(path));
      Add({prefix, why, !IsSystemPrefix(prefix)});
    }
  }

  void AddVenv(const std::string& prefix, const VenvSettings& settings,
               const std::string& why) {
    Add({prefix, why, false});
    if (settings.includes_system && IsAbsolute(settings.home)) {
      AddInstallation(settings.home + "/python3",
                      why + ", include-system-site-packages");
    }
  }

  void AddProgram(const std::string& program, const std::string& why) {
    if (program.empty()) return;
    const std::string folder = Parent(program);
    for (const std::string& place : {folder, Parent(folder)}) {
      const VenvSettings settings = ReadVenvSettings(place);
      if (settings.found) return AddVenv(Parent(folder), settings, why);
    }
    AddInstallation(program, why);
  }

  std::vector<PythonEnvironment> Take() { return std::move(environments_); }

 private:
  std::vector<PythonEnvironment> environments_;
};

}  // namespace

std::vector<PythonEnvironment> PythonEnvironments(
    const Environment& environment) {
  EnvironmentList found;
  const std::string venv = environment("VIRTUAL_ENV");
  if (IsAbsolute(venv)) {
    found.AddVenv(venv, ReadVenvSettings(venv), "VIRTUAL_ENV");
  }
  const std::string conda = environment("CONDA_PREFIX");
  if (IsAbsolute(conda)) found.Add({conda, "CONDA_PREFIX", true});
  const std::string folders = environment("PATH");
  for (const char* name : {"python3", "python"}) {
    found.AddProgram(FindProgram(folders, name),
                     std::string(name) + " in PATH");
  }
  const std::string home = environment("HOME");
  if (IsAbsolute(home)) {
    found.Add({home + "/.local", "the user's packages", false});
  }
  found.Add({"/usr/local", "a usual folder", false});
  return found.Take();
}

}  // namespace cudnn_gru
