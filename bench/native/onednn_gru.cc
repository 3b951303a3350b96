// oneDNN's lbr_gru primitive (linear before reset, Keras's reset_after=True),
// forward inference, with weights reordered once into the layout it chooses.
// One primitive computes all layers where it can: those after the first must
// have as many features as the first. Otherwise there is one for each layer.
// Inputs and outputs are time-major, as oneDNN has them, in float32 or bfloat16.
// Both its API generations are supported: 3.0 removed operation descriptors.
#include <omp.h>

#include <cstdint>
#include <cstring>
#include <dnnl.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "contender.h"

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

using Type = memory::data_type;

constexpr auto kKind = dnnl::prop_kind::forward_inference;

// Numbers of float32 or bfloat16 in the memory of oneDNN, as floats.
class Numbers {
 public:
  explicit Numbers(const memory& memory, Type type)
      : data_(memory.get_data_handle()), wide_(type == Type::f32) {}

  void Write(size_t at, float value) {
    if (wide_) {
      static_cast<float*>(data_)[at] = value;
      return;
    }
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    // To the nearest, ties to even. There are no NaN.
    bits += 0x7fffu + ((bits >> 16) & 1u);
    static_cast<uint16_t*>(data_)[at] = static_cast<uint16_t>(bits >> 16);
  }

  float Read(size_t at) const {
    if (wide_) return static_cast<const float*>(data_)[at];
    const uint32_t bits =
        static_cast<uint32_t>(static_cast<const uint16_t*>(data_)[at]) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

 private:
  void* const data_;
  const bool wide_;
};

// The descriptors of one primitive.
struct Sizes {
  memory::dim layers, directions, batch, timesteps, features, units;
  Type type;

  memory::desc Src() const {
    return memory::desc({timesteps, batch, features}, type, Tag::tnc);
  }
  memory::desc Dst() const {
    return memory::desc({timesteps, batch, directions * units}, type, Tag::tnc);
  }
  memory::dims WeightsLayer() const {
    return {layers, directions, features, 3, units};
  }
  memory::dims WeightsIter() const {
    return {layers, directions, units, 3, units};
  }
  memory::desc Bias() const {
    return memory::desc({layers, directions, 4, units}, Type::f32, Tag::ldgo);
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
  const memory::desc weights_layer(sizes.WeightsLayer(), sizes.type, Tag::any);
  const memory::desc weights_iter(sizes.WeightsIter(), sizes.type, Tag::any);
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
  OnednnTask(const bench::Problem& problem, Type type)
      : problem_(problem),
        type_(type),
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
    const Numbers from(output_, type_);
    for (size_t i = 0; i < problem_.batch; ++i) {
      for (size_t j = 0; j < problem_.timesteps; ++j) {
        for (size_t k = 0; k < width; ++k) {
          output[(i * problem_.timesteps + j) * width + k] =
              from.Read((j * problem_.batch + i) * width + k);
        }
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
                         static_cast<memory::dim>(problem_.units),
                         type_};
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
                            type_, Tag::tnc);
    memory inputs(desc, engine_);
    Numbers to(inputs, type_);
    const size_t width = problem_.features;
    for (size_t i = 0; i < problem_.batch; ++i) {
      for (size_t j = 0; j < problem_.timesteps; ++j) {
        for (size_t k = 0; k < width; ++k) {
          to.Write((j * problem_.batch + i) * width + k,
                   problem_.inputs[(i * problem_.timesteps + j) * width + k]);
        }
      }
    }
    return inputs;
  }

  // Keras's (features, 3, units) is oneDNN's igo, gates in the same order.
  memory Reordered(const std::vector<bench::Gru>& grus,
                   std::vector<float> bench::Gru::* weights,
                   const memory::dims& dims, const memory::desc& wanted) {
    memory plain({dims, type_, Tag::ldigo}, engine_);
    Numbers to(plain, type_);
    size_t at = 0;
    for (const bench::Gru& gru : grus) {
      for (const float weight : gru.*weights) to.Write(at++, weight);
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
  const Type type_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  // Of the last primitive.
  memory output_;
  std::vector<Primitive> primitives_;
};

}  // namespace

// onednn_gru <threads> <float32 or bfloat16>
int main(int, char** argv) {
  omp_set_num_threads(std::stoi(argv[1]));
  const Type type =
      std::string(argv[2]) == "bfloat16" ? Type::bf16 : Type::f32;
  const dnnl_version_t* const version = dnnl_version();
  const std::string name = std::to_string(version->major) + "." +
                           std::to_string(version->minor) + "." +
                           std::to_string(version->patch);
  if (version->major != DNNL_VERSION_MAJOR ||
      version->minor != DNNL_VERSION_MINOR) {
    std::cout << "error the headers are of oneDNN " << DNNL_VERSION_MAJOR << "."
              << DNNL_VERSION_MINOR << ", but the library is " << name
              << std::endl;
    return 1;
  }
  try {
    Describe(dnnl::engine(dnnl::engine::kind::cpu, 0),
             {1, 1, 1, 1, 1, 1, type});
  } catch (const dnnl::error& error) {
    std::cout << "error oneDNN " << name << " has no lbr_gru in " << argv[2]
              << " on this machine: " << error.what() << std::endl;
    return 1;
  }
  return bench::Serve(name, [type](const bench::Problem& problem) {
    return std::make_unique<OnednnTask>(problem, type);
  });
}
