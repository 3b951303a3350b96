#include <dlfcn.h>
#include <stdlib.h>

#include <memory>
#include <mutex>

#include "cudnn/failures.h"
#include "cudnn/libraries.h"
#include "cudnn/search_paths.h"

namespace cudnn_gru {
namespace {

constexpr char kDisabled[] =
    "CUDA is switched off by the environment variable CUDNN_GRU_DISABLE_CUDA.";
constexpr char kCudnnFile[] = "libcudnn_adv.so.9";
constexpr char kDriverFile[] = "libcuda.so.1";
constexpr size_t kOldestCudnn = 90000;

std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(
      realpath(path.c_str(), nullptr), &free);
  return real == nullptr ? std::string() : std::string(real.get());
}

// Returns the path of the file that holds `symbol`.
std::string FileOf(const void* symbol) {
  Dl_info info = {};
  if (dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string real = RealPath(info.dli_fname);
  return real.empty() ? info.dli_fname : real;
}

// Returns "<path>: <why>" for the last error of the loader, whose own text
// often begins with the path already.
std::string LoaderError(const std::string& path) {
  const char* const text = dlerror();
  const std::string why =
      text == nullptr ? "the loader gave no reason" : std::string(text);
  return why.compare(0, path.size(), path) == 0 ? why : path + ": " + why;
}

// The outcome of opening a file in several places.
struct Opened {
  void* handle = nullptr;
  std::string path;    // the real path; empty when the system loader found it
  std::string broken;  // why an existing file could not be opened
};

// Opens `file` in `place`. Returns null when that fails. `outcome` becomes a
// line for Search::tried.
//
// Hazard: the path must be the real path. Parts of cuDNN look for the other
// parts in the folder of the path as given, and some abort the process when
// those are missing. The part that is opened here is linked to the others, so
// when one is missing, the loader fails with an error instead.
void* Open(const SearchPlace& place, const std::string& file, Opened* opened,
           std::string* outcome) {
  if (place.folder == kSystemLoader) {
    void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    *outcome = handle == nullptr ? LoaderError(file) : file + ": opened";
    // With any other error the file exists, but something that it needs does
    // not.
    const std::string absent = file + ": cannot open shared object file";
    if (handle == nullptr && opened->broken.empty() &&
        outcome->compare(0, absent.size(), absent) != 0) {
      opened->broken = *outcome;
    }
    return handle;
  }
  const std::string wanted = place.folder + "/" + file;
  const std::string path = RealPath(wanted);
  if (path.empty()) {
    *outcome = wanted + ": no such file";
    return nullptr;
  }
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  *outcome = handle == nullptr ? LoaderError(path) : path + ": opened";
  if (handle != nullptr) {
    opened->path = path;
  } else if (opened->broken.empty()) {
    opened->broken = *outcome;
  }
  return handle;
}

Opened OpenFirst(const std::vector<SearchPlace>& places,
                 const std::string& file, std::vector<std::string>* tried) {
  Opened opened;
  for (const SearchPlace& place : places) {
    std::string outcome;
    opened.handle = Open(place, file, &opened, &outcome);
    if (!place.why.empty()) outcome += " (" + place.why + ")";
    tried->push_back(outcome);
    if (opened.handle != nullptr) break;
  }
  return opened;
}

// Fill in the functions. Return the name of the first required function that is
// missing, or null.
const char* Resolve(void* handle, CudaDriver* driver) {
#define CUDNN_GRU_RESOLVE(name)                          \
  driver->name = reinterpret_cast<decltype(&abi::name)>( \
      dlsym(handle, #name)); /* NOLINT: what dlsym is for */
#define CUDNN_GRU_REQUIRE(name) \
  CUDNN_GRU_RESOLVE(name)       \
  if (driver->name == nullptr) return #name;
  CUDNN_GRU_CUDA_FUNCTIONS(CUDNN_GRU_REQUIRE)
  CUDNN_GRU_CUDA_OPTIONAL_FUNCTIONS(CUDNN_GRU_RESOLVE)
#undef CUDNN_GRU_REQUIRE
#undef CUDNN_GRU_RESOLVE
  return nullptr;
}

const char* Resolve(void* handle, CudnnLibrary* cudnn) {
#define CUDNN_GRU_RESOLVE(name) \
  cudnn->name = reinterpret_cast<decltype(&abi::name)>(dlsym(handle, #name));
#define CUDNN_GRU_REQUIRE(name) \
  CUDNN_GRU_RESOLVE(name)       \
  if (cudnn->name == nullptr) return #name;
  CUDNN_GRU_CUDNN_FUNCTIONS(CUDNN_GRU_REQUIRE)
  CUDNN_GRU_CUDNN_OPTIONAL_FUNCTIONS(CUDNN_GRU_RESOLVE)
#undef CUDNN_GRU_REQUIRE
#undef CUDNN_GRU_RESOLVE
  return nullptr;
}

std::string InitReason(abi::CUresult result, const CudaDriver& driver) {
  const std::string visible = ProcessEnvironment()("CUDA_VISIBLE_DEVICES");
  const bool hidden = getenv("CUDA_VISIBLE_DEVICES") != nullptr;
  switch (result) {
    case abi::CUDA_ERROR_STUB_LIBRARY:
      return "The libcuda.so.1 that was found is the toolkit's stub, not a "
             "driver: install the NVIDIA driver, or take the stub's folder "
             "from LD_LIBRARY_PATH.";
    case abi::CUDA_ERROR_NO_DEVICE:
      return hidden ? "The CUDA driver shows no device: CUDA_VISIBLE_DEVICES "
                      "is \"" +
                          visible + "\"."
                    : "The CUDA driver finds no device.";
    case abi::CUDA_ERROR_DEVICE_UNAVAILABLE:
      return "The CUDA device is in use by another process that has it alone "
             "(exclusive mode).";
    case abi::CUDA_ERROR_SYSTEM_NOT_READY:
      return "The CUDA system is not ready: a service of the driver (such as "
             "the fabric manager) does not run.";
    case abi::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
      return "The CUDA driver's library and its kernel module are of different "
             "versions: restart the machine, or install matching ones.";
    case abi::CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE:
      return "The CUDA forward-compatibility library that was found does not "
             "support this device.";
    default:
      break;
  }
  const char* name = nullptr;
  driver.cuGetErrorName(result, &name);
  return std::string("The CUDA driver cannot start: cuInit gave ") +
         (name == nullptr ? "an unknown error" : name) + " (" +
         std::to_string(static_cast<int>(result)) + ").";
}

Search<CudaDriver> SearchCudaDriver() {
  Search<CudaDriver> search;
  if (CudaDisabled(ProcessEnvironment())) {
    search.reason = kDisabled;
    return search;
  }
  const Opened opened = OpenFirst(DriverPlaces(), kDriverFile, &search.tried);
  search.path = opened.path;
  if (opened.handle == nullptr) {
    search.reason =
        opened.broken.empty()
            ? "No CUDA driver was found: " + search.tried.front() + "."
            : "The CUDA driver could not be opened: " + opened.broken + ".";
    return search;
  }
  // The driver is never freed, because calls may run while the process exits.
  auto driver = std::make_unique<CudaDriver>();
  const char* const missing = Resolve(opened.handle, driver.get());
  if (missing != nullptr) {
    search.reason =
        std::string("The CUDA driver is too old: it has no ") + missing + ".";
    return search;
  }
  if (search.path.empty()) {
    search.path = FileOf(reinterpret_cast<const void*>(driver->cuInit));
  }
  int version = 0;
  if (driver->cuDriverGetVersion(&version) == abi::CUDA_SUCCESS) {
    search.version = CudaVersionText(static_cast<size_t>(version));
  }
  const abi::CUresult started = driver->cuInit(0);
  int devices = 0;
  if (started != abi::CUDA_SUCCESS) {
    search.reason = InitReason(started, *driver);
    const FailureKind kind = KindOf(started);
    search.may_change =
        kind == FailureKind::kTransient || kind == FailureKind::kMemory;
  } else if (driver->cuDeviceGetCount(&devices) != abi::CUDA_SUCCESS ||
             devices < 1) {
    search.reason = InitReason(abi::CUDA_ERROR_NO_DEVICE, *driver);
  } else {
    search.library = driver.release();
  }
  return search;
}

// Returns the sentence that says why this cuDNN cannot work, or an empty text.
std::string CheckCudnn(const CudnnLibrary& cudnn, const std::string& path) {
  const std::string version = CudnnVersionText(cudnn.version);
  if (cudnn.version < kOldestCudnn) {
    return "cuDNN 9 is required, and " + path + " is cuDNN " + version + ".";
  }
  const struct {
    const char* part;
    decltype(cudnn.cudnnAdvVersionCheck) check;
  } parts[] = {{"libcudnn_graph", cudnn.cudnnGraphVersionCheck},
               {"libcudnn_ops", cudnn.cudnnOpsVersionCheck},
               {"libcudnn_adv", cudnn.cudnnAdvVersionCheck}};
  for (const auto& each : parts) {
    if (each.check == nullptr) continue;
    const abi::cudnnStatus_t status = each.check();
    if (status == abi::CUDNN_STATUS_SUCCESS) continue;
    return "The parts of cuDNN beside " + path +
           " are of different versions: the check of " + each.part + " gave " +
           cudnn.cudnnGetErrorString(status) + ".";
  }
  return "";
}

Search<CudnnLibrary> SearchCudnn() {
  Search<CudnnLibrary> search;
  const Environment environment = ProcessEnvironment();
  if (CudaDisabled(environment)) {
    search.reason = kDisabled;
    return search;
  }
  search.reason = RefusedCudnnPath(environment);
  if (!search.reason.empty()) return search;
  const Opened opened =
      OpenFirst(CudnnPlaces(environment), kCudnnFile, &search.tried);
  search.path = opened.path;
  if (opened.handle == nullptr) {
    const std::string named = environment("CUDNN_GRU_CUDNN_PATH");
    const std::string where =
        named.empty() ? std::to_string(search.tried.size()) + " places"
                      : named + ", which CUDNN_GRU_CUDNN_PATH names";
    search.reason =
        opened.broken.empty()
            ? std::string("cuDNN 9 was not found: no ") + kCudnnFile +
                  " could be opened in " + where + "."
            : "A part of cuDNN 9 is missing or broken: " + opened.broken + ".";
    return search;
  }
  auto cudnn = std::make_unique<CudnnLibrary>();
  const char* const missing = Resolve(opened.handle, cudnn.get());
  if (search.path.empty()) {
    search.path = FileOf(dlsym(opened.handle, "cudnnRNNForward"));
  }
  if (missing != nullptr) {
    search.reason = "The cuDNN at " + search.path + " has no " + missing + ".";
    return search;
  }
  cudnn->version = cudnn->cudnnGetVersion();
  cudnn->cudart_version = cudnn->cudnnGetCudartVersion();
  search.version = CudnnVersionText(cudnn->version);
  search.reason = CheckCudnn(*cudnn, search.path);
  if (!search.reason.empty()) return search;
  // cuDNN would open cuBLASLt in the middle of a call, and its error would not
  // name the file.
  const int major = static_cast<int>(cudnn->cudart_version / 1000);
  const std::string cublas = "libcublasLt.so." + std::to_string(major);
  const std::string folder = search.path.substr(0, search.path.rfind('/'));
  const Opened found =
      OpenFirst(CublasLtPlaces(folder, major), cublas, &search.tried);
  if (found.handle == nullptr) {
    search.reason = "cuDNN " + search.version + " needs " + cublas +
                    " (cuBLAS of CUDA " + std::to_string(major) +
                    "), which could not be opened.";
    return search;
  }
  search.library = cudnn.release();
  return search;
}

}  // namespace

const Search<CudaDriver>& FindCudaDriver() {
  static auto* const mutex = new std::mutex();
  static const Search<CudaDriver>* search = nullptr;
  std::lock_guard<std::mutex> lock(*mutex);
  if (search == nullptr) {
    search = new Search<CudaDriver>(SearchCudaDriver());
  } else if (search->may_change) {
    auto again = std::make_unique<Search<CudaDriver>>(SearchCudaDriver());
    // The old search stays in memory, since another thread may be reading it.
    // A new one is kept only when the reason changes, so there are few.
    if (again->reason != search->reason) search = again.release();
  }
  return *search;
}

const Search<CudnnLibrary>& FindCudnn() {
  static const auto* const search = new Search<CudnnLibrary>(SearchCudnn());
  return *search;
}

}  // namespace cudnn_gru
