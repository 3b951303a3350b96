// oneDNN's lbr_gru primitive (linear before reset, Keras's reset_after=True),
// forward inference, with weights reordered once into the layout it chooses.
// One primitive computes all layers where it can: those after the first must
// have as many features as the first. Otherwise there is one for each layer.
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

// The descriptors of one primitive.
struct Sizes {
  memory::dim layers, directions, batch, timesteps, features, units;

  memory::desc Src() const {
    return memory::desc({timesteps, batch, features}, kFloat, Tag::tnc);
  }
  memory::desc Dst() const {
    return memory::desc({timesteps, batch, directions * units}, kFloat,
                        Tag::tnc);
  }
  memory::dims WeightsLayer() const {
    return {layers, directions, features, 3, units};
  }
  memory::dims WeightsIter() const {
    return {layers, directions, units, 3, units};
  }
  memory::desc Bias() const {
    return memory::desc({layers, directions, 4, units}, kFloat, Tag::ldgo);
  }
};

dnnl::lbr_gru_forward::primitive_desc Describe(const dnnl::engine& engine,
                                               const Sizes& sizes) {
  const auto direction = sizes.directions == 2
                             ? dnnl::rnn_direction::bidirectional_concat
                             : dnnl::rnn_direction::unidirectional_left2right;
  const memory::desc none;
  const memory::desc src = sizes.Src();
  const memory::desc dst = sizes.Dst();
  const memory::desc bias = sizes.Bias();
  const memory::desc weights_layer(sizes.WeightsLayer(), kFloat, Tag::any);
  const memory::desc weights_iter(sizes.WeightsIter(), kFloat, Tag::any);
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::lbr_gru_forward::primitive_desc(engine, kKind, direction, src,
                                               none, weights_layer,
                                               weights_iter, bias, dst, none);
#else
  const dnnl::lbr_gru_forward::desc operation(kKind, direction, src, none,
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
    output_ = Inputs();
    const size_t count = LayersOfPrimitive();
    for (size_t layer = 0; layer < problem.layers; layer += count) {
      AddPrimitive(layer, count);
    }
  }

  void Call() override {
    for (const Primitive& one : primitives_) {
      one.gru.execute(stream_, one.arguments);
    }
    stream_.wait();
  }

  std::vector<float> Output() override {
    const size_t width = problem_.directions * problem_.units;
    std::vector<float> output(problem_.batch * problem_.timesteps * width);
    const float* const from =
        static_cast<const float*>(output_.get_data_handle());
    for (size_t i = 0; i < problem_.batch; ++i) {
      for (size_t j = 0; j < problem_.timesteps; ++j) {
        std::memcpy(output.data() + (i * problem_.timesteps + j) * width,
                    from + (j * problem_.batch + i) * width,
                    width * sizeof(float));
      }
    }
    return output;
  }

 private:
  struct Primitive {
    dnnl::lbr_gru_forward gru;
    std::unordered_map<int, memory> arguments;
  };

  size_t LayersOfPrimitive() const {
    const size_t width = problem_.directions * problem_.units;
    return problem_.features == width ? problem_.layers : 1;
  }

  size_t FeaturesOf(size_t layer) const {
    return layer == 0 ? problem_.features
                      : problem_.directions * problem_.units;
  }

  // Adds the primitive of `count` layers, whose inputs are the output so far.
  void AddPrimitive(size_t first, size_t count) {
    const Sizes sizes = {static_cast<memory::dim>(count),
                         static_cast<memory::dim>(problem_.directions),
                         static_cast<memory::dim>(problem_.batch),
                         static_cast<memory::dim>(problem_.timesteps),
                         static_cast<memory::dim>(FeaturesOf(first)),
                         static_cast<memory::dim>(problem_.units)};
    const auto primitive = Describe(engine_, sizes);
    const size_t begin = first * problem_.directions;
    const std::vector<bench::Gru> grus(
        problem_.grus.begin() + begin,
        problem_.grus.begin() + begin + count * problem_.directions);
    const memory inputs = output_;
    output_ = memory(sizes.Dst(), engine_);
    primitives_.push_back(
        {dnnl::lbr_gru_forward(primitive),
         {{DNNL_ARG_SRC_LAYER, inputs},
          {DNNL_ARG_WEIGHTS_LAYER,
           Reordered(grus, &bench::Gru::kernel, sizes.WeightsLayer(),
                     primitive.weights_layer_desc())},
          {DNNL_ARG_WEIGHTS_ITER,
           Reordered(grus, &bench::Gru::recurrent_kernel, sizes.WeightsIter(),
                     primitive.weights_iter_desc())},
          {DNNL_ARG_BIAS, Bias(grus, sizes.Bias())},
          {DNNL_ARG_DST_LAYER, output_},
          {DNNL_ARG_WORKSPACE, memory(primitive.workspace_desc(), engine_)}}});
  }

  // The inputs, time-major.
  memory Inputs() {
    const memory::desc desc({static_cast<memory::dim>(problem_.timesteps),
                             static_cast<memory::dim>(problem_.batch),
                             static_cast<memory::dim>(problem_.features)},
                            kFloat, Tag::tnc);
    memory inputs(desc, engine_);
    float* const to = static_cast<float*>(inputs.get_data_handle());
    for (size_t i = 0; i < problem_.batch; ++i) {
      for (size_t j = 0; j < problem_.timesteps; ++j) {
        std::memcpy(to + (j * problem_.batch + i) * problem_.features,
                    problem_.inputs.data() +
                        (i * problem_.timesteps + j) * problem_.features,
                    problem_.features * sizeof(float));
      }
    }
    return inputs;
  }

  // Keras's (features, 3, units) is oneDNN's igo, gates in the same order.
  memory Reordered(const std::vector<bench::Gru>& grus,
                   std::vector<float> bench::Gru::* weights,
                   const memory::dims& dims, const memory::desc& wanted) {
    memory plain({dims, kFloat, Tag::ldigo}, engine_);
    float* to = static_cast<float*>(plain.get_data_handle());
    for (const bench::Gru& gru : grus) {
      const std::vector<float>& own = gru.*weights;
      std::memcpy(to, own.data(), own.size() * sizeof(float));
      to += own.size();
    }
    memory packed(wanted, engine_);
    dnnl::reorder(plain, packed).execute(stream_, plain, packed);
    stream_.wait();
    return packed;
  }

  // The biases of z and r are added up; h has an input and a recurrent one.
  memory Bias(const std::vector<bench::Gru>& grus, const memory::desc& desc) {
    memory bias(desc, engine_);
    float* to = static_cast<float*>(bias.get_data_handle());
    const size_t units = problem_.units;
    for (const bench::Gru& gru : grus) {
      const float* const input = gru.bias.data();
      const float* const recurrent = input + 3 * units;
      for (size_t i = 0; i < 2 * units; ++i) to[i] = input[i] + recurrent[i];
      for (size_t i = 0; i < units; ++i) {
        to[2 * units + i] = input[2 * units + i];
        to[3 * units + i] = recurrent[2 * units + i];
      }
      to += 4 * units;
    }
    return bias;
  }

  const bench::Problem problem_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  // Of the last primitive.
  memory output_;
  std::vector<Primitive> primitives_;
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
