#include "addon/instruction_arguments.h"

#include <string>
#include <utility>

#include "addon/fields.h"
#include "addon/gru_instruction.h"
#include "addon/native_matrix.h"

namespace cudnn_gru {
namespace {

std::vector<std::shared_ptr<const PackedMatrix>> ReadMatrices(Fields* fields) {
  std::vector<std::shared_ptr<const PackedMatrix>> matrices;
  for (const Argument& element : fields->List("matrices")) {
    std::shared_ptr<const PackedMatrix> matrix;
    fields->Note(ReadNativeMatrix(element, &matrix));
    matrices.push_back(std::move(matrix));
  }
  return matrices;
}

InstructionSpec ReadDense(Fields* fields) {
  DenseSpec spec;
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.activation = fields->Activation("activation");
  fields->Note(ReadNativeMatrix((*fields)["matrix"], &spec.matrix));
  return spec;
}

InstructionSpec ReadConv1d(Fields* fields) {
  ConvolutionSpec spec;
  spec.name = "conv1d";
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.activation = fields->Activation("activation");
  spec.matrices = ReadMatrices(fields);
  size_t columns = 0;
  for (const auto& matrix : spec.matrices) {
    if (matrix != nullptr) columns += matrix->columns();
  }
  spec.windows.input = {1, fields->Size("steps"), fields->Size("channels")};
  spec.windows.output = {1, fields->Size("outputSteps"), columns};
  spec.windows.kernel = {1, fields->Size("kernel")};
  spec.windows.strides = {1, fields->Size("stride")};
  spec.windows.dilation = {1, fields->Size("dilation")};
  spec.windows.pad = {0, fields->Size("pad")};
  return spec;
}

// Reads the fields that all windows over height and width have. `kernel` is the
// name of their size.
WindowSpec ReadWindows(Fields* fields, const char* kernel) {
  WindowSpec windows;
  windows.input = fields->SizeArray<3>("inputShape");
  windows.output = fields->SizeArray<3>("outputShape");
  windows.kernel = fields->SizeArray<2>(kernel);
  windows.strides = fields->SizeArray<2>("strides");
  windows.pad = fields->SizeArray<2>("pad");
  return windows;
}

InstructionSpec ReadConv2d(Fields* fields) {
  ConvolutionSpec spec;
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.activation = fields->Activation("activation");
  spec.matrices = ReadMatrices(fields);
  spec.windows = ReadWindows(fields, "kernel");
  spec.windows.dilation = fields->SizeArray<2>("dilation");
  return spec;
}

InstructionSpec ReadDepthwise(Fields* fields) {
  DepthwiseSpec spec;
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.activation = fields->Activation("activation");
  spec.weights = fields->Size("weights");
  spec.bias = fields->OptionalSize("bias");
  spec.windows = ReadWindows(fields, "kernel");
  spec.windows.dilation = fields->SizeArray<2>("dilation");
  return spec;
}

InstructionSpec ReadPool(Fields* fields) {
  constexpr std::pair<const char*, PoolKind> kKinds[] = {
      {"max", PoolKind::kMax}, {"average", PoolKind::kAverage}};
  PoolSpec spec;
  spec.kind = fields->Choice("kind", kKinds);
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.windows = ReadWindows(fields, "window");
  return spec;
}

InstructionSpec ReadEmbedding(Fields* fields) {
  EmbeddingSpec spec;
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.table = fields->Size("table");
  spec.vocabulary = fields->Size("vocabulary");
  spec.units = fields->Size("units");
  spec.label = fields->String("name");
  return spec;
}

InstructionSpec ReadAffine(Fields* fields) {
  AffineSpec spec;
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.scale = fields->OptionalSize("scale");
  spec.offset = fields->OptionalSize("offset");
  spec.outer = fields->Size("outer");
  spec.channels = fields->Size("channels");
  spec.inner = fields->Size("inner");
  return spec;
}

InstructionSpec ReadNormalize(Fields* fields) {
  constexpr std::pair<const char*, NormalizeKind> kKinds[] = {
      {"layer", NormalizeKind::kLayer},
      {"rms", NormalizeKind::kRms},
      {"unit", NormalizeKind::kUnit}};
  NormalizeSpec spec;
  spec.kind = fields->Choice("kind", kKinds);
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.groups = fields->Size("groups");
  spec.size = fields->Size("size");
  spec.epsilon = fields->Number("epsilon");
  return spec;
}

InstructionSpec ReadUnary(Fields* fields) {
  UnarySpec spec;
  spec.function = fields->String("fn");
  spec.parameters = fields->Numbers("parameters");
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  return spec;
}

InstructionSpec ReadPrelu(Fields* fields) {
  PreluSpec spec;
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.alpha = fields->Size("alpha");
  return spec;
}

InstructionSpec ReadBinary(Fields* fields) {
  BinarySpec spec;
  spec.function = fields->String("fn");
  spec.a = fields->Size("a");
  spec.b = fields->Size("b");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.shape = fields->Sizes("shape");
  spec.a_strides = fields->Integers("aStrides");
  spec.b_strides = fields->Integers("bStrides");
  return spec;
}

InstructionSpec ReadSelect(Fields* fields) {
  SelectSpec spec;
  spec.condition = fields->Size("condition");
  spec.a = fields->Size("a");
  spec.b = fields->Size("b");
  spec.y = fields->Size("y");
  spec.shape = fields->Sizes("shape");
  spec.condition_strides = fields->Integers("conditionStrides");
  spec.a_strides = fields->Integers("aStrides");
  spec.b_strides = fields->Integers("bStrides");
  return spec;
}

InstructionSpec ReadCast(Fields* fields) {
  CastSpec spec;
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  return spec;
}

InstructionSpec ReadCopy(Fields* fields) {
  CopySpec spec;
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.shape = fields->Sizes("shape");
  spec.x_offset = fields->Integer("xOffset");
  spec.x_strides = fields->Integers("xStrides");
  spec.y_offset = fields->Integer("yOffset");
  spec.y_strides = fields->Integers("yStrides");
  return spec;
}

InstructionSpec ReadFill(Fields* fields) {
  FillSpec spec;
  spec.y = fields->Size("y");
  spec.value = fields->Number("value");
  return spec;
}

InstructionSpec ReadReduce(Fields* fields) {
  ReduceSpec spec;
  spec.function = fields->String("fn");
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.kept = fields->Sizes("kept");
  spec.kept_strides = fields->Integers("keptStrides");
  spec.reduced = fields->Sizes("reduced");
  spec.reduced_strides = fields->Integers("reducedStrides");
  return spec;
}

InstructionSpec ReadSoftmax(Fields* fields) {
  constexpr std::pair<const char*, SoftmaxKind> kKinds[] = {
      {"softmax", SoftmaxKind::kSoftmax},
      {"log_softmax", SoftmaxKind::kLogSoftmax}};
  SoftmaxSpec spec;
  spec.kind = fields->Choice("kind", kKinds);
  spec.x = fields->Size("x");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.outer = fields->Size("outer");
  spec.axis = fields->Size("axis");
  spec.inner = fields->Size("inner");
  return spec;
}

InstructionSpec ReadMatmul(Fields* fields) {
  MatmulSpec spec;
  spec.a = fields->Size("a");
  spec.b = fields->Size("b");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.batch = fields->Sizes("batch");
  spec.a_strides = fields->Integers("aStrides");
  spec.b_strides = fields->Integers("bStrides");
  spec.m = fields->Size("m");
  spec.k = fields->Size("k");
  spec.n = fields->Size("n");
  spec.transpose_a = fields->Bool("transposeA");
  spec.transpose_b = fields->Bool("transposeB");
  spec.scale = fields->Number("scale");
  return spec;
}

InstructionSpec ReadAdditiveScores(Fields* fields) {
  AdditiveScoresSpec spec;
  spec.q = fields->Size("q");
  spec.v = fields->Size("v");
  spec.scale = fields->OptionalSize("scale");
  spec.y = fields->Size("y");
  spec.rounding = fields->Rounding("round");
  spec.queries = fields->Size("queries");
  spec.values = fields->Size("values");
  spec.depth = fields->Size("depth");
  return spec;
}

struct Reader {
  const char* name;
  InstructionSpec (*read)(Fields* fields);
};

constexpr Reader kReaders[] = {{"dense", ReadDense},
                               {"conv1d", ReadConv1d},
                               {"conv2d", ReadConv2d},
                               {"depthwise", ReadDepthwise},
                               {"pool", ReadPool},
                               {"embedding", ReadEmbedding},
                               {"affine", ReadAffine},
                               {"normalize", ReadNormalize},
                               {"unary", ReadUnary},
                               {"prelu", ReadPrelu},
                               {"binary", ReadBinary},
                               {"select", ReadSelect},
                               {"cast", ReadCast},
                               {"copy", ReadCopy},
                               {"fill", ReadFill},
                               {"reduce", ReadReduce},
                               {"softmax", ReadSoftmax},
                               {"matmul", ReadMatmul},
                               {"additive_scores", ReadAdditiveScores},
                               {"gru", ReadGruInstruction}};

}  // namespace

Status ReadInstruction(const Argument& argument, InstructionSpec* spec) {
  Fields fields(argument);
  const std::string op = fields.String("op");
  const size_t repeat = fields.Size("repeat");
  if (!fields.status().ok()) return fields.status();
  for (const Reader& reader : kReaders) {
    if (op != reader.name) continue;
    *spec = reader.read(&fields);
    std::visit([repeat](auto& one) { one.repeat = repeat; }, *spec);
    return fields.status();
  }
  return Status(StatusCode::kArgument,
                "Expected the name of an instruction for the native argument "
                "`op` but received \"" +
                    op + "\".");
}

std::vector<const char*> InstructionNames() {
  std::vector<const char*> names;
  for (const Reader& reader : kReaders) names.push_back(reader.name);
  return names;
}

}  // namespace cudnn_gru
