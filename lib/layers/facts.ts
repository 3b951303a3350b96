import type { GRUOptions } from "../arguments/constructor.js";

const known = new WeakMap<object, GRUOptions>();

/** Notes what a layer was made with, for parts of this package that stand above layers. */
export function keepOptions(layer: object, options: GRUOptions): void {
  known.set(layer, options);
}

/** What a layer was made with; `undefined` for anything but a layer. */
export function optionsOf(layer: unknown): GRUOptions | undefined {
  return typeof layer === "object" && layer !== null ? known.get(layer) : undefined;
}
