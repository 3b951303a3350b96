/** A tensor of a model: an output of a call of one of its layers. */
export interface Ref {
  /** The name of the layer. */
  readonly layer: string;
  /** The number of the call among the layer's calls in this model. */
  readonly call: number;
  /** The number of the output. */
  readonly output: number;
}

/** Returns a text that is different for every tensor of a model. */
export function keyOf({ layer, call, output }: Ref): string {
  return `${layer}:${call}:${output}`;
}
