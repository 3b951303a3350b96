import type { GRUOptions } from "../../arguments/constructor.js";
import { kernelArray } from "../../arguments/convert.js";
import { elementsAs, readWithShape } from "../../arguments/known_shape.js";
import { allocate, requireWeightMemory } from "../../arguments/memory.js";
import { checkedProduct } from "../../arguments/shapes.js";
import type { ReadTensor } from "../../arguments/tensor_like.js";
import { fillWith, lossOf } from "../../arguments/user_code.js";
import { expected, expectedText } from "../../errors/messages.js";
import { unreadable } from "../../errors/reading.js";
import type { Constraint } from "../../keras/constraints.js";
import type { Dtype } from "../../keras/dtype_policy.js";
import type { Initializer } from "../../keras/initializers.js";
import type { Regularizer } from "../../keras/regularizers.js";
import type { NativeArray, NativeDtype, NativeGru } from "../../native/binding.js";
import { native } from "../../native/load.js";
import { isSixteenBit, narrowed, rounded, type SixteenBitDtype } from "../../native/sixteen_bit.js";
import type { FloatArray, Tensor } from "../../tensor/tensor.js";
import {
  makeOwnedVariable,
  peekVariableData,
  replaceVariableData,
  requireUnlocked,
  requireWritable,
  type Variable,
  type VariableOwner,
  variableData,
} from "../../variables/variable.js";

/** The weights at one version. Nobody writes to these arrays, so they need not be copied. */
export interface WeightSnapshot {
  readonly version: number;
  readonly kernel: FloatArray;
  readonly recurrentKernel: FloatArray;
  readonly bias: FloatArray | null;
}

interface WeightDescription {
  name: string;
  shape: readonly number[];
  initializer: Initializer;
  regularizer: Regularizer | null;
  constraint: Constraint | null;
}

function describeWeights(options: GRUOptions, features: number): WeightDescription[] {
  const { units } = options;
  const kernel: WeightDescription = {
    name: "kernel",
    shape: [features, 3 * units],
    initializer: options.kernelInitializer,
    regularizer: options.kernelRegularizer,
    constraint: options.kernelConstraint,
  };
  const recurrent: WeightDescription = {
    name: "recurrent_kernel",
    shape: [units, 3 * units],
    initializer: options.recurrentInitializer,
    regularizer: options.recurrentRegularizer,
    constraint: options.recurrentConstraint,
  };
  if (!options.useBias) return [kernel, recurrent];
  const bias: WeightDescription = {
    name: "bias",
    shape: options.resetAfter ? [2, 3 * units] : [3 * units],
    initializer: options.biasInitializer,
    regularizer: options.biasRegularizer,
    constraint: options.biasConstraint,
  };
  return [kernel, recurrent, bias];
}

/** Returns what a weight's initializer makes, which fills arrays of the dtype that the kernels compute in. */
function initialData(
  { name, shape, initializer }: WeightDescription,
  count: number,
  variableDtype: Dtype,
  kernelDtype: NativeDtype,
): FloatArray {
  const filled = allocate(kernelDtype, count, name);
  fillWith(initializer, filled, shape);
  return isSixteenBit(variableDtype) ? narrowed(filled as Float32Array, variableDtype) : filled;
}

/** The variables of a built layer, and the native object that holds their packed copies. */
export class GRUWeights {
  readonly features: number;
  readonly kernel: Variable;
  readonly recurrentKernel: Variable;
  readonly bias: Variable | null;
  /** All variables, in Keras's order: kernel, recurrent kernel, bias. */
  readonly variables: readonly Variable[];
  readonly #owner: VariableOwner;
  /** The dtype that weights are rounded to before the kernels take them; `null` for no rounding. */
  readonly #rounding: SixteenBitDtype | null;
  readonly #native: NativeGru;
  #packedVersion = -1;

