// tfjs's Bidirectional makes its halves of one config: it asks its layer for it, makes a copy of that, turns `goBackwards`
// round in it and makes another. It tells neither the layer nor the copies; here they find each other.

/** What can be half of a Bidirectional. */
interface Layer {
  readonly goBackwards: boolean;
}

/** Is told of the halves that a Bidirectional has made. */
type Listener<T> = (forward: T, backward: T) => void;

/** Of each config that a layer has given away, who wants to know, and the first copy that was made of it. */
const configs = new WeakMap<object, { listener: Listener<never>; first: Layer | null }>();

/** A layer has given `config` away. */
export function configGiven<T extends Layer>(config: object, listener: Listener<T>): void {
  configs.set(config, { listener, first: null });
}

/** `copy` was made of `config`. Of a config that came out of a file, or that tfjs does not deserialize, nothing is known. */
export function copyMade<T extends Layer>(config: object, copy: T): void {
  const made = configs.get(config);
  // tfjs adds this key to what it deserializes.
  if (made === undefined || !("customObjects" in config)) return;
  if (made.first === null) made.first = copy;
  else if (made.first.goBackwards !== copy.goBackwards) (made.listener as Listener<T>)(made.first as T, copy);
}
