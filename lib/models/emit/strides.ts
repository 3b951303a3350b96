/** Returns the strides of a contiguous row-major array of this shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) {
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  }
  return strides;
}

/** Several ways to walk over the same positions: the sizes of the axes, and the strides of each array. */
export interface Walk {
  readonly shape: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/**
 * Returns a walk with fewer axes that visits the same elements in the same order: axes of length 1 are dropped, and
 * neighbours that every array stores one after the other become one axis.
 */
export function simplified({ shape, strides }: Walk): Walk {
  const sizes: number[] = [];
  const steps = strides.map((): number[] => []);
  shape.forEach((size, axis) => {
    if (size === 1 && shape.length > 1) return;
    const last = sizes.length - 1;
    const joins = last >= 0 && steps.every((own, array) => own[last] === (strides[array]?.[axis] as number) * size);
    if (joins) {
      sizes[last] = (sizes[last] as number) * size;
      steps.forEach((own, array) => {
        own[last] = strides[array]?.[axis] as number;
      });
      return;
    }
    sizes.push(size);
    steps.forEach((own, array) => {
      own.push(strides[array]?.[axis] as number);
    });
  });
  return { shape: sizes, strides: steps };
}
