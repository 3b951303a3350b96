import { createContext, runInContext } from "node:vm";
import type { Tensor } from "cudnn-gru";
import type { Random } from "../random.js";
import { SCRIBBLED } from "./scribbler.js";
import { CLASSES, type Content, type Numbers, plainOf, type Resizable, resizableBuffer, sizeOf } from "./values.js";

/** A value to pass to the package, and the known facts about it. */
export interface Hostile {
  value: unknown;
  /** An ordinary tensor of the same content; `null` when it is not certain what the package reads. */
  plain: Tensor | null;
  /** Whether the package must take it as it takes `plain`. */
  works: boolean;
  says: string;
  /** The action that follows as soon as an asynchronous call has been submitted. */
  after: (() => void) | null;
  /** Whether another thread writes to its memory. */
  scribbled?: boolean;
  /** The value's memory, which traps may take away. */
  buffers: ArrayBuffer[];
}

type Wrap = (random: Random, content: Content) => Hostile;

/** Makes a value that the package must treat like an ordinary one. */
function fine(content: Content, value: unknown, says: string, extra: Partial<Hostile> = {}): Hostile {
  return { value, plain: plainOf(content), works: true, says, after: null, buffers: [], ...extra };
}

/** Makes a value that the package may refuse. If it accepts the value, it must treat it like an ordinary one. */
function odd(content: Content, value: unknown, says: string, extra: Partial<Hostile> = {}): Hostile {
  return { ...fine(content, value, says), works: false, ...extra };
}

/** Makes a value that may contain anything or nothing at all. */
function wild(value: unknown, says: string, extra: Partial<Hostile> = {}): Hostile {
  return { value, plain: null, works: false, says, after: null, buffers: [], ...extra };
}

const realm = runInContext(
  "({ Float32Array, Float64Array, Uint16Array, Uint8Array, Int32Array, ArrayBuffer, SharedArrayBuffer, Array, Object, shape: (sizes) => Array.from(sizes), object: () => ({}) })",
  createContext({}),
) as {
  [name: string]: new (...values: unknown[]) => Numbers;
} & { shape(sizes: number[]): number[]; object(): Record<string, unknown>; Array: ArrayConstructor };

/** Returns an array of another `vm` realm. Workers of Jest and vitest pass such arrays. */
function foreignArray(data: Numbers): Numbers {
  return new (realm[data.constructor.name] as new (from: unknown) => Numbers)(data);
}

/** Makes an array whose class keeps the buffer of every copy. */
function keeper(data: Numbers): { array: Numbers; kept: () => ArrayBuffer | null } {
  let kept: ArrayBuffer | null = null;
  const Type = data.constructor as typeof Float32Array;
  const Keeper = class extends Type {
    static get [Symbol.species](): typeof Float32Array {
      return function make(length: number) {
        const size = length * Type.BYTES_PER_ELEMENT;
        kept = resizableBuffer(size, size);
        return new Type(kept);
      } as never;
    }
  };
  return { array: new Keeper(data as never) as unknown as Numbers, kept: () => kept };
}

/** Takes the memory away, or writes to it. */
export function spoil(random: Random, buffer: ArrayBuffer | null): void {
  if (buffer === null) return;
  const how = random.below(3);
  try {
    if (how === 0 && (buffer as Resizable).resizable) (buffer as Resizable).resize(0);
    else if (how === 1) structuredClone(buffer, { transfer: [buffer] });
    else new Uint8Array(buffer).fill(random.below(256));
  } catch {
    // It was taken away already.
  }
}

function named({ dtype }: Content, fields: Record<string, unknown>): Record<string, unknown> {
  return dtype === "float16" || dtype === "bfloat16" ? { ...fields, dtype } : fields;
}

function nested(data: ArrayLike<number>, shape: readonly number[], start = 0): unknown {
  if (shape.length === 0) return data[start];
  const [size, ...inner] = shape as [number, ...number[]];
  const step = sizeOf(inner);
  return Array.from({ length: size }, (_, at) => nested(data, inner, start + at * step));
}

function resizable(data: Numbers, spare: number): Numbers {
  const Type = data.constructor as typeof Float32Array;
  const view = new Type(resizableBuffer(data.byteLength, data.byteLength + spare));
  view.set(data as never);
  return view as unknown as Numbers;
}

