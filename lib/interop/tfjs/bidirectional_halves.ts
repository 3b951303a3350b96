// tfjs's Bidirectional makes both of its halves from one config. It asks its layer for the config, makes a copy of the
// layer from it, reverses `goBackwards` in the config and makes another copy. It tells neither the layer nor the
// copies, so this file connects them.

/** A layer that can be half of a Bidirectional. */
interface Layer {
  readonly goBackwards: boolean;
}

/** A function that is called with the halves that a Bidirectional has made. */
type Listener<T> = (forward: T, backward: T) => void;

/**
 * For each config that a layer has returned: the function to call, and the first copy that was made from the config.
 */
const configs = new WeakMap<object, { listener: Listener<never>; first: Layer | null }>();

/** Notes that a layer has returned `config`. `listener` is called when both halves have been made from it. */
export function configGiven<T extends Layer>(config: object, listener: Listener<T>): void {
  configs.set(config, { listener, first: null });
}

/**
 * Notes that `copy` was made from `config`. Does nothing for a config from a file, or one that tfjs did not
 * deserialize.
 */
export function copyMade<T extends Layer>(config: object, copy: T): void {
  const made = configs.get(config);
  // tfjs adds this key to every config that it deserializes.
  if (made === undefined || !("customObjects" in config)) return;
  if (made.first === null) made.first = copy;
  else if (made.first.goBackwards !== copy.goBackwards) (made.listener as Listener<T>)(made.first as T, copy);
}
