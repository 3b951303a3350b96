#ifndef CUDNN_GRU_ADDON_CONTRACT_H_
#define CUDNN_GRU_ADDON_CONTRACT_H_

#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace cudnn_gru {

// The call contract: the order of the addon's positional arguments, and the
// bits of the `flags` argument. The tables below are its only statement in C++.
// The code that reads arguments takes its positions, names and bits from them,
// and the addon exports them as `contract`, so that the TypeScript side can
// compare its own order with this one when it loads the addon:
//
//   contract = {
//     version: "1.0.0",  // of the package
//     flags: { returnSequences: 1, goBackwards: 2, ... },
//     arguments: { call: ["inputs", "output", ...], callAsync: [...], ... },
//     // The instructions of programs, and the functions of some of them.
//     instructions: { op: ["dense", ...], unary: ["exp", ...], binary: [...],
//                     reduce: [...] },
//   }
//
// All objects, and every list in them, are frozen.

constexpr size_t kMostArguments = 12;
// Places that are not used are null.
using ArgumentNames = std::array<const char*, kMostArguments>;

// One function or method that JavaScript calls.
struct Signature {
  const char* name;
  ArgumentNames arguments;

  constexpr size_t count() const {
    size_t count = 0;
    while (count < kMostArguments && arguments[count] != nullptr) ++count;
    return count;
  }
  // The position of the argument `argument`. The signature must have an
  // argument of that name. If it has none, a constexpr position does not
  // compile, and a position that is looked up at run time ends the process.
  constexpr size_t PositionOf(std::string_view argument) const {
    for (size_t i = 0; i < count(); ++i) {
      if (argument == arguments[i]) return i;
    }
    std::abort();
  }
};

// The arguments of the asynchronous form of a call: a token comes first, and
// there is no custom activation, which only the JavaScript thread can call.
constexpr ArgumentNames Async(const ArgumentNames& names) {
  ArgumentNames async = {"token"};
  size_t count = 1;
  for (const char* name : names) {
    if (name == nullptr || std::string_view(name) == "custom") continue;
    async[count++] = name;
  }
  return async;
}

inline constexpr ArgumentNames kCallArguments = {
    "inputs", "output",    "state",        "initialState",
    "mask",   "lengths",   "inputDropout", "recurrentDropout",
    "batch",  "timesteps", "flags",        "custom"};
inline constexpr ArgumentNames kBackwardArguments = {
    "dOutput", "dState",           "dInputs", "dInitialState",
    "dKernel", "dRecurrentKernel", "dBias",   "custom"};

// The methods of a stack take these, and then kStackHalf once for each GRU, in
// the order of the layers, the forward half first.
inline constexpr ArgumentNames kStackCallArguments = {
    "inputs",  "output", "secondOutput", "mask",
    "lengths", "batch",  "timesteps",    "flags"};
// The same for the pass that a stack's `forward` returns, whose GRUs each have
// kStackHalfGradients.
inline constexpr ArgumentNames kStackBackwardArguments = {
    "dOutput", "dSecondOutput", "dInputs"};

inline constexpr ArgumentNames kProgramRunArguments = {"rows", "inputs",
                                                       "outputs"};

inline constexpr Signature kSignatures[] = {
    // NativeGru
    {"setWeights", {"kernel", "recurrentKernel", "bias"}},
    {"call", kCallArguments},
    {"callAsync", Async(kCallArguments)},
    {"forward", kCallArguments},
    {"forwardAsync", Async(kCallArguments)},
    {"bindStep", {"inputs", "output", "state", "batch"}},
    // The pass that `forward` returns.
    {"backward", kBackwardArguments},
    {"backwardAsync", Async(kBackwardArguments)},
    // NativeStack
    {"stackCall", kStackCallArguments},
    {"stackCallAsync", Async(kStackCallArguments)},
    {"stackForward", kStackCallArguments},
    {"stackForwardAsync", Async(kStackCallArguments)},
    {"stackHalf",
     {"state", "initialState", "inputDropout", "recurrentDropout",
      "halfFlags"}},
    // The pass that a stack's `forward` returns.
    {"stackBackward", kStackBackwardArguments},
    {"stackBackwardAsync", Async(kStackBackwardArguments)},
    {"stackHalfGradients",
     {"dState", "dInitialState", "dKernel", "dRecurrentKernel", "dBias"}},
    // NativeProgram
    {"programRun", kProgramRunArguments},
    {"programRunAsync", Async(kProgramRunArguments)},
    // Optimizer updates: arrays first, then numbers.
    {"squareSum", {"values"}},
    {"firstNonFinite", {"values", "infinities"}},
    {"rescale", {"out", "values", "factor", "divisor"}},
    {"clipValues", {"out", "values", "limit"}},
    {"addAndDivide", {"out", "a", "b", "divisor"}},
    {"decayWeights", {"weights", "decay", "learningRate"}},
    {"updateAverage", {"average", "weights", "momentum"}},
    {"updateSgd",
     {"weights", "momentums", "gradient", "learningRate", "momentum",
      "nesterov"}},
    {"updateRmsprop",
     {"weights", "velocities", "momentums", "averageGradients", "gradient",
      "learningRate", "rho", "oneMinusRho", "momentum", "epsilon"}},
    {"updateAdam",
     {"weights", "momentums", "velocities", "velocityHats", "gradient", "alpha",
      "oneMinusBeta1", "oneMinusBeta2", "epsilon"}},
    // Random fills: the array first, then numbers.
    {"randomUniform", {"out", "seed", "low", "high"}},
    {"randomNormal", {"out", "seed", "mean", "stddev"}},
    {"truncatedNormal", {"out", "seed", "mean", "stddev"}},
    {"orthogonal", {"out", "rows", "columns", "seed", "gain"}},
    {"dropoutMask", {"out", "seed", "stream", "rate"}},
    // Conversions of 16-bit types.
    {"widen", {"out", "bits", "dtype"}},
    {"narrow", {"out", "values", "dtype"}},
};

// The signature of the function `name`, which must be in the table, as an
// argument must be for Signature::PositionOf.
constexpr const Signature& SignatureOf(std::string_view name) {
  for (const Signature& signature : kSignatures) {
    if (name == signature.name) return signature;
  }
  std::abort();
}

// One bit of the argument `flags`.
struct CallFlag {
  const char* name;
  unsigned bit;
};

inline constexpr CallFlag kCallFlags[] = {
    {"returnSequences", 1},
    {"goBackwards", 2},
    {"zeroOutputForMask", 4},
    // The call runs on the CUDA device, by cuDNN.
    {"cudnn", 8},
    // With `cudnn`: float32 products may round their factors to TF32.
    {"allowTf32", 16},
};

constexpr unsigned FlagBit(std::string_view name) {
  for (const CallFlag& flag : kCallFlags) {
    if (name == flag.name) return flag.bit;
  }
  std::abort();
}

// Makes the object that the addon exports as `contract`.
napi_value MakeContract(napi_env env);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_CONTRACT_H_
