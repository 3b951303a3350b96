#include "addon/native_stack_pass.h"

#include <utility>

#include "addon/contract.h"
#include "addon/pass_object.h"
#include "addon/stack_arguments.h"

namespace cudnn_gru {
namespace {

struct StackPassKind {
  using Pass = GruStackPass;
  using Gradients = StackGradients;
  using Arguments = StackArguments;

  static constexpr char kName[] = "NativeStackPass";
  // The numbers are random, as in native_gru.cc.
  static constexpr napi_type_tag kTag = {0x2f7ac8135be94d60ULL,
                                         0xa3d50e916c2b48f7ULL};

  static Arguments Read(napi_env env, napi_callback_info info) {
    return StackArguments(env, info, SignatureOf("stackBackward"),
                          SignatureOf("stackHalfGradients"));
  }
  static Arguments ReadAsync(napi_env env, napi_callback_info info) {
    return StackArguments(env, info, SignatureOf("stackBackwardAsync"),
                          SignatureOf("stackHalfGradients"));
  }
  static Status ReadGradients(const StackArguments& arguments,
                              const GruStackPass& pass,
                              StackGradients* gradients) {
    return ReadStackGradients(arguments, pass, gradients);
  }
  static Status BackwardNow(const StackArguments&, GruStackPass* pass,
                            StackGradients* gradients, int threads) {
    return pass->Backward(*gradients, threads, nullptr);
  }
  static napi_value Buffers(const StackArguments& arguments) {
    return arguments.All();
  }
};

}  // namespace

napi_value MakeNativeStackPass(napi_env env,
                               std::unique_ptr<GruStackPass> pass) {
  return PassObject<StackPassKind>::Make(env, std::move(pass));
}

}  // namespace cudnn_gru