/** Forms of one content. Those that must work come first. */
const ORDINARY: Wrap[] = [
  (_, content) => fine(content, plainOf(content), "tensor"),
  (_, content) => {
    const data = content.data.slice();
    return fine(content, named(content, { data, shape: [...content.shape] }), "{data,shape}", {
      buffers: [data.buffer],
    });
  },
  (random, content) => {
    const data = content.data.slice();
    const value = named(content, { data, dims: [...content.shape] });
    // Changes of the caller's memory while the call runs must not matter.
    return fine(content, value, "{data,dims}, spoiled in flight", {
      buffers: [data.buffer],
      after: () => spoil(random, data.buffer),
    });
  },
  (random, content) => {
    const { array, kept } = keeper(content.data);
    const value = named(content, { data: array, shape: [...content.shape] });
    return fine(content, value, "subclass with a species that keeps", { after: () => spoil(random, kept()) });
  },
  (_, content) => {
    const value = Object.assign(
      realm.object(),
      named(content, { data: foreignArray(content.data), shape: realm.shape(content.shape) }),
    );
    return fine(content, value, "of another realm");
  },
  (_, content) => {
    const data = foreignArray(content.data);
    return fine(content, named(content, { data, shape: [...content.shape] }), "data of another realm");
  },
  (_, content) => {
    const data = new CLASSES[content.dtype](new SharedArrayBuffer(content.data.byteLength) as never) as Numbers;
    data.set(content.data as never);
    return fine(content, named(content, { data, shape: [...content.shape] }), "shared memory");
  },
  (random, content) => {
    const data = resizable(content.data, random.below(64));
    const value = named(content, { data, shape: [...content.shape] });
    return fine(content, value, "resizable, resized in flight", {
      buffers: [data.buffer],
      after: () => spoil(random, data.buffer),
    });
  },
  (random, content) => strided(random, content),
  (_, content) => fine(content, Object.assign(Object.create(null), plainFields(content)), "without prototype"),
  (_, content) => fine(content, Object.freeze(plainFields(content)), "frozen"),
  (random, content) => {
    const target = plainFields(content);
    return fine(content, new Proxy(target, {}), `proxy of a tensor${random.once(2) ? "" : " "}`);
  },
  (_, content) => {
    if (content.dtype !== "float32" && content.dtype !== "float64") return fine(content, plainOf(content), "tensor");
    if (content.shape.includes(0)) return fine(content, plainOf(content), "tensor");
    return fine(content, nested(content.data, content.shape), "nested");
  },
];

function plainFields(content: Content): Record<string, unknown> {
  return named(content, { data: content.data.slice(), shape: [...content.shape] });
}

/** The same content with gaps between its elements, from the end or the start. */
function strided(random: Random, content: Content): Hostile {
  const { data, shape } = content;
  const gap = 1 + random.below(3);
  const backwards = random.once(2) && data.length > 0;
  const Type = data.constructor as typeof Float32Array;
  const spread = new Type(Math.max(1, data.length * gap)) as unknown as Numbers;
  for (let at = 0; at < data.length; at++) spread[(backwards ? data.length - 1 - at : at) * gap] = data[at] as number;
  const sign = backwards ? -1 : 1;
  const strides = shape.map((_, axis) => sign * gap * sizeOf(shape.slice(axis + 1)));
  const offset = backwards ? (data.length - 1) * gap : 0;
  return fine(
    content,
    named(content, { data: spread, shape: [...shape], [random.one(["stride", "strides"])]: strides, offset }),
    "strided",
  );
}

