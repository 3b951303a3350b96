#ifndef CUDNN_GRU_TEST_NATIVE_MODEL_CASE_H_
#define CUDNN_GRU_TEST_NATIVE_MODEL_CASE_H_

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/thread_pool.h"
#include "cpu/dispatch/dispatch.h"
#include "generator.h"
#include "model/convert.h"
#include "model/program.h"
#include "native_test.h"

namespace cudnn_gru_test {

using cudnn_gru::ElementType;
using cudnn_gru::TensorId;
using Values = std::vector<double>;

// Copies numbers to an array of elements of `type`.
inline std::vector<char> ToArray(ElementType type, const Values& values) {
  std::vector<char> array(values.size() * cudnn_gru::ElementSize(type));
  cudnn_gru::WithElement(type, [&](auto zero) {
    using T = decltype(zero);
    T* const elements = reinterpret_cast<T*>(array.data());
    for (size_t i = 0; i < values.size(); ++i) {
      elements[i] = cudnn_gru::Convert<T>(values[i]);
    }
    return 0;
  });
  return array;
}

// The numbers in an array of elements of `type`.
inline Values FromArray(ElementType type, const std::vector<char>& array) {
  Values values(array.size() / cudnn_gru::ElementSize(type));
  cudnn_gru::WithElement(type, [&](auto zero) {
    using T = decltype(zero);
    const T* const elements = reinterpret_cast<const T*>(array.data());
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<double>(elements[i]);
    }
    return 0;
  });
  return values;
}

// Rounds numbers to what elements of `type` can hold.
inline Values Rounded(ElementType type, const Values& values) {
  return FromArray(type, ToArray(type, values));
}

// Random numbers that are exact in `type`: whole ones for int32, and 0 or 1 for
// bool.
inline Values RandomValues(Generator* generator, ElementType type, size_t count,
                           double low = -2, double high = 2) {
  Values values(count);
  for (double& value : values) {
    value = generator->Uniform(low, high);
    if (type == ElementType::kBool) value = value > (low + high) / 2 ? 1 : 0;
    if (type == ElementType::kInt32) value = std::floor(value);
  }
  return Rounded(type, values);
}

// A program for a test, and the values that it is called with.
struct ModelCase {
  cudnn_gru::CpuIsa isa;
  size_t rows = 1;
  Generator generator{1};
  cudnn_gru::ProgramSpec spec;
  std::vector<Values> inputs;    // of all rows
  std::vector<Values> expected;  // of all rows
  double tolerance = 1e-5;

  TensorId Tensor(ElementType type, size_t size) {
    spec.tensors.push_back({type, size});
    return spec.tensors.size() - 1;
  }
  TensorId Input(ElementType type, size_t size, Values values) {
    const TensorId id = Tensor(type, size);
    spec.inputs.push_back({id, cudnn_gru::StateRounding::kNone});
    inputs.push_back(Rounded(type, values));
    return id;
  }
  TensorId RandomInput(ElementType type, size_t size, double low = -2,
                       double high = 2) {
    return Input(type, size,
                 RandomValues(&generator, type, rows * size, low, high));
  }
  TensorId Constant(ElementType type, const Values& values) {
    const TensorId id = Tensor(type, values.size());
    std::shared_ptr<const cudnn_gru::ConstantData> data;
    const std::vector<char> array = ToArray(type, values);
    REQUIRE(cudnn_gru::ConstantData::Create(type, array.data(), values.size(),
                                            &data)
                .ok());
    spec.constants.push_back({id, data});
    return id;
  }
  std::shared_ptr<const cudnn_gru::PackedMatrix> Matrix(ElementType type,
                                                        size_t depth,
                                                        size_t columns,
                                                        const Values& kernel,
                                                        const Values* bias) {
    const std::vector<char> kernel_array = ToArray(type, kernel);
    const std::vector<char> bias_array =
        bias == nullptr ? std::vector<char>() : ToArray(type, *bias);
    std::shared_ptr<const cudnn_gru::PackedMatrix> matrix;
    const cudnn_gru::Status status = cudnn_gru::PackedMatrix::Create(
        {type == ElementType::kFloat32 ? cudnn_gru::Dtype::kFloat32
                                       : cudnn_gru::Dtype::kFloat64,
         depth, columns, kernel_array.data(),
         bias == nullptr ? nullptr : bias_array.data()},
        isa, &matrix);
    REQUIRE(status.ok());
    return matrix;
  }
  // Adds an output, and the values that it should have.
  void Output(TensorId id, Values values) {
    spec.outputs.push_back({id, cudnn_gru::StateRounding::kNone});
    expected.push_back(std::move(values));
  }
  cudnn_gru::Status Create(
      std::shared_ptr<const cudnn_gru::Program>* program) const {
    return cudnn_gru::Program::Create(spec, isa, program);
  }
};

