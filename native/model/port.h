#ifndef CUDNN_GRU_MODEL_PORT_H_
#define CUDNN_GRU_MODEL_PORT_H_

#include <cstddef>

#include "core/gru_description.h"
#include "model/element_type.h"
#include "model/instruction.h"

namespace cudnn_gru {

// A tensor that the caller gives to a program, or receives from it. Its array
// holds elements of the tensor's type, or the bits of a 16-bit type for a
// float32 tensor.
struct PortSpec {
  TensorId tensor = 0;
  StateRounding bits = StateRounding::kNone;
};

// Bytes of one element of the array of a port whose tensor has `type`.
size_t PortElementSize(const PortSpec& port, ElementType type);

// Copies `n` elements of the array of an input to its tensor. bools become 0
// or 1.
void ReadPort(const PortSpec& port, ElementType type, const void* array,
              void* tensor, size_t n);

// Copies `n` elements of a tensor to the array of an output.
void WritePort(const PortSpec& port, ElementType type, const void* tensor,
               void* array, size_t n);

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_PORT_H_
