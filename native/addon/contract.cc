#include "addon/contract.h"

#include <vector>

#include "addon/instruction_arguments.h"
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

napi_value Names(napi_env env, const char* const* list, size_t count) {
  napi_value names = nullptr;
  napi_create_array_with_length(env, count, &names);
  for (uint32_t i = 0; i < count; ++i) {
    napi_value name = nullptr;
    napi_create_string_utf8(env, list[i], NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, i, name);
  }
  return names;
}

napi_value Instructions(napi_env env) {
  napi_value instructions = nullptr;
  napi_create_object(env, &instructions);
  const auto set = [&](const char* name,
                       const std::vector<const char*>& names) {
    SetFrozen(env, instructions, name, Names(env, names.data(), names.size()));
  };
  set("op", InstructionNames());
  set("unary", UnaryNames());
  set("binary", BinaryNames());
  set("reduce", ReduceNames());
  return instructions;
}

}  // namespace

napi_value MakeContract(napi_env env) {
  napi_value arguments = nullptr;
  napi_create_object(env, &arguments);
  for (const Signature& signature : kSignatures) {
    SetFrozen(env, arguments, signature.name,
              Names(env, signature.arguments.data(), signature.count()));
  }
  napi_value version = nullptr;
  napi_create_string_utf8(env, kPackageVersion, NAPI_AUTO_LENGTH, &version);
  napi_value contract = nullptr;
  napi_create_object(env, &contract);
  napi_set_named_property(env, contract, "version", version);
  SetFrozen(env, contract, "flags", Flags(env));
  SetFrozen(env, contract, "arguments", arguments);
  SetFrozen(env, contract, "instructions", Instructions(env));
  napi_object_freeze(env, contract);
  return contract;
}

}  // namespace cudnn_gru
