import type { Random } from "../random.js";
import { type Hostile, spoil } from "./hostile.js";
import { OwnError, type Twins } from "./twins.js";

/** Something that happens while the package reads its arguments. */
export interface Trap {
  says: string;
  /** Whether it changes the layer by itself, so that the layer need not be what it was. */
  changes: boolean;
  act(): void;
}

/** Chooses an action for a getter, a proxy or a user's function. It happens once. */
export function deed(random: Random, twins: Twins, buffers: readonly ArrayBuffer[], controller: AbortController): Trap {
  let done = false;
  const once = (says: string, act: () => void, changes = false): Trap => ({
    says,
    changes,
    act() {
      if (done) return;
      done = true;
      act();
    },
  });
  const { gru } = twins;
  const victim = buffers.length > 0 ? random.one(buffers) : null;
  return random.weighted<() => Trap>([
    [6, () => once("spoils a buffer", () => spoil(random, victim))],
    [
      4,
      () =>
        once("detaches every buffer", () => {
          for (const buffer of buffers) if (buffer.byteLength > 0) structuredClone(buffer, { transfer: [buffer] });
        }),
    ],
    [
      1,
      () =>
        once("throws", () => {
          throw new OwnError("thrown by a getter");
        }),
    ],
    [1, () => once("aborts", () => controller.abort())],
    [1, () => once("calls the layer", () => quietly(() => gru.call(twins.inputs(2, 2))), true)],
    [1, () => once("sets weights", () => quietly(() => gru.setWeights(gru.getWeights())), true)],
    [1, () => once("resets the state", () => quietly(() => gru.resetState()), true)],
    [1, () => once("collects garbage", () => (globalThis as { gc?: () => void }).gc?.())],
    [
      0.3,
      () =>
        once(
          "disposes of the layer",
          () =>
            quietly(() => {
              gru.dispose();
              twins.over = true;
            }),
          true,
        ),
    ],
  ])();
}

function quietly(action: () => unknown): void {
  try {
    action();
  } catch {
    // Errors of this call are checked elsewhere, outside of other calls.
  }
}

/** Returns a getter that springs the trap and returns the original value. */
function springing<T>(trap: Trap, value: T): () => T {
  return () => {
    trap.act();
    return value;
  };
}

/** Puts `trap` into one of the values or the object around them. Returns the object to pass. */
export function set(
  random: Random,
  trap: Trap,
  values: Hostile[],
  args: Record<string, unknown>,
): Record<string, unknown> {
  const places: (() => Record<string, unknown>)[] = [];
  for (const key of Object.keys(args)) {
    places.push(() => {
      const value = args[key];
      return Object.defineProperty({ ...args }, key, { enumerable: true, get: springing(trap, value) });
    });
  }
  places.push(() => {
    let left = random.below(8);
    const look = <T>(result: () => T): T => {
      if (left-- === 0) trap.act();
      return result();
    };
    return new Proxy(args, {
      get: (target, key) => look(() => Reflect.get(target, key)),
      ownKeys: (target) => look(() => Reflect.ownKeys(target)),
      has: (target, key) => look(() => Reflect.has(target, key)),
    });
  });
  for (const hostile of values) {
    places.push(() => {
      inside(random, trap, hostile);
      return args;
    });
  }
  return random.one(places)();
}

const ARRAY_KEYS = [
  "length",
  "buffer",
  "byteLength",
  "byteOffset",
  "constructor",
  Symbol.toStringTag,
  Symbol.iterator,
  "slice",
  "subarray",
];

/** Replaces a value by one that looks the same and springs the trap when one of its parts is read. */
function inside(random: Random, trap: Trap, hostile: Hostile): void {
  const { value } = hostile;
  hostile.works = false;
  if (Array.isArray(value)) {
    if (value.length === 0 || Object.isFrozen(value)) return;
    const at = random.below(value.length);
    const item = value[at];
    Object.defineProperty(value, at, { get: springing(trap, item), configurable: true, enumerable: true });
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const fields = value as Record<string, unknown>;
  const array = ArrayBuffer.isView(value) ? value : fields.data;
  if (ArrayBuffer.isView(array) && random.once(2)) {
    const key = random.one(ARRAY_KEYS);
    const known = Reflect.get(array, key);
    try {
      Object.defineProperty(array, key, { get: springing(trap, known), configurable: true });
    } catch {
      // An ordinary array, whose parts are fixed.
    }
    return;
  }
  if (ArrayBuffer.isView(value)) return;
  const shape = fields.shape ?? fields.dims;
  const copy: Record<string, unknown> = { data: fields.data, shape };
  for (const key of ["dtype", "stride", "strides", "offset"]) if (fields[key] !== undefined) copy[key] = fields[key];
  const key = random.one([...Object.keys(copy), "location", "type"]);
  const known = copy[key];
  if (key === "shape" && random.once(2) && Array.isArray(shape)) {
    copy.shape = new Proxy([...shape], {
      get: (target, name) => springing(trap, Reflect.get(target, name))(),
    });
  } else Object.defineProperty(copy, key, { get: springing(trap, known), enumerable: true });
  hostile.value = copy;
}
