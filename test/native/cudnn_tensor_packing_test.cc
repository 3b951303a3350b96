// How a call becomes calls of cuDNN's and back: against the scalar reference,
// with chunks so short that small calls have several; and the gradients of that
// as the transposes of what it does forward.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cpu/reference/gru_reference.h"
#include "cpu/weights/weights.h"
#include "cudnn/chunking.h"
#include "cudnn/tensor_packing.h"
#include "generator.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::Activation;
using cudnn_gru::Chunk;
using cudnn_gru::Chunking;
using cudnn_gru::CpuIsa;
using cudnn_gru::CpuWeights;
using cudnn_gru::DivideIntoChunks;
using cudnn_gru::ForwardReference;
using cudnn_gru::GruCall;
using cudnn_gru::GruDescription;
using cudnn_gru::RowLengths;
using cudnn_gru::Status;
using cudnn_gru::StatusCode;
using cudnn_gru::TensorPacking;

constexpr size_t kFeatures = 3;
constexpr size_t kUnits = 4;

// Small whole numbers: sums of them are exact.
std::vector<float> Whole(size_t n, Generator* generator) {
  std::vector<float> values(n);
  for (float& value : values) {
    value = static_cast<float>(static_cast<int>(generator->Uniform(-8, 8)));
  }
  return values;
}

std::vector<float> Uniform(size_t n, Generator* generator) {
  std::vector<float> values(n);
  for (float& value : values) {
    value = static_cast<float>(generator->Uniform(-1, 1));
  }
  return values;
}

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

struct Case {
  std::string name;
  GruDescription description;
  GruCall call;
  std::vector<int32_t> lengths;
  size_t max_timesteps = 0;
  // Chunks without padding are time-major.
  bool time_major = false;
};

std::vector<Case> Cases() {
  const std::vector<std::vector<int32_t>> all_lengths = {
      {7, 7, 7}, {7, 3, 5}, {2, 7, 0, 4, 1}, {0, 0}, {4, 6, 2}, {1}, {0, 3}};
  std::vector<Case> cases;
  for (const std::vector<int32_t>& lengths : all_lengths) {
    for (size_t max_timesteps : {1, 2, 3, 7, 100}) {
      for (int flags = 0; flags < 8; ++flags) {
        Case each;
        each.description.features = kFeatures;
        each.description.units = kUnits;
        each.description.activation.kind = Activation::kTanh;
        each.description.recurrent_activation.kind = Activation::kSigmoid;
        each.call.batch = lengths.size();
        each.call.timesteps = 7;
        each.call.return_sequences = (flags & 1) != 0;
        each.call.go_backwards = (flags & 2) != 0;
        each.call.zero_output_for_mask = (flags & 4) != 0;
        each.lengths = lengths;
        each.max_timesteps = max_timesteps;
        each.time_major = cases.size() % 2 == 1;
        each.name = "lengths";
        for (int32_t length : lengths) {
          each.name += " " + std::to_string(length);
        }
        each.name += ", chunks of " + std::to_string(max_timesteps) +
                     ", flags " + std::to_string(flags);
        cases.push_back(std::move(each));
      }
    }
  }
  return cases;
}

size_t OutputSize(const GruCall& call) {
  return call.batch * (call.return_sequences ? call.timesteps : 1) * kUnits;
}

Chunking ChunkingOf(const Case& each, const GruCall& call) {
  Chunking chunking;
  const Status divided = DivideIntoChunks(call, each.max_timesteps, &chunking);
  CHECK_MESSAGE(divided.ok(), divided.message());
  for (Chunk& chunk : chunking.chunks) {
    chunk.algorithm.time_major =
        each.time_major && chunk.lengths == RowLengths::kEqual;
    size_t longest = 0;
    for (size_t i = 0; i < chunk.rows; ++i) {
      const int length = chunking.chunk_lengths[chunk.first_row + i];
      CHECK_MESSAGE(length > 0, Format("%s: an empty row reaches cuDNN",
                                       each.name.c_str()));
      longest = std::max(longest, static_cast<size_t>(length));
    }
    CHECK_MESSAGE(
        longest == chunk.timesteps,
        Format("%s: a chunk is padded by a whole step", each.name.c_str()));
  }
  return chunking;
}

// A chunk's (rows, timesteps, width) in its own order, or back.
std::vector<float> Reordered(const Chunk& chunk, size_t width,
                             const float* values, bool back) {
  std::vector<float> found(chunk.positions() * width);
  for (size_t row = 0; row < chunk.rows; ++row) {
    for (size_t step = 0; step < chunk.timesteps; ++step) {
      size_t from = row * chunk.timesteps + step;
      size_t to = chunk.algorithm.time_major ? step * chunk.rows + row : from;
      if (back) std::swap(from, to);
      std::copy_n(values + from * width, width, found.data() + to * width);
    }
  }
  return found;
}