  /**
   * Makes the weights for `features` inputs. `start` says whether the layer's initializers fill them, or whether they
   * are zeros because the caller sets them next. Throws `ERR_SHAPE` or `ERR_OUT_OF_MEMORY` for weights that are too
   * large, and `ERR_NATIVE_LOAD` without the addon.
   */
  constructor(
    options: GRUOptions,
    features: number,
    layerName: string,
    owner: VariableOwner,
    start: "initial" | "zeros" = "initial",
  ) {
    const descriptions = describeWeights(options, features);
    const counts = descriptions.map(({ shape, name }) => checkedProduct(shape, name));
    const { variableDtype, kernelDtype, rounding } = options;
    requireWeightMemory(options, features);
    const variables = descriptions.map((description, index) => {
      const count = counts[index] as number;
      // Nobody writes to zeros that are replaced at once, so the system gives no memory for them.
      const data =
        start === "zeros"
          ? allocate(variableDtype, count, description.name)
          : initialData(description, count, variableDtype, kernelDtype);
      const path = `${layerName}/gru_cell/${description.name}`;
      return makeOwnedVariable({ ...description, path, dtype: variableDtype }, data, owner);
    });
    this.features = features;
    this.variables = variables;
    [this.kernel, this.recurrentKernel] = variables as [Variable, Variable];
    this.bias = variables[2] ?? null;
    this.#owner = owner;
    this.#rounding = rounding;
    this.#native = new (native().NativeGru)({
      dtype: kernelDtype,
      features,
      units: options.units,
      resetAfter: options.resetAfter,
      activation: options.activation.native(),
      recurrentActivation: options.recurrentActivation.native(),
      stateRounding: rounding,
      cudaDevice: options.cudaDevice,
    });
  }

  /** Returns the number of elements of all weights. */
  count(): number {
    return this.variables.reduce((sum, variable) => sum + peekVariableData(variable).length, 0);
  }

  /** Returns copies of the weights, in Keras's order. */
  get(): Tensor<FloatArray>[] {
    return this.variables.map((variable) => variable.value);
  }

  /**
   * Sets all weights. When it throws (`ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE`, `ERR_STATE` or `ERR_DISPOSED`), it has
   * set none.
   */
  set(values: unknown): void {
    requireUnlocked(this.#owner, "setWeights");
    const read = this.read(values);
    this.requireWritable();
    this.write(read);
  }

  /**
   * Returns copies of the values that `set` takes. Every shape is checked before the first copy is made. Messages count
   * the weights from `first`. Throws `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE`.
   */
  read(values: unknown, first = 0): FloatArray[] {
    try {
      const { variables } = this;
      const checked = this.#checkAll(values, first);
      return checked.map((read, index) => elementsAs(read, (variables[index] as Variable).dtype, true));
    } catch (error) {
      throw unreadable(error, "setWeights");
    }
  }

  /** Throws `ERR_STATE` or `ERR_DISPOSED`, because reading values may have run user code that disposed the layer. */
  requireWritable(): void {
    for (const variable of this.variables) requireWritable(variable, "setWeights");
  }

  /** Sets all weights to the values that `read` returned. */
  write(values: readonly FloatArray[]): void {
    this.variables.forEach((variable, index) => {
      replaceVariableData(variable, values[index] as FloatArray);
    });
    this.#owner.version += 1;
  }

  #checkAll(values: unknown, first: number): ReadTensor[] {
    const names = this.variables.map(({ name }) => name).join(", ");
    if (!Array.isArray(values)) throw expected("ERR_ARGUMENT", "weights", `an array of ${names}`, values);
    if (values.length !== this.variables.length) {
      throw expectedText(
        "ERR_ARGUMENT",
        "weights",
        `${this.variables.length} weights (${names})`,
        `${values.length} of them`,
      );
    }
    return this.variables.map((variable, index) => {
      const { shape, dtype, name } = variable;
      return readWithShape(values[index], shape, checkedProduct(shape, name), dtype, `weights[${first + index}]`);
    });
  }

  /** Returns the current weights. The caller may keep them. */
  snapshot(): WeightSnapshot {
    return this.#read(variableData);
  }

  #read(data: (variable: Variable) => FloatArray): WeightSnapshot {
    return {
      version: this.#owner.version,
      kernel: data(this.kernel),
      recurrentKernel: data(this.recurrentKernel),
      bias: this.bias === null ? null : data(this.bias),
    };
  }

  /** Returns the native object with the current weights. */
  packed(): NativeGru {
    if (this.#packedVersion !== this.#owner.version) this.pack(this.#read(peekVariableData));
    return this.#native;
  }

  /** Returns the native object with the weights of `snapshot`. */
  pack(snapshot: WeightSnapshot): NativeGru {
    if (this.#packedVersion !== snapshot.version) {
      const { kernel, recurrentKernel, bias } = snapshot;
      this.#native.setWeights(
        this.#inComputeDtype(kernel),
        this.#inComputeDtype(recurrentKernel),
        bias === null ? null : this.#inComputeDtype(bias),
      );
      this.#packedVersion = snapshot.version;
    }
    return this.#native;
  }

  /** Returns a weight in the form that the kernels take, rounded to the compute dtype. */
  #inComputeDtype(data: FloatArray): NativeArray {
    if (this.#rounding === null) return data as NativeArray;
    return kernelArray(data instanceof Float32Array ? narrowed(data, this.#rounding) : data, this.#rounding);
  }

  /** Returns the regularizers' losses of the current weights, in Keras's order. */
  losses(): number[] {
    const losses: number[] = [];
    for (const variable of this.variables) {
      if (variable.regularizer === null) continue;
      const { dtype } = variable;
      const loss = lossOf(variable.regularizer, kernelArray(peekVariableData(variable), dtype), variable.shape);
      losses.push(isSixteenBit(dtype) ? rounded(loss, dtype) : loss);
    }
    return losses;
  }

  /** Returns the bytes of the packed weights. */
  memoryUsage(): number {
    return this.#native.memoryUsage();
  }

  /** Frees the native object after its last call, and empties the variables. */
  dispose(): void {
    this.#native.dispose();
    for (const variable of this.variables) replaceVariableData(variable, null);
  }
}
