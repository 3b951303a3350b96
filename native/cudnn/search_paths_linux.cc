#include <glob.h>

#include <algorithm>
#include <cstdlib>

#include "cudnn/python_environments.h"
#include "cudnn/search_paths.h"

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
constexpr char kUsual[] = "a usual folder";
constexpr char kLoader[] = "the system's loader";

// Appends the folder unless the list has it already.
void Add(std::vector<SearchPlace>* places, const std::string& folder,
         const std::string& why) {
  for (const SearchPlace& place : *places) {
    if (place.folder == folder) return;
  }
  places->emplace_back(folder, why);
}

// Returns the folders that match a shell pattern, in alphabetical order.
std::vector<std::string> Matches(const std::string& pattern) {
  std::vector<std::string> folders;
  glob_t found = {};
  // Marks folders by a slash at the end. (musl has no GLOB_ONLYDIR.)
  if (glob(pattern.c_str(), GLOB_MARK, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) {
      const std::string path = found.gl_pathv[i];
      if (path.back() == '/')
        folders.push_back(path.substr(0, path.size() - 1));
    }
  }
  globfree(&found);
  return folders;
}

// Escapes the characters that have a meaning for glob().
std::string Escaped(const std::string& prefix) {
  std::string escaped;
  for (const char c : prefix) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// Adds the folders of NVIDIA's wheels in a Python environment, or the pattern
// that would find them when there are none.
void AddWheels(std::vector<SearchPlace>* places,
               const PythonEnvironment& python) {
  constexpr char kWheel[] = "/nvidia/cudnn/lib";
  constexpr char kPackages[] = "/lib/python3*/site-packages";
  const std::string prefix = Escaped(python.prefix);
  bool any = false;
  for (const char* packages : {kPackages, "/lib64/python3*/site-packages",
                               "/lib/python3*/dist-packages"}) {
    for (const std::string& folder : Matches(prefix + packages + kWheel)) {
      Add(places, folder, python.why);
      any = true;
    }
  }
  if (!any) Add(places, python.prefix + kPackages + kWheel, python.why);
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
    if (IsAbsolute(folder)) Add(places, folder, "LD_LIBRARY_PATH");
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
    for (const char* part : {"", "/lib", "/lib64"}) {
      Add(&places, folder + part, kCudnnPathVariable);
    }
    return places;
  }
  for (const PythonEnvironment& python : PythonEnvironments(environment)) {
    AddWheels(&places, python);
    if (python.has_libraries) Add(&places, python.prefix + "/lib", python.why);
  }
  AddList(&places, environment("LD_LIBRARY_PATH"));
  places.emplace_back(kSystemLoader, kLoader);
  Add(&places, "/usr/local/cuda/lib64", kUsual);
  Add(&places, std::string("/usr/local/cuda/targets/") + kCudaTarget + "/lib",
      kUsual);
  Add(&places, std::string("/usr/lib/") + kMultiarch, kUsual);
  Add(&places, "/usr/lib64", kUsual);
  Add(&places, "/usr/lib", kUsual);
  Add(&places, "/opt/cuda/lib64", kUsual);
  return places;
}

std::vector<SearchPlace> CublasLtPlaces(const std::string& cudnn_folder,
                                        int major) {
  // The wheels for CUDA 13 share one folder. Those for CUDA 12 have one each.
  constexpr char kBeside[] = "beside cuDNN";
  return {
      {cudnn_folder, kBeside},
      {cudnn_folder + "/../../cu" + std::to_string(major) + "/lib", kBeside},
      {cudnn_folder + "/../../cublas/lib", kBeside},
      {kSystemLoader, kLoader},
      {"/usr/local/cuda/lib64", kUsual},
      {std::string("/usr/local/cuda/targets/") + kCudaTarget + "/lib", kUsual}};
}

std::vector<SearchPlace> DriverPlaces() {
  std::vector<SearchPlace> places;
  for (const std::string& folder :
       {std::string(kSystemLoader), std::string("/usr/lib/") + kMultiarch,
        std::string("/usr/lib64"), std::string("/usr/lib/wsl/lib"),
        std::string("/usr/local/nvidia/lib64"),
        std::string("/run/opengl-driver/lib")}) {
    places.emplace_back(folder);
  }
  return places;
}

}  // namespace cudnn_gru
