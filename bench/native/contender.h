#ifndef CUDNN_GRU_BENCH_NATIVE_CONTENDER_H_
#define CUDNN_GRU_BENCH_NATIVE_CONTENDER_H_

#include <chrono>
#include <cstddef>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench {

// The weights of one GRU in Keras's layouts, gates in the order z, r, h.
struct Gru {
  std::vector<float> kernel;            // (F, 3U)
  std::vector<float> recurrent_kernel;  // (U, 3U)
  std::vector<float> bias;              // (2, 3U)
};

// The data of one shape.
struct Problem {
  size_t batch, timesteps, features, units, layers, directions;
  std::vector<float> inputs;  // (B, T, F)
  // Layers in order, forward before backward.
  std::vector<Gru> grus;
};

// A problem made ready.
class Task {
 public:
  virtual ~Task() = default;
  virtual void Call() = 0;
  // Of the last call, (B, T, U of all directions).
  virtual std::vector<float> Output() = 0;
};

inline Problem ReadProblem(std::istream& request, std::string* folder) {
  Problem problem;
  request >> problem.batch >> problem.timesteps >> problem.features >>
      problem.units >> problem.layers >> problem.directions >> std::ws;
  std::getline(request, *folder);
  std::ifstream file(*folder + "/problem.f32", std::ios::binary);
  const auto read = [&file](std::vector<float>* part, size_t size) {
    part->resize(size);
    file.read(reinterpret_cast<char*>(part->data()),
              static_cast<std::streamsize>(size * sizeof(float)));
  };
  read(&problem.inputs, problem.batch * problem.timesteps * problem.features);
  for (size_t layer = 0; layer < problem.layers; ++layer) {
    const size_t features =
        layer == 0 ? problem.features : problem.directions * problem.units;
    for (size_t i = 0; i < problem.directions; ++i) {
      Gru gru;
      read(&gru.kernel, features * 3 * problem.units);
      read(&gru.recurrent_kernel, problem.units * 3 * problem.units);
      read(&gru.bias, 6 * problem.units);
      problem.grus.push_back(std::move(gru));
    }
  }
  if (!file) throw std::runtime_error("problem.f32 is too short");
  return problem;
}

// Answers requests on standard input until it ends (bench/child.ts has the
// protocol).
inline int Serve(
    const std::string& version,
    const std::function<std::unique_ptr<Task>(const Problem&)>& prepare) {
  std::unique_ptr<Task> task;
  std::cout << "ok " << version << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream request(line);
    std::string verb;
    request >> verb;
    try {
      if (verb == "prepare") {
        std::string folder;
        task = prepare(ReadProblem(request, &folder));
        task->Call();
        const std::vector<float> output = task->Output();
        std::ofstream file(folder + "/output.f32", std::ios::binary);
        file.write(reinterpret_cast<const char*>(output.data()),
                   static_cast<std::streamsize>(output.size() * sizeof(float)));
        file.close();
        if (!file) throw std::runtime_error("output.f32 cannot be written");
        std::cout << "ok" << std::endl;
      } else if (verb == "time" && task != nullptr) {
        long calls = 0;
        request >> calls;
        const auto start = std::chrono::steady_clock::now();
        for (long i = 0; i < calls; ++i) task->Call();
        const std::chrono::duration<double, std::nano> elapsed =
            std::chrono::steady_clock::now() - start;
        std::cout << "ok " << std::fixed << elapsed.count() << std::endl;
      } else {
        throw std::runtime_error("unknown request " + verb);
      }
    } catch (const std::exception& error) {
      std::cout << "error " << error.what() << std::endl;
    }
  }
  return 0;
}

}  // namespace bench

#endif  // CUDNN_GRU_BENCH_NATIVE_CONTENDER_H_
