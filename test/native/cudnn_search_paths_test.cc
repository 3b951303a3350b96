// Where cuDNN is looked for, and in what order.
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "check.h"
#include "cudnn/search_paths.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::CudaDisabled;
using cudnn_gru::CudnnPlaces;
using cudnn_gru::Environment;
using cudnn_gru::kSystemLoader;
using cudnn_gru::RefusedCudnnPath;

Environment Variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

std::vector<std::string> Folders(const Environment& environment) {
  std::vector<std::string> folders;
  for (const auto& place : CudnnPlaces(environment)) {
    folders.push_back(place.folder);
  }
  return folders;
}

size_t At(const std::vector<std::string>& places, const std::string& place) {
  return static_cast<size_t>(std::find(places.begin(), places.end(), place) -
                             places.begin());
}

void TheOverrideIsTheOnlyPlace() {
  const std::vector<std::string> expected = {"/opt/cudnn", "/opt/cudnn/lib",
                                             "/opt/cudnn/lib64"};
  Check(Folders(Variables({{"CUDNN_GRU_CUDNN_PATH", "/opt/cudnn"},
                           {"VIRTUAL_ENV", "/venv"}})) == expected,
        "a folder");
  Check(Folders(Variables({{"CUDNN_GRU_CUDNN_PATH",
                            "/opt/cudnn/libcudnn.so.9"}})) == expected,
        "a file");
}

void ARelativeOverrideIsRefused() {
  for (const char* path : {".", "lib", "lib/libcudnn.so.9", "../cudnn"}) {
    const Environment environment =
        Variables({{"CUDNN_GRU_CUDNN_PATH", path}, {"VIRTUAL_ENV", "/venv"}});
    Check(CudnnPlaces(environment).empty(), path);
    Check(RefusedCudnnPath(environment).find(path) != std::string::npos, path);
  }
  for (const char* path : {"", "/opt/cudnn"}) {
    const Environment environment = Variables({{"CUDNN_GRU_CUDNN_PATH", path}});
    Check(RefusedCudnnPath(environment).empty(), path);
  }
}

void InTheOrderOfTheDocuments() {
  char root[] = "/tmp/cudnn_gru_search_XXXXXX";
  Check(mkdtemp(root) != nullptr, "no temporary folder");
  // A folder whose name means something to glob().
  const std::string venv = std::string(root) + "/e[nv]";
  std::string path = venv;
  mkdir(path.c_str(), 0700);
  for (const char* part :
       {"/lib", "/python3.11", "/site-packages", "/nvidia", "/cudnn", "/lib"}) {
    path += part;
    mkdir(path.c_str(), 0700);
  }
  const std::vector<std::string> places =
      Folders(Variables({{"VIRTUAL_ENV", venv},
                         {"CONDA_PREFIX", "/conda"},
                         {"LD_LIBRARY_PATH", "/a:relative::/b"}}));
  Check(At(places, path) == 0, "the virtual environment comes first");
  Check(At(places, "/conda/lib") < At(places, "/a"), "conda, then the path");
  Check(At(places, "/a") + 1 == At(places, "/b"), "the path's own order");
  Check(At(places, "/b") < At(places, kSystemLoader), "then the loader");
  Check(At(places, kSystemLoader) < At(places, "/usr/local/cuda/lib64"),
        "then the usual folders");
  Check(At(places, "/usr/local/cuda/lib64") < places.size(), "which are there");
  Check(At(places, "relative") == places.size(), "only absolute folders");
  while (path != root) {
    rmdir(path.c_str());
    path.erase(path.rfind('/'));
  }
  rmdir(root);
}

void EveryPlaceHasAReason() {
  const auto places = CudnnPlaces(Variables({{"VIRTUAL_ENV", "/nowhere"},
                                             {"CONDA_PREFIX", "/conda"},
                                             {"LD_LIBRARY_PATH", "/a"}}));
  Check(places.front().folder ==
                "/nowhere/lib/python3*/site-packages/nvidia/cudnn/lib" &&
            places.front().why == "VIRTUAL_ENV",
        "an environment without cuDNN is named all the same");
  for (const auto& place : places) {
    Check(!place.why.empty(), "%s has no reason", place.folder.c_str());
  }
}

void SwitchedOff() {
  Check(!CudaDisabled(Variables({})), "not set");
  Check(!CudaDisabled(Variables({{"CUDNN_GRU_DISABLE_CUDA", "0"}})), "0");
  Check(CudaDisabled(Variables({{"CUDNN_GRU_DISABLE_CUDA", "1"}})), "1");
}

}  // namespace
}  // namespace cudnn_gru_test

int main() {
  using namespace cudnn_gru_test;
  TheOverrideIsTheOnlyPlace();
  ARelativeOverrideIsRefused();
  InTheOrderOfTheDocuments();
  EveryPlaceHasAReason();
  SwitchedOff();
  return Finish();
}
