#include "addon/merge_names.h"

#include <string>

namespace cudnn_gru {
namespace {

struct MergeName {
  const char* name;
  Merge merge;
};

constexpr MergeName kMergeNames[] = {{"concat", Merge::kConcat},
                                     {"sum", Merge::kSum},
                                     {"mul", Merge::kMul},
                                     {"ave", Merge::kAve},
                                     {"separate", Merge::kSeparate}};

}  // namespace

Status ReadMerge(const Argument& argument, Merge* merge) {
  *merge = Merge::kNone;
  if (argument.IsNothing()) return Status();
  std::string name;
  const Status status = ReadString(argument, &name);
  if (!status.ok()) return status;
  for (const MergeName& known : kMergeNames) {
    *merge = known.merge;
    if (name == known.name) return Status();
  }
  return Status(StatusCode::kArgument,
                "Expected a merge mode for the native argument `" +
                    std::string(argument.name) + "` but received \"" + name +
                    "\".");
}

}  // namespace cudnn_gru