// Runs rows `begin` to `end - 1` of a case on up to `threads` threads. Returns
// the outputs' arrays.
inline std::vector<std::vector<char>> RunRows(const ModelCase& model,
                                              const cudnn_gru::Program& program,
                                              size_t begin, size_t end,
                                              int threads) {
  std::vector<std::vector<char>> arrays;
  std::vector<const void*> inputs;
  std::vector<std::vector<char>> outputs;
  std::vector<void*> output_pointers;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const auto& port = program.inputs()[i];
    const auto first = model.inputs[i].begin();
    arrays.push_back(
        ToArray(port.type,
                Values(first + static_cast<std::ptrdiff_t>(begin * port.size),
                       first + static_cast<std::ptrdiff_t>(end * port.size))));
  }
  for (const auto& array : arrays) inputs.push_back(array.data());
  for (const auto& port : program.outputs()) {
    outputs.emplace_back(
        (end - begin) * port.size * cudnn_gru::ElementSize(port.type),
        char(0x5a));
  }
  for (auto& output : outputs) output_pointers.push_back(output.data());
  cudnn_gru::ComputeOptions options;
  options.threads = threads;
  const cudnn_gru::Status status = program.Run(
      {end - begin, inputs.data(), output_pointers.data()}, options);
  CHECK_MESSAGE(status.ok(), status.message());
  return outputs;
}

// Compares the values of an output with the expected ones.
inline void CheckValues(const std::string& name, const Values& found,
                        const Values& expected, double tolerance) {
  REQUIRE_MESSAGE(found.size() == expected.size(),
                  Format("%s: %zu values instead of %zu", name.c_str(),
                         found.size(), expected.size()));
  double largest = 1;
  for (const double value : expected) {
    if (std::isfinite(value)) largest = std::fmax(largest, std::fabs(value));
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const bool same =
        std::isnan(expected[i])
            ? std::isnan(found[i])
            : found[i] == expected[i] ||
                  std::fabs(found[i] - expected[i]) <= tolerance * largest;
    CHECK_MESSAGE(same, Format("%s: element %zu is %.9g instead of %.9g",
                               name.c_str(), i, found[i], expected[i]));
  }
}

// Runs a case with all instruction sets of this machine: the whole batch, each
// row alone, and on several threads. The values must be the expected ones, and
// the bits of a row the same each time. `make` fills in the spec, the inputs
// and the expected values of a case, whose `isa` and `rows` are set.
inline void CheckModel(const std::string& name, size_t rows,
                       const std::function<void(ModelCase*)>& make) {
  cudnn_gru::ThreadPool::Get().set_threads(3);
  for (const cudnn_gru::CpuIsa& isa : cudnn_gru::AvailableIsas()) {
    const std::string label = name + ", " + isa.name;
    ModelCase model;
    model.isa = isa;
    model.rows = rows;
    make(&model);
    std::shared_ptr<const cudnn_gru::Program> program;
    const cudnn_gru::Status status = model.Create(&program);
    REQUIRE_MESSAGE(status.ok(), (label + ": " + status.message()));
    const auto whole = RunRows(model, *program, 0, rows, 1);
    for (size_t i = 0; i < whole.size(); ++i) {
      CheckValues(label, FromArray(program->outputs()[i].type, whole[i]),
                  model.expected[i], model.tolerance);
    }
    const auto threaded = RunRows(model, *program, 0, rows, 3);
    CHECK_MESSAGE(threaded == whole, (label + ": other bits on three threads"));
    if (!program->divisible()) continue;
    for (size_t row = 0; row < rows; ++row) {
      const auto alone = RunRows(model, *program, row, row + 1, 1);
      for (size_t i = 0; i < whole.size(); ++i) {
        const size_t bytes = whole[i].size() / rows;
        CHECK_MESSAGE(std::equal(alone[i].begin(), alone[i].end(),
                                 whole[i].data() + row * bytes,
                                 whole[i].data() + (row + 1) * bytes),
                      Format("%s: output %zu has other bits for row %zu alone",
                             label.c_str(), i, row));
      }
    }
  }
}

// Checks that a program cannot be made, and that the message contains `text`.
inline void CheckRefused(const ModelCase& model, cudnn_gru::StatusCode code,
                         const std::string& text) {
  std::shared_ptr<const cudnn_gru::Program> program;
  const cudnn_gru::Status status = model.Create(&program);
  CHECK_MESSAGE((status.code() == code &&
                 status.message().find(text) != std::string::npos),
                ("expected a message with \"" + text + "\" but received \"" +
                 status.message() + "\""));
}

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_MODEL_CASE_H_
