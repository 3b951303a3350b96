import { describe } from "../../errors/describe.js";
import type { GRUError } from "../../errors/gru_error.js";
import { expectedText } from "../../errors/messages.js";
import type { Builder } from "../compile/builder.js";
import { KERAS_DTYPES, type KerasDtype, type SymbolicTensor } from "../compile/symbolic.js";
import { isTensor, type Value } from "../compile/values.js";
import { constantOf } from "../emit/constants.js";
import { cast, scalar } from "../emit/elementwise.js";
import { ArrayArgument } from "../graph/arguments.js";
import { type Config, type Entry, shown, unsupported } from "../graph/entry.js";
import { readNumbers } from "../graph/numbers.js";
import { type Promotable, resultDtype } from "./dtypes.js";

/** The arguments of a call, and those that the config of the operation has. */
export interface GivenArguments {
  readonly args: readonly Value[];
  readonly kwargs: Readonly<Record<string, Value>>;
  readonly config?: Config;
}

/** The arguments of one call of an operation, by name: those of the call, and those in the config of the operation. */
export class OperationArguments {
  readonly builder: Builder;
  readonly entry: Entry;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #given: readonly (readonly [name: string, value: unknown])[];

  /** `parameters` names the positional arguments in their order. */
  constructor(
    builder: Builder,
    entry: Entry,
    parameters: readonly string[],
    { args, kwargs, config = entry.config }: GivenArguments,
  ) {
    this.builder = builder;
    this.entry = entry;
    const positional = args.map((value, index) => [parameters[index] ?? `argument ${index}`, value] as const);
    this.#given = [...positional, ...Object.entries(kwargs)];
    this.#values = new Map<string, unknown>([...Object.entries(config), ...this.#given]);
  }

  /** Returns the arguments of the call alone. Positional ones beyond `parameters` are called `argument 0`, …. */
  given(): readonly (readonly [name: string, value: unknown])[] {
    return this.#given;
  }

  /** The argument as it is; `undefined` when it is absent. */
  raw(name: string): unknown {
    return this.#values.get(name);
  }

  /** Makes the error about an argument. */
  wrong(name: string, expectation: string, code: "ERR_UNSUPPORTED" | "ERR_SHAPE" = "ERR_UNSUPPORTED"): GRUError {
    const value = this.raw(name);
    const received = isTensor(value) ? `a tensor of shape [${value.rowShape.join(", ")}]` : describe(value);
    return expectedText(code, name, expectation, received, { owner: shown(this.entry) });
  }

  /** Makes the error about something that is not supported. */
  unsupported(message: string): GRUError {
    return unsupported(this.entry, message);
  }

  /** Returns a tensor, or an array of the config as a constant. */
  tensor(name: string): SymbolicTensor {
    const value = this.raw(name);
    if (isTensor(value)) return value;
    const made = this.#constant(value);
    if (made !== null) return made.tensor(made.dtype);
    throw this.wrong(name, "a tensor");
  }

  /** Returns a list of tensors. */
  tensors(name: string): SymbolicTensor[] {
    const value = this.raw(name);
    if (Array.isArray(value) && value.length > 0 && value.every(isTensor)) return value;
    if (isTensor(value)) return [value];
    throw this.wrong(name, "a list of tensors");
  }

  /** Returns operands of one dtype: the one that Keras computes in, or the wider one that `least` asks for. */
  promoted(names: readonly string[], least: (dtype: KerasDtype) => KerasDtype = (dtype) => dtype): SymbolicTensor[] {
    const operands = names.map((name) => {
      const value = this.raw(name);
      if (isTensor(value))
        return {
          promotable: value.dtype as Promotable,
          tensor: (dtype: KerasDtype) => cast(this.builder, value, dtype),
        };
      const made = this.#constant(value);
      if (made === null) throw this.wrong(name, "a tensor or a number");
      return made;
    });
    const dtype = least(resultDtype(operands.map(({ promotable }) => promotable)));
    return operands.map(({ tensor }) => tensor(dtype));
  }

  #constant(value: unknown) {
    const array = value instanceof ArrayArgument ? value.value : value;
    const read = readNumbers(array);
    if (read === null) return null;
    const isWhole = read.values.every(Number.isInteger);
    const isTruth = typeof array === "boolean";
    const known = value instanceof ArrayArgument ? this.#dtypeNamed(value.dtype) : undefined;
    const weak: Promotable = isTruth ? "bool" : isWhole ? "weak int" : "weak float";
    const promotable = known ?? weak;
    const dtype: KerasDtype = known ?? (isTruth ? "bool" : isWhole ? "int32" : "float32");
    return {
      promotable,
      dtype,
      tensor: (wanted: KerasDtype) =>
        read.shape.length === 0
          ? scalar(this.builder, read.values[0] as number, wanted)
          : constantOf(this.builder, read.values, read.shape, wanted),
    };
  }

  #dtypeNamed(name: unknown): KerasDtype | undefined {
    return KERAS_DTYPES.find((dtype) => dtype === name);
  }

  /** Returns a dtype, or `undefined` when the argument is absent or `None`. */
  dtype(name: string): KerasDtype | undefined {
    const value = this.raw(name) ?? null;
    if (value === null) return undefined;
    const found = this.#dtypeNamed(value);
    if (found !== undefined) return found;
    throw this.wrong(name, `one of ${KERAS_DTYPES.join(", ")}`);
  }

  /** Returns a number. */
  number(name: string, fallback?: number): number {
    const value = this.raw(name) ?? fallback;
    if (typeof value === "number") return value;
    throw this.wrong(name, "a number");
  }

  /** Returns `true` or `false`. */
  boolean(name: string, fallback: boolean): boolean {
    const value = this.raw(name) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.wrong(name, "true or false");
  }

  /** Returns an integer. */
  integer(name: string, fallback?: number): number {
    const value = this.raw(name) ?? fallback;
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    throw this.wrong(name, "an integer");
  }

  /** Returns a list of integers. A single integer counts as a list of one. `null` when it is absent or `None`. */
  integers(name: string): number[] | null {
    const value = this.raw(name) ?? null;
    if (value === null) return null;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((item) => typeof item === "number" && Number.isSafeInteger(item))) return list as number[];
    throw this.wrong(name, "integers");
  }

  /** Returns axes of a tensor of so many axes, the batch among them, counted from the start. `null` for all axes. */
  axes(name: string, rank: number, fallback: number | null = null): number[] | null {
    const given = this.integers(name) ?? (fallback === null ? null : [fallback]);
    return given === null ? null : given.map((axis) => this.resolved(axis, rank, name));
  }

  /** Returns one axis, counted from the start. */
  axis(name: string, rank: number, fallback?: number): number {
    return this.resolved(this.integer(name, fallback), rank, name);
  }

  /** Returns an axis counted from the start. */
  resolved(axis: number, rank: number, name = "axis"): number {
    const position = axis < 0 ? axis + rank : axis;
    if (position >= 0 && position < rank) return position;
    throw this.wrong(name, `an axis of a tensor of ${rank} axes`, "ERR_SHAPE");
  }
}
