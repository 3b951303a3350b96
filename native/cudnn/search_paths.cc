#include "cudnn/search_paths.h"

#include <glob.h>

#include <algorithm>
#include <cstdlib>

namespace cudnn_gru {
namespace {

#if defined(__aarch64__)
constexpr char kMultiarch[] = "aarch64-linux-gnu";
constexpr char kCudaTarget[] = "sbsa-linux";
#else
constexpr char kMultiarch[] = "x86_64-linux-gnu";
constexpr char kCudaTarget[] = "x86_64-linux";
#endif

constexpr char kCudnnPathVariable[] = "CUDNN_GRU_CUDNN_PATH";

// Appends each folder once.
void Add(std::vector<SearchPlace>* places, const std::string& place) {
  if (std::find(places->begin(), places->end(), place) == places->end()) {
    places->push_back(place);
  }
}

// Folders that match a pattern of the shell's, in alphabetical order.
void AddMatches(std::vector<SearchPlace>* places, const std::string& pattern) {
  glob_t found = {};
  if (glob(pattern.c_str(), GLOB_ONLYDIR, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) Add(places, found.gl_pathv[i]);
  }
  globfree(&found);
}

// `prefix` with the characters that mean something to glob() escaped.
std::string Escaped(const std::string& prefix) {
  std::string escaped;
  for (const char c : prefix) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// NVIDIA's wheels below a Python prefix.
void AddWheels(std::vector<SearchPlace>* places, const std::string& prefix) {
  for (const char* packages : {"site-packages", "dist-packages"}) {
    AddMatches(places, Escaped(prefix) + "/lib/python3*/" + packages +
                           "/nvidia/cudnn/lib");
  }
}

bool IsAbsolute(const std::string& path) {
  return !path.empty() && path[0] == '/';
}

std::string Folder(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

bool IsLibraryFile(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.compare(0, 3, "lib") == 0 &&
         name.find(".so") != std::string::npos;
}

void AddList(std::vector<SearchPlace>* places, const std::string& list) {
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(':', begin), list.size());
    const std::string folder = list.substr(begin, end - begin);
    if (IsAbsolute(folder)) Add(places, folder);
    begin = end + 1;
  }
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
}

bool CudaDisabled(const Environment& environment) {
  const std::string value = environment("CUDNN_GRU_DISABLE_CUDA");
  return !value.empty() && value != "0";
}

std::string RefusedCudnnPath(const Environment& environment) {
  const std::string path = environment(kCudnnPathVariable);
  if (path.empty() || IsAbsolute(path)) return "";
  return std::string(
             "Expected an absolute path for the environment variable "
             "`") +
         kCudnnPathVariable + "` but received \"" + path +
         "\": what lies in the working directory is not loaded.";
}

std::vector<SearchPlace> CudnnPlaces(const Environment& environment) {
  std::vector<SearchPlace> places;
  const std::string override_path = environment(kCudnnPathVariable);
  if (!override_path.empty()) {
    if (!IsAbsolute(override_path)) return places;
    const std::string folder =
        IsLibraryFile(override_path) ? Folder(override_path) : override_path;
    return {folder, folder + "/lib", folder + "/lib64"};
  }
  const std::string virtual_env = environment("VIRTUAL_ENV");
  if (IsAbsolute(virtual_env)) AddWheels(&places, virtual_env);
  const std::string conda = environment("CONDA_PREFIX");
  if (IsAbsolute(conda)) {
    AddWheels(&places, conda);
    Add(&places, conda + "/lib");
  }
  const std::string home = environment("HOME");
  if (IsAbsolute(home)) AddWheels(&places, home + "/.local");
  AddWheels(&places, "/usr/local");
  AddList(&places, environment("LD_LIBRARY_PATH"));
  places.push_back(kSystemLoader);
  Add(&places, "/usr/local/cuda/lib64");
  Add(&places, std::string("/usr/local/cuda/targets/") + kCudaTarget + "/lib");
  Add(&places, std::string("/usr/lib/") + kMultiarch);
  Add(&places, "/usr/lib64");
  Add(&places, "/usr/lib");
  Add(&places, "/opt/cuda/lib64");
  return places;
}

std::vector<SearchPlace> CublasLtPlaces(const std::string& cudnn_folder,
                                        int major) {
  // Wheels for CUDA 13 share one folder; those for 12 have one each.
  return {cudnn_folder,
          cudnn_folder + "/../../cu" + std::to_string(major) + "/lib",
          cudnn_folder + "/../../cublas/lib",
          kSystemLoader,
          "/usr/local/cuda/lib64",
          std::string("/usr/local/cuda/targets/") + kCudaTarget + "/lib"};
}

std::vector<SearchPlace> DriverPlaces() {
  return {kSystemLoader,
          std::string("/usr/lib/") + kMultiarch,
          "/usr/lib64",
          "/usr/lib/wsl/lib",
          "/usr/local/nvidia/lib64",
          "/run/opengl-driver/lib"};
}

}  // namespace cudnn_gru