// What cuDNN does with a chunk: rows of valid steps, then padding.
void Compute(const CpuWeights& weights, const Chunking& chunking,
             const Chunk& chunk, const float* x, const float* hx, float* y,
             float* hy) {
  const std::vector<float> inputs = Reordered(chunk, kFeatures, x, true);
  std::vector<float> output(chunk.positions() * kUnits);
  GruCall call;
  call.batch = chunk.rows;
  call.timesteps = chunk.timesteps;
  call.return_sequences = true;
  call.zero_output_for_mask = true;
  call.inputs = inputs.data();
  call.initial_state = hx;
  call.lengths = chunking.chunk_lengths.data() + chunk.first_row;
  call.output = output.data();
  call.state = hy;
  const Status status = ForwardReference(weights, call, nullptr);
  CHECK_MESSAGE(status.ok(), status.message());
  const std::vector<float> ordered =
      Reordered(chunk, kUnits, output.data(), false);
  std::copy(ordered.begin(), ordered.end(), y);
}

void Unpack(const TensorPacking& packing, const Chunking& chunking,
            const GruCall& call, const std::vector<float>& y,
            const std::vector<float>& hy, std::vector<float>* output) {
  if (!call.return_sequences) {
    for (size_t i = 0; i < call.batch; ++i) {
      packing.UnpackLastOutput(i, i + 1, hy.data(), output->data());
    }
    return;
  }
  for (const Chunk& chunk : chunking.chunks) {
    for (size_t line = 0; line < TensorPacking::LinesOf(chunk); ++line) {
      packing.UnpackOutput(chunk, line, line + 1,
                           y.data() + chunk.first_position * kUnits,
                           output->data());
    }
  }
  packing.FillMaskedOutputs(0, call.batch, output->data());
}

void ForwardIsTheReference(Case each, bool by_mask, bool with_state,
                           Generator* generator) {
  GruCall& call = each.call;
  const std::vector<float> kernel = Uniform(kFeatures * 3 * kUnits, generator);
  const std::vector<float> recurrent = Uniform(kUnits * 3 * kUnits, generator);
  const std::vector<float> bias = Uniform(6 * kUnits, generator);
  std::shared_ptr<const CpuWeights> weights;
  const Status made = CpuWeights::Create(
      each.description, CpuIsa{"reference", nullptr}, kernel.data(),
      recurrent.data(), bias.data(), &weights);
  CHECK_MESSAGE(made.ok(), made.message());

  const std::vector<float> inputs =
      Uniform(call.batch * call.timesteps * kFeatures, generator);
  const std::vector<float> initial = Uniform(call.batch * kUnits, generator);
  std::vector<uint8_t> mask;
  for (int32_t length : each.lengths) {
    for (size_t t = 0; t < call.timesteps; ++t) {
      mask.push_back(t < static_cast<size_t>(length));
    }
  }
  call.inputs = inputs.data();
  call.initial_state = with_state ? initial.data() : nullptr;
  if (by_mask) {
    call.mask = mask.data();
  } else {
    call.lengths = each.lengths.data();
  }
  std::vector<float> expected(OutputSize(call));
  std::vector<float> expected_state(initial.size());
  call.output = expected.data();
  call.state = expected_state.data();
  const Status reference = ForwardReference(*weights, call, nullptr);
  CHECK_MESSAGE(reference.ok(), reference.message());

  const Chunking chunking = ChunkingOf(each, call);
  const TensorPacking packing(each.description, call, chunking);
  std::vector<float> x(chunking.positions * kFeatures, 99.0f);
  std::vector<float> y(chunking.positions * kUnits, 99.0f);
  std::vector<float> hx(call.batch * kUnits, 0.0f);
  std::vector<float> hy(chunking.rows * kUnits, 99.0f);
  if (with_state && !chunking.chunks.empty()) {
    packing.PackInitialState(0, chunking.chunks[0].rows, initial.data(),
                             hx.data());
  }
  const float* before = hx.data();
  for (const Chunk& chunk : chunking.chunks) {
    float* const chunk_x = x.data() + chunk.first_position * kFeatures;
    // Line by line, as several threads would.
    for (size_t line = 0; line < TensorPacking::LinesOf(chunk); ++line) {
      packing.PackInputs(chunk, line, line + 1, inputs.data(), chunk_x);
    }
    float* const after = hy.data() + chunk.first_row * kUnits;
    Compute(*weights, chunking, chunk, chunk_x, before,
            y.data() + chunk.first_position * kUnits, after);
    before = after;
  }
  std::vector<float> output(expected.size(), 98.0f);
  std::vector<float> state = initial;
  Unpack(packing, chunking, call, y, hy, &output);
  for (size_t i = 0; i < call.batch; ++i) {
    packing.UnpackState(i, i + 1, hy.data(),
                        with_state ? state.data() : nullptr, state.data());
  }
  CHECK_MESSAGE(output == expected,
                Format("%s: output differs", each.name.c_str()));
  CHECK_MESSAGE(state == expected_state,
                Format("%s: state differs", each.name.c_str()));
}

