#include "addon/contract.h"

#include "addon/package_version.h"

namespace cudnn_gru {
namespace {

void SetFrozen(napi_env env, napi_value object, const char* name,
               napi_value value) {
  napi_object_freeze(env, value);
  napi_set_named_property(env, object, name, value);
}

napi_value Flags(napi_env env) {
  napi_value flags = nullptr;
  napi_create_object(env, &flags);
  for (const CallFlag& flag : kCallFlags) {
    napi_value bit = nullptr;
    napi_create_uint32(env, flag.bit, &bit);
    napi_set_named_property(env, flags, flag.name, bit);
  }
  return flags;
}

napi_value Names(napi_env env, const Signature& signature) {
  napi_value names = nullptr;
  napi_create_array_with_length(env, signature.count(), &names);
  for (uint32_t i = 0; i < signature.count(); ++i) {
    napi_value name = nullptr;
    napi_create_string_utf8(env, signature.arguments[i], NAPI_AUTO_LENGTH,
                            &name);
    napi_set_element(env, names, i, name);
  }
  return names;
}

}  // namespace

napi_value MakeContract(napi_env env) {
  napi_value arguments = nullptr;
  napi_create_object(env, &arguments);
  for (const Signature& signature : kSignatures) {
    SetFrozen(env, arguments, signature.name, Names(env, signature));
  }
  napi_value version = nullptr;
  napi_create_string_utf8(env, kPackageVersion, NAPI_AUTO_LENGTH, &version);
  napi_value contract = nullptr;
  napi_create_object(env, &contract);
  napi_set_named_property(env, contract, "version", version);
  SetFrozen(env, contract, "flags", Flags(env));
  SetFrozen(env, contract, "arguments", arguments);
  napi_object_freeze(env, contract);
  return contract;
}

}  // namespace cudnn_gru
