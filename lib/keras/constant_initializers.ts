import { expectedShape } from "../errors/messages.js";
import type { NativeArray } from "../native/binding.js";
import { FLOAT32, Options } from "../options/options.js";
import { checkSize, Initializer } from "./initializer.js";

/** Fills a weight with zeros (`keras.initializers.Zeros`). */
export class Zeros extends Initializer {
  static override readonly className: string = "Zeros";

  /** Takes no arguments. */
  constructor(options: Record<string, never> = {}) {
    super();
    new Options("Zeros", options, []);
  }

  override fill(out: NativeArray, shape: readonly number[]): void {
    checkSize(out, shape);
    out.fill(0);
  }

  override getConfig(): Record<string, unknown> {
    return {};
  }
}

/** Fills a weight with ones (`keras.initializers.Ones`). */
export class Ones extends Initializer {
  static override readonly className: string = "Ones";

  /** Takes no arguments. */
  constructor(options: Record<string, never> = {}) {
    super();
    new Options("Ones", options, []);
  }

  override fill(out: NativeArray, shape: readonly number[]): void {
    checkSize(out, shape);
    out.fill(1);
  }

  override getConfig(): Record<string, unknown> {
    return {};
  }
}

/** Fills a weight with one value (`keras.initializers.Constant`). */
export class Constant extends Initializer {
  static override readonly className: string = "Constant";

  /** The value of every element. */
  readonly value: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The value of every element; 0 by default. */
      value?: number | undefined;
    } = {},
  ) {
    super();
    this.value = new Options("Constant", options, ["value"]).number("value", 0, FLOAT32);
  }

  /** Rounds `value` to float32 first, as Keras does. That is so in float64 too. */
  override fill(out: NativeArray, shape: readonly number[]): void {
    checkSize(out, shape);
    out.fill(Math.fround(this.value));
  }

  override getConfig(): Record<string, unknown> {
    return { value: this.value };
  }
}

/** Fills a matrix with `gain` on its main diagonal and zeros elsewhere (`keras.initializers.Identity`). */
export class Identity extends Initializer {
  static override readonly className: string = "Identity";

  /** The value on the diagonal. */
  readonly gain: number;

  /** Throws `ERR_ARGUMENT` for bad arguments. */
  constructor(
    options: {
      /** The value on the diagonal; 1 by default. */
      gain?: number | undefined;
    } = {},
  ) {
    super();
    this.gain = new Options("Identity", options, ["gain"]).number("gain", 1);
  }

  /** Fills a matrix. Throws `ERR_SHAPE` for a shape whose rank is not 2. */
  override fill(out: NativeArray, shape: readonly number[]): void {
    const [rows, columns] = shape;
    if (shape.length !== 2 || rows === undefined || columns === undefined) {
      throw expectedShape("Identity", "a shape of rank 2", shape);
    }
    checkSize(out, shape);
    out.fill(0);
    for (let i = 0; i < Math.min(rows, columns); i++) out[i * columns + i] = this.gain;
  }

  /** Returns an empty config, as Keras does, so a `gain` other than 1 is lost. */
  override getConfig(): Record<string, unknown> {
    return {};
  }
}