// <unpack(y, hy), upstream> = <(y, hy), pack(upstream)>, for all y and hy.
void GradientsAreTransposes(const Case& each, Generator* generator) {
  GruCall call = each.call;
  call.lengths = each.lengths.data();
  const Chunking chunking = ChunkingOf(each, call);
  const TensorPacking packing(each.description, call, chunking);
  const std::vector<float> y = Whole(chunking.positions * kUnits, generator);
  // Only states that are some row's last one are read; cuDNN passes the others
  // on itself.
  const std::vector<float> hy = Whole(chunking.rows * kUnits, generator);
  const std::vector<float> initial = Whole(call.batch * kUnits, generator);
  const std::vector<float> up = Whole(OutputSize(call), generator);
  const std::vector<float> up_state = Whole(call.batch * kUnits, generator);
  std::vector<float> output(up.size());
  std::vector<float> state(initial.size());
  Unpack(packing, chunking, call, y, hy, &output);
  packing.UnpackState(0, call.batch, hy.data(), initial.data(), state.data());
  const double forward = Dot(output, up) + Dot(state, up_state);

  std::vector<float> dy(y.size(), 0.0f);
  std::vector<float> dhy(hy.size(), 0.0f);
  std::vector<float> dhx(
      chunking.chunks.empty() ? 0 : chunking.chunks[0].rows * kUnits, 0.0f);
  std::vector<float> dinitial(initial.size(), 99.0f);
  if (call.return_sequences) {
    for (const Chunk& chunk : chunking.chunks) {
      packing.PackOutputGradient(chunk, 0, TensorPacking::LinesOf(chunk),
                                 up.data(),
                                 dy.data() + chunk.first_position * kUnits);
    }
    packing.AddMaskedGradients(0, call.batch, up.data(), dy.data());
  }
  packing.PackStateGradient(0, call.batch, up.data(), up_state.data(),
                            dhy.data());
  packing.UnpackInitialStateGradient(0, call.batch, dhx.data(), up_state.data(),
                                     dinitial.data());
  const double backward = Dot(y, dy) + Dot(hy, dhy) + Dot(initial, dinitial);
  CHECK_MESSAGE(forward == backward,
                Format("%s: %g forward, %g backward", each.name.c_str(),
                       forward, backward));

  const std::vector<float> inputs =
      Whole(call.batch * call.timesteps * kFeatures, generator);
  const std::vector<float> dx =
      Whole(chunking.positions * kFeatures, generator);
  std::vector<float> x(dx.size(), 0.0f);
  for (const Chunk& chunk : chunking.chunks) {
    packing.PackInputs(chunk, 0, TensorPacking::LinesOf(chunk), inputs.data(),
                       x.data() + chunk.first_position * kFeatures);
  }
  std::vector<float> dinputs(inputs.size(), 99.0f);
  for (const Chunk& chunk : chunking.chunks) {
    packing.UnpackInputGradient(chunk, 0, TensorPacking::LinesOf(chunk),
                                dx.data() + chunk.first_position * kFeatures,
                                dinputs.data());
  }
  packing.ZeroMaskedGradients(0, call.batch, dinputs.data());
  CHECK_MESSAGE(Dot(x, dx) == Dot(inputs, dinputs),
                Format("%s: inputs", each.name.c_str()));
}

TEST_CASE("what is not padded at the right is refused") {
  GruCall call;
  call.batch = 2;
  call.timesteps = 3;
  Chunking chunking;
  const uint8_t hole[] = {1, 1, 0, 1, 0, 1};
  call.mask = hole;
  CHECK_MESSAGE(
      DivideIntoChunks(call, 3, &chunking).code() == StatusCode::kArgument,
      "a mask with a hole was taken");
  call.mask = nullptr;
  for (int32_t length : {-1, 4}) {
    const int32_t lengths[] = {2, length};
    call.lengths = lengths;
    CHECK_MESSAGE(
        DivideIntoChunks(call, 3, &chunking).code() == StatusCode::kArgument,
        Format("length %d was taken", length));
  }
}

TEST_CASE("forward gives the reference's results") {
  Generator generator(41);
  for (const Case& each : Cases()) {
    ForwardIsTheReference(each, false, true, &generator);
    ForwardIsTheReference(each, true, false, &generator);
  }
}

TEST_CASE("gradients are the transposes of the way forward") {
  Generator generator(42);
  for (const Case& each : Cases()) GradientsAreTransposes(each, &generator);
}

}  // namespace
}  // namespace cudnn_gru_test
