#ifndef CUDNN_GRU_MODEL_PROGRAM_SPEC_H_
#define CUDNN_GRU_MODEL_PROGRAM_SPEC_H_

#include <memory>
#include <variant>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/status.h"
#include "model/instructions/additive_scores.h"
#include "model/instructions/affine.h"
#include "model/instructions/binary.h"
#include "model/instructions/cast.h"
#include "model/instructions/convolution.h"
#include "model/instructions/copy.h"
#include "model/instructions/dense.h"
#include "model/instructions/depthwise.h"
#include "model/instructions/embedding.h"
#include "model/instructions/gru.h"
#include "model/instructions/matmul.h"
#include "model/instructions/normalize.h"
#include "model/instructions/pool.h"
#include "model/instructions/prelu.h"
#include "model/instructions/reduce.h"
#include "model/instructions/select.h"
#include "model/instructions/softmax.h"
#include "model/instructions/unary.h"
#include "model/operands.h"
#include "model/port.h"

namespace cudnn_gru {

// Any instruction.
using InstructionSpec =
    std::variant<DenseSpec, ConvolutionSpec, DepthwiseSpec, PoolSpec,
                 EmbeddingSpec, AffineSpec, NormalizeSpec, UnarySpec, PreluSpec,
                 BinarySpec, SelectSpec, CastSpec, CopySpec, FillSpec,
                 ReduceSpec, SoftmaxSpec, MatmulSpec, AdditiveScoresSpec,
                 GruSpec>;

// Makes the instruction that `spec` describes. Marks the tensors that it writes
// in the context. Fails when its operands do not fit; the message names the
// instruction and the field.
Status MakeInstruction(const InstructionSpec& spec,
                       const MakingContext& context, MadeInstruction* made);

// The values of constants, which programs share.
class ConstantData {
 public:
  // Copies `size` elements of `type`. bools become 0 or 1. Fails with
  // kOutOfMemory.
  static Status Create(ElementType type, const void* data, size_t size,
                       std::shared_ptr<const ConstantData>* constant);

  ElementType type() const { return type_; }
  size_t size() const { return size_; }
  const void* data() const { return buffer_.data(); }
  size_t bytes() const { return buffer_.size(); }

 private:
  ConstantData(ElementType type, size_t size)
      : type_(type), size_(size), buffer_(WeightBytes()) {}

  const ElementType type_;
  const size_t size_;
  AlignedBuffer buffer_;
};

struct ConstantSpec {
  TensorId tensor = 0;
  std::shared_ptr<const ConstantData> data;
};

// Everything that a program is made of.
struct ProgramSpec {
  std::vector<TensorSpec> tensors;
  std::vector<ConstantSpec> constants;
  std::vector<PortSpec> inputs;
  std::vector<PortSpec> outputs;
  // In the order in which they run.
  std::vector<InstructionSpec> instructions;
  // Whether rows may be computed apart from each other.
  bool divisible = true;
};

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_MODEL_PROGRAM_SPEC_H_