/** Other objects, from doubtful to absurd. */
const STRANGE: Wrap[] = [
  (_, content) =>
    odd(
      content,
      named(content, { data: new Proxy(content.data.slice(), {}), shape: [...content.shape] }),
      "proxied data",
    ),
  (_, content) =>
    odd(
      content,
      named(content, { data: content.data.slice(), shape: new Proxy([...content.shape], {}) }),
      "proxied shape",
    ),
  (_, content) => odd(content, new Proxy(content.data.slice(), {}), "proxied array"),
  (_, content) =>
    wild(
      Object.create((content.data.constructor as typeof Float32Array).prototype),
      "object with a typed array's prototype",
    ),
  (_, content) =>
    wild(
      named(content, {
        data: Object.create((content.data.constructor as typeof Float32Array).prototype),
        shape: [...content.shape],
      }),
      "data with a typed array's prototype",
    ),
  (random, content) => lying(random, content),
  (random, content) => (random.once(10) ? hugeStrides(random, content) : lying(random, content)),
  (_, content) => {
    const data = content.data.slice();
    structuredClone(data.buffer, { transfer: [data.buffer] });
    return wild(named(content, { data, shape: [...content.shape] }), "detached");
  },
  (_, content) => {
    const data = resizable(content.data, 0);
    (data.buffer as Resizable).resize(0);
    return wild(named(content, { data, shape: [...content.shape] }), "resized to nothing");
  },
  (_, content) => {
    const size = Math.min(sizeOf(content.shape), SCRIBBLED.byteLength / 8);
    const data = new CLASSES[content.dtype](SCRIBBLED as never, 0, size);
    return wild(named(content, { data, shape: [...content.shape] }), "memory that another thread writes to", {
      scribbled: true,
    });
  },
  (_, content) => {
    // The prototype's getter would say that this memory is shared.
    const size = Math.min(sizeOf(content.shape), SCRIBBLED.byteLength / 8);
    const data = new CLASSES[content.dtype](SCRIBBLED as never, 0, size);
    Object.defineProperty(data, "buffer", { get: () => new ArrayBuffer(SCRIBBLED.byteLength) });
    return wild(named(content, { data, shape: [...content.shape] }), "shared memory with a buffer of its own", {
      scribbled: true,
    });
  },
  (_, content) => {
    const size = Math.min(sizeOf(content.shape), SCRIBBLED.byteLength / 8);
    const Type = realm[CLASSES[content.dtype].name] as new (...values: unknown[]) => Numbers;
    return wild(
      named(content, { data: new Type(SCRIBBLED, 0, size), shape: [...content.shape] }),
      "foreign view of memory that another thread writes to",
      { scribbled: true },
    );
  },
  (_, content) => wild(Promise.resolve(plainOf(content)), "a promise"),
  (_, content) => {
    const all: unknown[] = [...(nested(content.data, content.shape) as unknown[])];
    all.push(all);
    return wild(all, "a cycle");
  },
  (_, content) => wild(nested(content.data, [content.data.length]), "a flat list"),
  (_, content) => {
    const sparse = nested(content.data, content.shape) as unknown[];
    sparse.length += 2;
    return wild(sparse, "with holes");
  },
  (random, content) =>
    wild(
      {
        ...plainFields(content),
        shape: [...content.shape].reverse(),
        dtype: random.one(["float16", "bool", "int64", "constructor", 3]),
      },
      "of another shape and dtype",
    ),
  (random, content) =>
    wild(
      {
        ...plainFields(content),
        shape: content.shape.map(() => random.one([0, 1, -1, 0.5, Number.NaN, 2 ** 31, 2 ** 53, 1e300])),
      },
      "of an impossible shape",
    ),
  (_, content) => wild({ data: new BigInt64Array(content.data.length), shape: [...content.shape] }, "BigInts"),
  (_, content) =>
    wild({ data: new DataView(new ArrayBuffer(content.data.byteLength)), shape: [...content.shape] }, "a DataView"),
  (_, content) => wild({ data: () => content.data, shape: [...content.shape] }, "data that is a method"),
  (_, content) => wild({ ...plainFields(content), location: "gpu-buffer" }, "elsewhere"),
  (random, content) => wild(tooDeep(random), `nested deeply${content.shape.length}`),
];

/** Getters on the array itself that say something else than its memory. */
function lying(random: Random, content: Content): Hostile {
  const data = content.data.slice();
  const key = random.one(["length", "byteLength", "byteOffset", "buffer", "constructor", "BYTES_PER_ELEMENT"]);
  const lie = random.one([0, 1, data.length * 2, data.length + 1, 2 ** 30, -1, new ArrayBuffer(4), null, Array]);
  Object.defineProperty(data, key, { get: () => lie });
  if (random.once(4))
    Object.defineProperty(data, Symbol.toStringTag, {
      get: () => random.one(["Float64Array", "Uint8Array", "Float16Array"]),
    });
  return wild(named(content, { data, shape: [...content.shape] }), `an array with its own ${key}`, {
    buffers: [data.buffer],
  });
}

