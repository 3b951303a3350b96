import { expectedShape } from "../errors/messages.js";
import type { NativeArray } from "../native/binding.js";
import { FLOAT32, Options } from "../options/options.js";
import { checkSize, Initializer } from "./initializer.js";

/** All zeros. */
export class Zeros extends Initializer {
  static override readonly className: string = "Zeros";

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

/** All ones. */
export class Ones extends Initializer {
  static override readonly className: string = "Ones";

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

/** All `value` (default 0). */
export class Constant extends Initializer {
  static override readonly className: string = "Constant";

  readonly value: number;

  constructor(options: { value?: number | undefined } = {}) {
    super();
    this.value = new Options("Constant", options, ["value"]).number("value", 0, FLOAT32);
  }

  /** In float64, too, `value` is first rounded to float32, as Keras does. */
  override fill(out: NativeArray, shape: readonly number[]): void {
    checkSize(out, shape);
    out.fill(Math.fround(this.value));
  }

  override getConfig(): Record<string, unknown> {
    return { value: this.value };
  }
}

/** `gain` (default 1) on the main diagonal, zeros elsewhere. Makes matrices only: another rank is `ERR_SHAPE`. */
export class Identity extends Initializer {
  static override readonly className: string = "Identity";

  readonly gain: number;

  constructor(options: { gain?: number | undefined } = {}) {
    super();
    this.gain = new Options("Identity", options, ["gain"]).number("gain", 1);
  }

  override fill(out: NativeArray, shape: readonly number[]): void {
    const [rows, columns] = shape;
    if (shape.length !== 2 || rows === undefined || columns === undefined) {
      throw expectedShape("Identity", "a shape of rank 2", shape);
    }
    checkSize(out, shape);
    out.fill(0);
    for (let i = 0; i < Math.min(rows, columns); i++) out[i * columns + i] = this.gain;
  }

  /** Empty, as Keras writes it: a `gain` other than 1 is lost in a config. */
  override getConfig(): Record<string, unknown> {
    return {};
  }
}
