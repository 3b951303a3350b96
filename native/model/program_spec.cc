#include "model/program_spec.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace cudnn_gru {

Status MakeInstruction(const InstructionSpec& spec,
                       const MakingContext& context, MadeInstruction* made) {
  return std::visit(
      [&](const auto& one) { return MakeInstruction(one, context, made); },
      spec);
}

Status ConstantData::Create(ElementType type, const void* data, size_t size,
                            std::shared_ptr<const ConstantData>* constant) {
  std::shared_ptr<ConstantData> created(new (std::nothrow)
                                            ConstantData(type, size));
  const size_t bytes = size * ElementSize(type);
  if (created == nullptr ||
      !created->buffer_.Allocate(std::max<size_t>(bytes, 1))) {
    return OutOfMemory(bytes, "memory for a constant");
  }
  if (type == ElementType::kBool) {
    const uint8_t* const from = static_cast<const uint8_t*>(data);
    std::transform(from, from + size,
                   static_cast<uint8_t*>(created->buffer_.data()),
                   [](uint8_t value) { return value != 0; });
  } else if (bytes > 0) {
    std::memcpy(created->buffer_.data(), data, bytes);
  }
  *constant = std::move(created);
  return Status();
}

}  // namespace cudnn_gru