/** A few numbers that claim to be billions. */
function hugeStrides(random: Random, content: Content): Hostile {
  // Large enough to be noticed, and small enough for a machine that others use too. No layer has so many features: with one
  // feature the call would be honest, and might take as long as it takes.
  const shape = random.one([[1, 2, 2 ** 26], [1, 2 ** 10, 2 ** 17], [2 ** 17, 2 ** 10], [2 ** 27, 1], [2 ** 27]]);
  const value = named(content, { data: new CLASSES[content.dtype](3), shape, strides: shape.map(() => 0) });
  return wild(value, `a view of shape ${shape} with strides of 0`);
}

function tooDeep(random: Random): unknown {
  let deep: unknown = 1;
  for (let left = random.one([40, 20_000]); left > 0; left--) deep = [deep];
  return deep;
}

/** Returns one form of `content`. The package must accept most forms unless `strange`. */
export function hostile(random: Random, content: Content, strange: boolean): Hostile {
  return random.one(strange ? STRANGE : ORDINARY)(random, content);
}

/** Returns a value as `hostile` does, for arguments that may also be bare typed arrays. */
export function hostileBare(random: Random, content: Content, strange: boolean): Hostile {
  if (random.once(2)) return hostile(random, content, strange);
  if (strange) {
    const value = hostile(random, content, true);
    const inner = (value.value as { data?: unknown } | null)?.data;
    return inner === undefined ? value : { ...value, value: inner, plain: null, says: `bare: ${value.says}` };
  }
  const { array, kept } = keeper(content.data);
  const own = content.data.slice();
  return random.one<() => Hostile>([
    () => fine(content, own, "bare array", { buffers: [own.buffer], after: () => spoil(random, own.buffer) }),
    () => fine(content, array, "bare subclass with a species that keeps", { after: () => spoil(random, kept()) }),
    () => fine(content, foreignArray(content.data), "bare array of another realm"),
    () => fine(content, resizable(content.data, 8), "bare resizable array"),
  ])();
}

/** `lengths` for these sizes. */
export function hostileLengths(random: Random, batch: number, timesteps: number, strange: boolean): Hostile {
  const list = random.list(batch, () => random.below(timesteps + 1));
  const data = Int32Array.from(list);
  const content: Content = { data, shape: [batch], dtype: "int32" };
  if (!strange) {
    const { array, kept } = keeper(data);
    return random.one<() => Hostile>([
      () => fine(content, list, "lengths in a list"),
      () => fine(content, data.slice(), "lengths"),
      () => fine(content, foreignArray(data), "lengths of another realm"),
      () => fine(content, array, "lengths with a species that keeps", { after: () => spoil(random, kept()) }),
      () => fine(content, resizable(data, 4), "resizable lengths"),
    ])();
  }
  const scribbledView = () => new Int32Array(SCRIBBLED as never, 0, batch);
  return random.one<() => Hostile>([
    () => wild(scribbledView(), "lengths that another thread writes to", { scribbled: true }),
    () =>
      wild(
        new (realm.Int32Array as never as typeof Int32Array)(SCRIBBLED as never, 0, batch),
        "foreign lengths that another thread writes to",
        { scribbled: true },
      ),
    () =>
      wild(
        Object.defineProperty(scribbledView(), "buffer", { get: () => new ArrayBuffer(64) }),
        "shared lengths with a buffer of their own",
        { scribbled: true },
      ),
    () => wild(Object.create(Int32Array.prototype), "object with Int32Array's prototype"),
    () => wild(new Proxy(data, {}), "proxied lengths"),
    () => wild(Object.defineProperty(data, "length", { get: () => batch + 1 }), "lengths with a length of their own"),
    () =>
      wild(
        list.map(() => random.one([-1, 0.5, Number.NaN, 2 ** 31, "1", null, true])),
        "odd lengths",
      ),
    () => wild(new Int32Array(batch + 1), "too many lengths"),
  ])();
}
