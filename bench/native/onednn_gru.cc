// oneDNN's lbr_gru primitive (linear before reset, Keras's reset_after=True),
// forward inference, with weights reordered once into the layout it chooses.
// Inputs and outputs are time-major, as oneDNN has them. Both its API
// generations are supported: 3.0 removed operation descriptors.
#include <omp.h>

#include <cstring>
#include <dnnl.hpp>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "contender.h"

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

constexpr auto kFloat = memory::data_type::f32;
constexpr auto kKind = dnnl::prop_kind::forward_inference;
constexpr auto kDirection = dnnl::rnn_direction::unidirectional_left2right;

dnnl::lbr_gru_forward::primitive_desc Describe(
    const dnnl::engine& engine, const memory::desc& src,
    const memory::desc& weights_layer, const memory::desc& weights_iter,
    const memory::desc& bias, const memory::desc& dst) {
  const memory::desc none;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::lbr_gru_forward::primitive_desc(engine, kKind, kDirection, src,
                                               none, weights_layer,
                                               weights_iter, bias, dst, none);
#else
  const dnnl::lbr_gru_forward::desc operation(kKind, kDirection, src, none,
                                              weights_layer, weights_iter, bias,
                                              dst, none);
  return dnnl::lbr_gru_forward::primitive_desc(operation, engine);
#endif
}

class OnednnTask : public bench::Task {
 public:
  explicit OnednnTask(const bench::Problem& problem)
      : problem_(problem),
        engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_) {
    const memory::dim b = static_cast<memory::dim>(problem.batch);
    const memory::dim t = static_cast<memory::dim>(problem.timesteps);
    const memory::dim f = static_cast<memory::dim>(problem.features);
    const memory::dim u = static_cast<memory::dim>(problem.units);
    const memory::desc src({t, b, f}, kFloat, Tag::tnc);
    const memory::desc dst({t, b, u}, kFloat, Tag::tnc);
    const memory::desc bias({1, 1, 4, u}, kFloat, Tag::ldgo);
    const auto primitive =
        Describe(engine_, src, memory::desc({1, 1, f, 3, u}, kFloat, Tag::any),
                 memory::desc({1, 1, u, 3, u}, kFloat, Tag::any), bias, dst);

    memory inputs(src, engine_);
    float* const to = static_cast<float*>(inputs.get_data_handle());
    for (size_t i = 0; i < problem.batch; ++i) {
      for (size_t j = 0; j < problem.timesteps; ++j) {
        std::memcpy(to + (j * problem.batch + i) * problem.features,
                    problem.inputs.data() +
                        (i * problem.timesteps + j) * problem.features,
                    problem.features * sizeof(float));
      }
    }
    output_ = memory(dst, engine_);
    arguments_ = {
        {DNNL_ARG_SRC_LAYER, inputs},
        {DNNL_ARG_WEIGHTS_LAYER, Reordered(problem.kernel, {1, 1, f, 3, u},
                                           primitive.weights_layer_desc())},
        {DNNL_ARG_WEIGHTS_ITER,
         Reordered(problem.recurrent_kernel, {1, 1, u, 3, u},
                   primitive.weights_iter_desc())},
        {DNNL_ARG_BIAS, Bias(bias)},
        {DNNL_ARG_DST_LAYER, output_},
        {DNNL_ARG_WORKSPACE, memory(primitive.workspace_desc(), engine_)}};
    gru_ = dnnl::lbr_gru_forward(primitive);
  }

  void Call() override {
    gru_.execute(stream_, arguments_);
    stream_.wait();
  }

  std::vector<float> Output() override {
    const size_t units = problem_.units;
    std::vector<float> output(problem_.batch * problem_.timesteps * units);
    const float* const from =
        static_cast<const float*>(output_.get_data_handle());
    for (size_t i = 0; i < problem_.batch; ++i) {
      for (size_t j = 0; j < problem_.timesteps; ++j) {
        std::memcpy(output.data() + (i * problem_.timesteps + j) * units,
                    from + (j * problem_.batch + i) * units,
                    units * sizeof(float));
      }
    }
    return output;
  }

 private:
  // Keras's (features, 3, units) is oneDNN's ldigo, gates in the same order.
  memory Reordered(const std::vector<float>& weights, const memory::dims& dims,
                   const memory::desc& wanted) {
    memory plain({dims, kFloat, Tag::ldigo}, engine_);
    std::memcpy(plain.get_data_handle(), weights.data(),
                weights.size() * sizeof(float));
    memory packed(wanted, engine_);
    dnnl::reorder(plain, packed).execute(stream_, plain, packed);
    stream_.wait();
    return packed;
  }

  // The biases of z and r are added up; h has an input and a recurrent one.
  memory Bias(const memory::desc& desc) {
    memory bias(desc, engine_);
    float* const to = static_cast<float*>(bias.get_data_handle());
    const size_t units = problem_.units;
    const float* const input = problem_.bias.data();
    const float* const recurrent = input + 3 * units;
    for (size_t i = 0; i < 2 * units; ++i) to[i] = input[i] + recurrent[i];
    for (size_t i = 0; i < units; ++i) {
      to[2 * units + i] = input[2 * units + i];
      to[3 * units + i] = recurrent[2 * units + i];
    }
    return bias;
  }

  const bench::Problem problem_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  memory output_;
  std::unordered_map<int, memory> arguments_;
  dnnl::lbr_gru_forward gru_;
};

}  // namespace

int main(int, char** argv) {
  omp_set_num_threads(std::stoi(argv[1]));
  const dnnl_version_t* const version = dnnl_version();
  return bench::Serve(std::to_string(version->major) + "." +
                          std::to_string(version->minor) + "." +
                          std::to_string(version->patch),
                      [](const bench::Problem& problem) {
                        return std::make_unique<OnednnTask>(problem);
                      });
}
