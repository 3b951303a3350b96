#include "cudnn/rnn_call.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "cudnn/algorithms.h"
#include "cudnn/element.h"
#include "cudnn/reserve.h"
#include "cudnn/weight_layout.h"

namespace doubles {
namespace {

// cuDNN's kernels read 16 bytes at once.
constexpr uint64_t kAlignment = 16;

size_t Bytes(const cudnnRNNDataStruct& data) {
  return static_cast<size_t>(data.batch) *
         static_cast<size_t>(data.max_length) *
         static_cast<size_t>(data.vector_size) * ElementBytes(data.type);
}

// The element of a sequence's memory that holds value `i` of row `b`.
size_t Place(const cudnnRNNDataStruct& data, size_t b, size_t i) {
  const size_t vector = static_cast<size_t>(data.vector_size);
  if (data.layout == CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED)
    return b * static_cast<size_t>(data.max_length) * vector + i;
  const size_t step = i / vector;
  return (step * static_cast<size_t>(data.batch) + b) * vector + i % vector;
}

bool Overlap(const Range& a, const Range& b) {
  const auto begin_a = reinterpret_cast<uint64_t>(a.address);
  const auto begin_b = reinterpret_cast<uint64_t>(b.address);
  return begin_a < begin_b + b.bytes && begin_b < begin_a + a.bytes;
}

}  // namespace

// Sizes that follow no simple rule, so that nobody can do without asking. As in
// the real library they depend on the lengths and on the algorithm.
TempSizes TempSizesOf(const cudnnRNNStruct& rnn, const cudnnRNNDataStruct& x,
                      cudnnForwardMode_t mode) {
  const size_t batch = static_cast<size_t>(x.batch);
  const size_t steps = static_cast<size_t>(x.max_length);
  const size_t units = static_cast<size_t>(rnn.hidden_size);
  const size_t pseudo_layers =
      static_cast<size_t>(rnn.layers) * Directions(rnn);
  const size_t odd =
      (batch * 7 + steps * 3 + units + 4 * (pseudo_layers - 1)) % 11;
  const size_t cells = static_cast<size_t>(
      std::accumulate(x.lengths.begin(), x.lengths.end(), 0));
  TempSizes sizes;
  sizes.work = 520 + 8 * odd + batch * units * 24 * pseudo_layers + cells * 8;
  if (rnn.algorithm != CUDNN_RNN_ALGO_STANDARD) sizes.work += 96;
  sizes.reserve = 0;
  if (mode == CUDNN_FWD_MODE_TRAINING) {
    sizes.work += 136 + batch * 40;
    sizes.reserve =
        128 + 8 * odd + cells * SavedNumbersOfStep(rnn) * sizeof(double);
  }
  return sizes;
}

RnnProblem RnnCall::Problem() const {
  RnnProblem problem{{x.batch,
                      x.max_length,
                      x.vector_size,
                      rnn.hidden_size,
                      x.lengths,
                      {},
                      {}},
                     static_cast<size_t>(rnn.layers),
                     Directions(rnn)};
  const cudnnDataType_t type = rnn.type;
  problem.gru.round_state = [type](double value) {
    return RoundTo(type, value);
  };
  if (type == CUDNN_DATA_FLOAT && rnn.math_type != CUDNN_FMA_MATH &&
      device->compute_capability(context) >= 80)
    problem.gru.round_factor = RoundTf32;
  return problem;
}

size_t RnnCall::XBytes() const { return Bytes(x); }
size_t RnnCall::YBytes() const { return Bytes(y); }

size_t RnnCall::StateBytes() const {
  return static_cast<size_t>(rnn.layers) * Directions(rnn) *
         static_cast<size_t>(x.batch) * static_cast<size_t>(rnn.hidden_size) *
         ElementBytes(rnn.type);
}

size_t RnnCall::WeightBytes() const { return WeightLayout(rnn).bytes; }

TempSizes RnnCall::Temp(cudnnForwardMode_t mode) const {
  return TempSizesOf(rnn, x, mode);
}

void RnnCall::CheckRanges(const std::vector<Range>& ranges) const {
  for (const Range& range : ranges) {
    if (range.address == nullptr || range.bytes == 0) continue;
    const auto address = reinterpret_cast<uint64_t>(range.address);
    if (address % kAlignment != 0)
      Violation(function, "%s is not aligned to 16 bytes", range.what);
    device->check_range(function, range.what, address, range.bytes, context);
    for (const Range& other : ranges) {
      if (&other == &range || !range.written || other.address == nullptr)
        continue;
      if (Overlap(range, other))
        Violation(function, "%s overlaps %s", range.what, other.what);
    }
  }
}

char* RnnCall::At(const char* what, const void* address, size_t bytes) const {
  return device->translate(function, what, reinterpret_cast<uint64_t>(address),
                           bytes, context);
}

std::vector<double> RnnCall::LoadSequence(const cudnnRNNDataStruct& data,
                                          const char* what,
                                          const void* from) const {
  const char* memory = At(what, from, Bytes(data));
  const size_t row = static_cast<size_t>(data.max_length) *
                     static_cast<size_t>(data.vector_size);
  std::vector<double> values(row * static_cast<size_t>(data.batch));
  for (size_t b = 0; b < static_cast<size_t>(data.batch); ++b) {
    const size_t valid = static_cast<size_t>(data.lengths[b]) *
                         static_cast<size_t>(data.vector_size);
    for (size_t i = 0; i < valid; ++i)
      values[b * row + i] = Load(memory, data.type, Place(data, b, i));
  }
  return values;
}

void RnnCall::StoreSequence(const cudnnRNNDataStruct& data, const char* what,
                            const std::vector<double>& values, void* to,
                            const std::vector<char>& fill) const {
  char* memory = At(what, to, Bytes(data));
  const size_t element = ElementBytes(data.type);
  const size_t row = static_cast<size_t>(data.max_length) *
                     static_cast<size_t>(data.vector_size);
  for (size_t b = 0; b < static_cast<size_t>(data.batch); ++b) {
    const size_t valid = static_cast<size_t>(data.lengths[b]) *
                         static_cast<size_t>(data.vector_size);
    for (size_t i = 0; i < row; ++i) {
      char* at = memory + Place(data, b, i) * element;
      if (i < valid) {
        Store(memory, data.type, Place(data, b, i), values[b * row + i]);
      } else if (fill.empty()) {
        std::memset(at, 0xff, element);
      } else {
        std::memcpy(at, fill.data(), element);
      }
    }
  }
}

void RnnCall::RequireZeroPadding(const cudnnRNNDataStruct& data,
                                 const char* what, const void* from) const {
  const char* memory = At(what, from, Bytes(data));
  const size_t vector = static_cast<size_t>(data.vector_size);
  for (size_t b = 0; b < data.lengths.size(); ++b) {
    const size_t end = static_cast<size_t>(data.max_length) * vector;
    for (size_t i = static_cast<size_t>(data.lengths[b]) * vector; i < end;
         ++i) {
      if (Load(memory, data.type, Place(data, b, i)) != 0)
        Violation(function, "%s is not 0 in the padding of row %zu", what, b);
    }
  }
}

std::vector<double> RnnCall::LoadState(const char* what,
                                       const void* from) const {
  const size_t count = StateBytes() / ElementBytes(rnn.type);
  std::vector<double> values(count);
  if (from == nullptr) return values;
  const char* memory = At(what, from, StateBytes());
  for (size_t i = 0; i < count; ++i) values[i] = Load(memory, rnn.type, i);
  return values;
}

void RnnCall::StoreState(const char* what, const std::vector<double>& values,
                         void* to) const {
  if (to == nullptr) return;
  char* memory = At(what, to, StateBytes());
  for (size_t i = 0; i < values.size(); ++i)
    Store(memory, rnn.type, i, values[i]);
}

cudnnStatus_t CheckDescriptors(const char* function, cudnnHandle_t handle,
                               cudnnRNNDescriptor_t rnn,
                               const int32_t* device_lengths,
                               cudnnRNNDataDescriptor_t x,
                               cudnnRNNDataDescriptor_t y,
                               cudnnTensorDescriptor_t h, RnnCall* call) {
  CheckAlive(function, rnn);
  CheckAlive(function, x);
  CheckAlive(function, y);
  CheckAlive(function, h);
  if (rnn->dropout != nullptr) CheckAlive(function, rnn->dropout);
  // Ignored since 8.9.1; to upload them for nothing is a mistake.
  if (device_lengths != nullptr)
    Violation(function, "devSeqLengths is given to cuDNN 9");
  BAD_PARAM_IF(!rnn->set || !x->set || !y->set || !h->set);
  const int capability = handle->device->compute_capability(handle->context);
  FAIL_IF(capability < 75, CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH);
  NOT_SUPPORTED_IF(rnn->type == CUDNN_DATA_BFLOAT16 &&
                   (capability < 80 || cudnnGetVersion() < 91300));
  BAD_PARAM_IF(x->type != rnn->type || y->type != rnn->type);
  BAD_PARAM_IF(x->layout != y->layout);
  BAD_PARAM_IF(x->max_length != y->max_length || x->batch != y->batch);
  BAD_PARAM_IF(x->lengths != y->lengths);
  BAD_PARAM_IF(x->vector_size != rnn->input_size);
  BAD_PARAM_IF(y->vector_size !=
               static_cast<int>(Directions(*rnn)) * rnn->hidden_size);
  BAD_PARAM_IF(!IsPackedState(h, *rnn, x->batch));
  BAD_PARAM_IF(x->layout == CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED &&
               rnn->aux_flags != CUDNN_RNN_PADDED_IO_ENABLED);
  const bool variable =
      std::any_of(x->lengths.begin(), x->lengths.end(),
                  [&](int length) { return length != x->max_length; });
  NOT_SUPPORTED_IF(variable && rnn->aux_flags != CUDNN_RNN_PADDED_IO_ENABLED);
  // Kernels are loaded when they are first needed, into device memory.
  const auto wanted = static_cast<size_t>(doubles::Option("kernel_memory", 0));
  if (handle->device->bytes_left() < wanted) {
    return Fail(CUDNN_STATUS_EXECUTION_FAILED_CUDART,
                "err 2 out of memory != cudaSuccess :: "
                "cudaLibraryLoadData(&library, code)");
  }
  handle->device->check_stream(function, handle->stream, handle->context);
  *call = {function, handle->device, handle->context, handle->stream, *rnn, *x,
           *y};
  return CUDNN_STATUS_SUCCESS;
}

// FNV-1a (Fowler, Noll, Vo), eight bytes at a time where there are eight.
uint64_t HashOf(const void* data, size_t bytes, uint64_t seed) {
  const char* at = static_cast<const char*>(data);
  uint64_t hash = seed ^ 0xcbf29ce484222325u;
  while (bytes > 0) {
    uint64_t word = 0;
    const size_t taken = std::min<size_t>(bytes, sizeof(word));
    std::memcpy(&word, at, taken);
    hash = (hash ^ word) * 0x100000001b3u;
    hash ^= hash >> 29;
    at += taken;
    bytes -= taken;
  }
  return hash;
}

uint64_t HashOf(const std::vector<double>& values) {
  return HashOf(values.data(), values.size() * sizeof(double));
}

}  // namespace doubles

DOUBLE_EXPORT cudnnStatus_t
cudnnGetRNNTempSpaceSizes(cudnnHandle_t handle, cudnnRNNDescriptor_t descriptor,
                          cudnnForwardMode_t mode, cudnnRNNDataDescriptor_t x,
                          size_t* work_bytes, size_t* reserve_bytes) {
  CUDNN_ENTER();
  doubles::HandleUse use(__func__, handle);
  doubles::CheckAlive(__func__, descriptor);
  doubles::CheckAlive(__func__, x);
  BAD_PARAM_IF(!descriptor->set || !x->set);
  BAD_PARAM_IF(x->type != descriptor->type);
  BAD_PARAM_IF(x->vector_size != descriptor->input_size);
  const cudnnStatus_t supported =
      doubles::CheckAlgorithm(*descriptor, *x, doubles::Query::kSizes);
  if (supported != CUDNN_STATUS_SUCCESS) return supported;
  const doubles::TempSizes sizes = doubles::TempSizesOf(*descriptor, *x, mode);
  if (work_bytes != nullptr) *work_bytes = sizes.work;
  if (reserve_bytes != nullptr) *reserve_bytes = sizes.reserve;
  return CUDNN_STATUS_SUCCESS;
}
