import type { GRUOptions } from "../../arguments/constructor.js";
import { kernelArray } from "../../arguments/convert.js";
import { fillWith, lossOf } from "../../arguments/lent.js";
import { allocate, requireWeightMemory } from "../../arguments/memory.js";
import { checkShaped, shapedElements } from "../../arguments/shaped.js";
import { checkedProduct } from "../../arguments/shapes.js";
import type { ReadTensor } from "../../arguments/tensor_like.js";
import { expected, expectedText } from "../../errors/messages.js";
import { unreadable } from "../../errors/reading.js";
import type { Constraint } from "../../keras/constraints.js";
import type { Initializer } from "../../keras/initializers.js";
import type { Regularizer } from "../../keras/regularizers.js";
import type { NativeArray, NativeGru } from "../../native/binding.js";
import { native } from "../../native/load.js";
import { isSixteenBit, narrowed, rounded, type SixteenBitDtype } from "../../native/sixteen_bit.js";
import type { FloatArray, Tensor } from "../../tensor/tensor.js";
import {
  ownedVariable,
  peekVariableData,
  replaceVariableData,
  requireUnlocked,
  requireWritable,
  type Variable,
  type VariableOwner,
  variableData,
} from "../../variables/variable.js";

/** The weights at one version. Nobody writes to these arrays: they are as good as copies. */
export interface WeightSnapshot {
  readonly version: number;
  readonly kernel: FloatArray;
  readonly recurrentKernel: FloatArray;
  readonly bias: FloatArray | null;
}

interface Plan {
  name: string;
  shape: readonly number[];
  initializer: Initializer;
  regularizer: Regularizer | null;
  constraint: Constraint | null;
}

function plans(options: GRUOptions, features: number): Plan[] {
  const { units } = options;
  const kernel: Plan = {
    name: "kernel",
    shape: [features, 3 * units],
    initializer: options.kernelInitializer,
    regularizer: options.kernelRegularizer,
    constraint: options.kernelConstraint,
  };
  const recurrent: Plan = {
    name: "recurrent_kernel",
    shape: [units, 3 * units],
    initializer: options.recurrentInitializer,
    regularizer: options.recurrentRegularizer,
    constraint: options.recurrentConstraint,
  };
  if (!options.useBias) return [kernel, recurrent];
  const bias: Plan = {
    name: "bias",
    shape: options.resetAfter ? [2, 3 * units] : [3 * units],
    initializer: options.biasInitializer,
    regularizer: options.biasRegularizer,
    constraint: options.biasConstraint,
  };
  return [kernel, recurrent, bias];
}

/** A built layer's variables and the native object that holds them packed. */
export class GRUWeights {
  readonly features: number;
  readonly kernel: Variable;
  readonly recurrentKernel: Variable;
  readonly bias: Variable | null;
  /** In Keras's order: kernel, recurrent kernel, bias. */
  readonly variables: readonly Variable[];
  readonly #owner: VariableOwner;
  /** What the kernels take weights rounded to. */
  readonly #rounding: SixteenBitDtype | null;
  readonly #native: NativeGru;
  #packed = -1;

  /**
   * Makes the weights for `features` inputs: by the layer's initializers, or zeros where they are about to be set. Throws
   * `ERR_SHAPE` or `ERR_OUT_OF_MEMORY` for weights that are too large, `ERR_NATIVE_LOAD` without the addon.
   */
  constructor(
    options: GRUOptions,
    features: number,
    layerName: string,
    owner: VariableOwner,
    start: "initial" | "zeros" = "initial",
  ) {
    const planned = plans(options, features);
    const counts = planned.map(({ shape, name }) => checkedProduct(shape, name));
    const { variableDtype, kernelDtype, rounding } = options;
    requireWeightMemory(options, features);
    const variables = planned.map((plan, index) => {
      const filled = allocate(kernelDtype, counts[index] as number, plan.name);
      if (start === "initial") fillWith(plan.initializer, filled, plan.shape);
      const data = isSixteenBit(variableDtype) ? narrowed(filled as Float32Array, variableDtype) : filled;
      const path = `${layerName}/gru_cell/${plan.name}`;
      return ownedVariable({ ...plan, path, dtype: variableDtype }, data, owner);
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

  /** The number of elements of all weights. */
  count(): number {
    return this.variables.reduce((sum, variable) => sum + peekVariableData(variable).length, 0);
  }

  /** Copies, in Keras's order. */
  get(): Tensor<FloatArray>[] {
    return this.variables.map((variable) => variable.value);
  }

  /** Sets all weights, or throws (`ERR_ARGUMENT`, `ERR_SHAPE`, `ERR_DTYPE`, `ERR_STATE`) and sets none. */
  set(values: unknown): void {
    requireUnlocked(this.#owner, "setWeights");
    const read = this.#readAll(values);
    // Reading them may have run code of the caller's, which disposed the layer.
    for (const variable of this.variables) requireWritable(variable, "setWeights");
    this.variables.forEach((variable, index) => {
      replaceVariableData(variable, read[index] as FloatArray);
    });
    this.#owner.version += 1;
  }

  /** Copies of all weights; every shape is judged before the first copy is made. */
  #readAll(values: unknown): FloatArray[] {
    try {
      const { variables } = this;
      const checked = this.#checkAll(values);
      return checked.map((read, index) => shapedElements(read, (variables[index] as Variable).dtype, true));
    } catch (error) {
      throw unreadable(error, "setWeights");
    }
  }

  #checkAll(values: unknown): ReadTensor[] {
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
      return checkShaped(values[index], shape, checkedProduct(shape, name), dtype, `weights[${index}]`);
    });
  }

  /** The weights as they are now, for keeping. */
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

  /** The native object, holding the weights as they are now. */
  packed(): NativeGru {
    if (this.#packed !== this.#owner.version) this.pack(this.#read(peekVariableData));
    return this.#native;
  }

  /** The native object, holding the weights of `snapshot`. */
  pack(snapshot: WeightSnapshot): NativeGru {
    if (this.#packed !== snapshot.version) {
      const { kernel, recurrentKernel, bias } = snapshot;
      this.#native.setWeights(this.#cast(kernel), this.#cast(recurrentKernel), bias === null ? null : this.#cast(bias));
      this.#packed = snapshot.version;
    }
    return this.#native;
  }

  /** A weight as the kernels take it, rounded to the compute dtype. */
  #cast(data: FloatArray): NativeArray {
    if (this.#rounding === null) return data as NativeArray;
    return kernelArray(data instanceof Float32Array ? narrowed(data, this.#rounding) : data, this.#rounding);
  }

  /** The regularizers' losses of the weights as they are now, in Keras's order. */
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

  /** Bytes of the packed weights. */
  memoryUsage(): number {
    return this.#native.memoryUsage();
  }

  /** Frees the native object (after its last call) and empties the variables. */
  dispose(): void {
    this.#native.dispose();
    for (const variable of this.variables) replaceVariableData(variable, null);
  }
}
