// The real cuDNN 9, where it is installed: what this package relies on and a
// machine without a GPU can show. CUDNN_GRU_TEST_CUDNN names its folder; else
// the one CMake found is taken.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cudnn/abi.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using namespace cudnn_gru::abi;

void* library;

template <typename Function>
Function* Symbol(const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol == nullptr) FAIL("cuDNN has no ", name);
  return reinterpret_cast<Function*>(symbol);
}

#define CUDNN(name) cudnn_gru_test::Symbol<decltype(name)>(#name)

std::string LastError() {
  char text[512] = "";
  CUDNN(cudnnGetLastErrorString)(text, sizeof(text));
  return text;
}

int Category(cudnnStatus_t status) { return status / 1000 * 1000; }

constexpr int kBadParam = 2000;
constexpr int kNotSupported = 3000;

void TestVersions() {
  CHECK_MESSAGE(CUDNN(cudnnGetVersion)() >= 90000, "cuDNN is older than 9");
  CHECK_MESSAGE(CUDNN(cudnnGetCudartVersion)() >= 12000,
                "its CUDA is older than 12");
  CHECK_MESSAGE(CUDNN(cudnnGraphVersionCheck)() == 0,
                "graph is of another version");
  CHECK_MESSAGE(CUDNN(cudnnOpsVersionCheck)() == 0,
                "ops is of another version");
  CHECK_MESSAGE(CUDNN(cudnnAdvVersionCheck)() == 0,
                "adv is of another version");
  CHECK_MESSAGE(
      std::strstr(CUDNN(cudnnGetErrorString)(CUDNN_STATUS_NOT_INITIALIZED),
                  "NOT_INITIALIZED") != nullptr,
      "1001 has another name");
#define THERE(name) \
  CHECK_MESSAGE(dlsym(library, #name) != nullptr, "no " #name);
  CUDNN_GRU_CUDNN_FUNCTIONS(THERE)
  CUDNN_GRU_CUDNN_OPTIONAL_FUNCTIONS(THERE)
}

// The settings of a layer as the package makes them, each changeable.
struct RnnSettings {
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  cudnnDataType_t precision = CUDNN_DATA_FLOAT;
  cudnnMathType_t math = CUDNN_FMA_MATH;
  int32_t features = 3;
  int32_t units = 5;
  int32_t projection = 5;
  int32_t layers = 1;
  cudnnDirectionMode_t direction = CUDNN_UNIDIRECTIONAL;
  uint32_t flags = CUDNN_RNN_PADDED_IO_ENABLED;
  cudnnRNNAlgo_t algorithm = CUDNN_RNN_ALGO_STANDARD;
};

cudnnStatus_t SetRnn(const RnnSettings& settings) {
  cudnnRNNDescriptor_t rnn = nullptr;
  CUDNN(cudnnCreateRNNDescriptor)(&rnn);
  const cudnnStatus_t status = CUDNN(cudnnSetRNNDescriptor_v8)(
      rnn, settings.algorithm, CUDNN_GRU, CUDNN_RNN_DOUBLE_BIAS,
      settings.direction, CUDNN_LINEAR_INPUT, settings.type, settings.precision,
      settings.math, settings.features, settings.units, settings.projection,
      settings.layers, nullptr, settings.flags);
  CUDNN(cudnnDestroyRNNDescriptor)(rnn);
  return status;
}

void TestRnnDescriptors() {
  for (cudnnMathType_t math : {CUDNN_DEFAULT_MATH, CUDNN_FMA_MATH}) {
    RnnSettings settings;
    settings.math = math;
    CHECK_MESSAGE(SetRnn(settings) == 0, Format("float32 with math type %d: %s",
                                                math, LastError().c_str()));
    settings.type = settings.precision = CUDNN_DATA_DOUBLE;
    CHECK_MESSAGE(SetRnn(settings) == 0, Format("float64 with math type %d: %s",
                                                math, LastError().c_str()));
  }
  for (cudnnDataType_t type : {CUDNN_DATA_HALF, CUDNN_DATA_BFLOAT16}) {
    RnnSettings settings;
    settings.type = type;
    settings.math = CUDNN_TENSOR_OP_MATH;
    CHECK_MESSAGE(SetRnn(settings) == 0,
                  Format("data type %d: %s", type, LastError().c_str()));
  }
  for (cudnnRNNAlgo_t algorithm :
       {CUDNN_RNN_ALGO_STANDARD, CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H}) {
    for (int32_t layers : {1, 2, 3, 64}) {
      for (cudnnDirectionMode_t direction :
           {CUDNN_UNIDIRECTIONAL, CUDNN_BIDIRECTIONAL}) {
        RnnSettings stack;
        stack.algorithm = algorithm;
        stack.layers = layers;
        stack.direction = direction;
        CHECK_MESSAGE(SetRnn(stack) == 0,
                      Format("%d layers, direction %d: %s", layers, direction,
                             LastError().c_str()));
      }
    }
  }
  // It says no more about an algorithm here: the size query and the call do.
  RnnSettings small;
  small.algorithm = CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H;
  for (int32_t units : {5, 1000}) {
    small.units = small.projection = units;
    CHECK_MESSAGE(SetRnn(small) == 0,
                  Format("the algorithm for small layers, %d units: %s", units,
                         LastError().c_str()));
  }
  RnnSettings wrong;
  wrong.projection = 0;
  CHECK_MESSAGE(SetRnn(wrong) == kBadParam, "a projection of 0 is accepted");
  const std::string text = LastError();
  CHECK_MESSAGE(text.find("projSize") != std::string::npos,
                Format("the error says \"%s\"", text.c_str()));
  CHECK_MESSAGE(LastError().empty(),
                "reading the last error does not clear it");
  wrong = {};
  wrong.projection = 4;
  CHECK_MESSAGE(Category(SetRnn(wrong)) == kNotSupported, "a projected GRU");
  wrong = {};
  wrong.precision = CUDNN_DATA_DOUBLE;
  CHECK_MESSAGE(Category(SetRnn(wrong)) == kNotSupported, "float32 in float64");
  wrong = {};
  wrong.flags = 2;
  CHECK_MESSAGE(Category(SetRnn(wrong)) == kBadParam, "unknown flags");
  for (int32_t RnnSettings::* size :
       {&RnnSettings::features, &RnnSettings::units, &RnnSettings::layers}) {
    wrong = {};
    wrong.*size = 0;
    CHECK_MESSAGE(Category(SetRnn(wrong)) == kBadParam,
                  "a size of 0 is accepted");
  }
  CHECK_MESSAGE(CUDNN(cudnnDestroyRNNDescriptor)(nullptr) == 0,
                "destroying null");
}

cudnnStatus_t SetData(
    int steps, int batch, int vector, const int* lengths,
    cudnnRNNDataLayout_t layout = CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED) {
  cudnnRNNDataDescriptor_t data = nullptr;
  CUDNN(cudnnCreateRNNDataDescriptor)(&data);
  double fill = 0;
  const cudnnStatus_t status = CUDNN(cudnnSetRNNDataDescriptor)(
      data, CUDNN_DATA_FLOAT, layout, steps, batch, vector, lengths, &fill);
  CUDNN(cudnnDestroyRNNDataDescriptor)(data);
  return status;
}

void TestDataDescriptors() {
  const int unordered[] = {2, 4, 1};
  CHECK_MESSAGE(SetData(4, 3, 2, unordered) == 0, "lengths in any order");
  CHECK_MESSAGE(SetData(4, 3, 2, unordered,
                        CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED) == 0,
                "lengths in any order, time-major");
  const int shorter[] = {1, 2, 0};
  CHECK_MESSAGE(SetData(4, 3, 2, shorter) == 0,
                "no row with all steps, one empty");
  CHECK_MESSAGE(SetData(65535, 3, 2, unordered) == 0, "65,535 steps");
  CHECK_MESSAGE(Category(SetData(65536, 3, 2, unordered)) == kNotSupported,
                "65,536 steps are accepted");
  const int longer[] = {2, 5, 1};
  CHECK_MESSAGE(Category(SetData(4, 3, 2, longer)) == kBadParam,
                "a length over T");
  const int negative[] = {2, -1, 1};
  CHECK_MESSAGE(Category(SetData(4, 3, 2, negative)) == kBadParam,
                "a length below 0");
  CHECK_MESSAGE(Category(SetData(4, 3, 2, nullptr)) == kBadParam, "no lengths");
  CHECK_MESSAGE(Category(SetData(0, 3, 2, unordered)) == kBadParam, "0 steps");
  CHECK_MESSAGE(Category(SetData(4, 0, 2, unordered)) == kBadParam, "0 rows");
  CHECK_MESSAGE(Category(SetData(4, 3, 0, unordered)) == kBadParam, "0 values");
}

// The states of one GRU, and of two bidirectional layers.
void TestStateDescriptor() {
  for (int states : {1, 4}) {
    cudnnTensorDescriptor_t tensor = nullptr;
    CUDNN(cudnnCreateTensorDescriptor)(&tensor);
    const int dims[] = {states, 3, 5};
    const int strides[] = {15, 5, 1};
    CHECK_MESSAGE(
        CUDNN(cudnnSetTensorNdDescriptor)(tensor, CUDNN_DATA_FLOAT, 3, dims,
                                          strides) == 0,
        Format("a state of three dimensions: %s", LastError().c_str()));
    cudnnDataType_t type;
    int count = 0;
    int got[3];
    int steps[3];
    CUDNN(cudnnGetTensorNdDescriptor)(tensor, 3, &type, &count, got, steps);
    CHECK_MESSAGE((count == 3 && std::memcmp(got, dims, sizeof(dims)) == 0 &&
                   std::memcmp(steps, strides, sizeof(strides)) == 0),
                  "a descriptor does not give back what it was set to");
    CUDNN(cudnnDestroyTensorDescriptor)(tensor);
  }
}

bool HasDriver() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return false;
  const auto init =
      reinterpret_cast<decltype(cuInit)*>(dlsym(driver, "cuInit"));
  return init != nullptr && init(0) == CUDA_SUCCESS;
}

long ResidentKilobytes() {
  long pages = 0;
  long resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  const int read = std::fscanf(file, "%ld %ld", &pages, &resident);
  std::fclose(file);
  return read == 2 ? resident * (sysconf(_SC_PAGESIZE) / 1024) : 0;
}

// What may be left of 20,000 objects. A sanitizer keeps freed memory.
constexpr long kMostKilobytes = kSanitized ? 1 << 20 : 2048;

// Without a driver: 20,000 handles that cannot be made, and nothing is left.
void TestFailingCreations() {
  const auto create = CUDNN(cudnnCreate);
  const auto fail_once = [&] {
    cudnnHandle_t handle = nullptr;
    return create(&handle) == CUDNN_STATUS_NOT_INITIALIZED && handle == nullptr;
  };
  CHECK_MESSAGE(fail_once(), "a handle without a driver");
  const std::string text = LastError();
  CHECK_MESSAGE(text.find("cudaGetDeviceCount") != std::string::npos,
                Format("the error says \"%s\"", text.c_str()));
  for (int i = 0; i < 500; ++i) fail_once();
  const long before = ResidentKilobytes();
  bool all = true;
  for (int i = 0; i < 20000; ++i) all = fail_once() && all;
  CHECK_MESSAGE(all, "one of 20,000 creations did not fail");
  const long grown = ResidentKilobytes() - before;
  CHECK_MESSAGE(grown < kMostKilobytes,
                Format("20,000 failing creations took %ld KiB", grown));
  std::printf("20,000 failing creations: memory grew by %ld KiB\n", grown);
}

void TestManySettings() {
  const long before = ResidentKilobytes();
  for (int i = 0; i < 20000; ++i) {
    RnnSettings wrong;
    wrong.projection = i % 2 == 0 ? 0 : 5;
    SetRnn(wrong);
  }
  const long grown = ResidentKilobytes() - before;
  CHECK_MESSAGE(grown < kMostKilobytes,
                Format("20,000 descriptors took %ld KiB", grown));
}

// Redirects stderr to a file: what cuDNN writes there is counted.
long WrittenToStderr(void (*act)()) {
  std::FILE* file = std::tmpfile();
  const int kept = dup(STDERR_FILENO);
  std::fflush(stderr);
  dup2(fileno(file), STDERR_FILENO);
  act();
  std::fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
  std::fseek(file, 0, SEEK_END);
  const long bytes = std::ftell(file);
  std::rewind(file);
  char line[256];
  while (std::fgets(line, sizeof(line), file) != nullptr)
    std::fputs(line, stderr);
  std::fclose(file);
  return bytes;
}

const char* Folder() {
  const char* named = std::getenv("CUDNN_GRU_TEST_CUDNN");
#ifdef CUDNN_GRU_TEST_CUDNN_FOLDER
  if (named == nullptr) return CUDNN_GRU_TEST_CUDNN_FOLDER;
#endif
  return named;
}

// Runs `test` with cuDNN open, and checks that it writes nothing to stderr.
void OnCudnn(void (*test)()) {
  const char* folder = Folder();
  if (folder == nullptr) {
    return Skip("cuDNN 9 was not found (CUDNN_GRU_TEST_CUDNN names it)");
  }
  const std::string path = std::string(folder) + "/libcudnn_adv.so.9";
  library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Skip(std::string("cuDNN could not be opened: ") + dlerror());
  }
  const long written = WrittenToStderr(test);
  CHECK_MESSAGE(written == 0,
                Format("%ld bytes were written to stderr", written));
}

TEST_CASE("cuDNN has the versions and functions") { OnCudnn(TestVersions); }

TEST_CASE("descriptors of a layer") { OnCudnn(TestRnnDescriptors); }

TEST_CASE("descriptors of data") { OnCudnn(TestDataDescriptors); }

TEST_CASE("descriptors of a state") { OnCudnn(TestStateDescriptor); }

TEST_CASE("20000 descriptors leave no memory behind") {
  OnCudnn(TestManySettings);
}

TEST_CASE("20000 failing creations leave no memory behind") {
  if (HasDriver()) return Skip("this machine has a driver");
  OnCudnn(TestFailingCreations);
}

}  // namespace
}  // namespace cudnn_gru_test
