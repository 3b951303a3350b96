import type { Tensor } from "cudnn-gru";
import type { Random } from "../random.js";
import { type Hostile, hostile, hostileBare, hostileLengths } from "./hostile.js";
import { deed, set, type Trap } from "./traps.js";
import type { Twins } from "./twins.js";
import { CLASSES, content, type Numbers, resizableBuffer, sizeOf } from "./values.js";

/** One call's arguments, and the same in ordinary form. */
export interface Request {
  inputs: unknown;
  args: Record<string, unknown>;
  /** The ordinary form; `null` when it is not certain what the package reads. */
  plain: { inputs: Tensor; args: Record<string, unknown> } | null;
  /** Whether the package must treat it like the ordinary form. */
  works: boolean;
  training: boolean;
  batch: number;
  timesteps: number;
  says: string;
  /** The caller's changes of its memory once the call is submitted. */
  after(): void;
  scribbled: boolean;
  trap: Trap | null;
}

export interface Wishes {
  asynchronous?: boolean;
  out?: boolean;
  training?: boolean;
  initialState?: boolean;
  /** Rows, where they are fixed. */
  batch?: number;
}

/** A call on the layer of `twins`: sound, strange in one place, or with a trap. */
export function makeRequest(twins: Twins, wishes: Wishes = {}): Request {
  const { random, plan, gru } = twins;
  const kind = random.weighted([
    [5, "sound"],
    [3, "strange"],
    [3, "trap"],
  ] as const);
  const carried = plan.args.stateful === true ? gru.states?.[0].shape[0] : undefined;
  const batch = wishes.batch ?? (carried !== undefined && !random.once(6) ? carried : random.below(4));
  // Long ones are still running when the caller spoils its memory.
  const timesteps = random.once(20) ? 100 + random.below(400) : 1 + random.below(5);
  const dtype = gru.compute_dtype;
  const values = new Map<string, Hostile>();
  const mask = random.weighted([
    [3, "none"],
    [2, "mask"],
    [2, "lengths"],
  ] as const);
  const inputDtype = random.once(8) && plan.args.autocast !== false ? "float64" : dtype;
  const makers = new Map<string, (strange: boolean) => Hostile>();
  makers.set("inputs", (strange) =>
    hostile(random, content(random, [batch, timesteps, plan.features], inputDtype), strange),
  );
  if (mask === "mask") makers.set("mask", (strange) => maskOf(random, batch, timesteps, strange));
  if (mask === "lengths") makers.set("lengths", (strange) => hostileLengths(random, batch, timesteps, strange));
  if (wishes.initialState !== false && random.once(3)) {
    makers.set("initial_state", (strange) => hostileBare(random, content(random, [batch, plan.units], dtype), strange));
  }
  const where = kind === "strange" ? random.one([...makers.keys()]) : null;
  for (const [key, make] of makers) values.set(key, make(key === where));
  const training = wishes.training !== false && random.once(2);
  const args: Record<string, unknown> = {};
  for (const [key, { value }] of values) if (key !== "inputs") args[key] = value;
  if (training) args.training = true;
  const all = [...values.values()];
  let works = all.every((value) => value.works);
  const says = [...values].map(([key, value]) => `${key} ${value.says}`);
  if (wishes.out && random.once(3)) {
    const out = outOf(random, twins, batch, timesteps, all);
    args.out = out.value;
    works &&= out.works;
    says.push(`out ${out.says}`);
  }
  const controller = new AbortController();
  let abortLater = false;
  if (wishes.asynchronous) {
    if (random.once(4)) {
      args.signal = random.one<unknown>([
        controller.signal,
        controller.signal,
        AbortSignal.abort("before"),
        {},
        3,
        oddSignal(random),
      ]);
      abortLater = random.once(2);
      works = false;
      says.push("a signal");
    }
    if (random.once(4) && !all.some((value) => value.scribbled)) {
      args.transfer = true;
      // Frozen and shared memory cannot be given away.
      works &&= /^(tensor|\{data|of another|data of another|without)/.test(values.get("inputs")?.says ?? "");
      says.push("transfer");
    }
  }
  let trap: Trap | null = null;
  let passed = args;
  if (kind === "trap") {
    trap = deed(
      random,
      twins,
      all.flatMap((value) => value.buffers),
      controller,
    );
    passed = set(random, trap, all, args);
    for (const [key, { value }] of values)
      if (key !== "inputs" && Object.getOwnPropertyDescriptor(passed, key)?.writable) passed[key] = value;
    works = false;
    says.push(`a trap that ${trap.says}`);
  }
  const plainArgs: Record<string, unknown> = training ? { training: true } : {};
  for (const [key, { plain }] of values) if (key !== "inputs") plainArgs[key] = key === "lengths" ? plain?.data : plain;
  const certain = trap === null && all.every((value) => value.plain !== null);
  return {
    inputs: values.get("inputs")?.value,
    args: passed,
    plain: certain ? { inputs: values.get("inputs")?.plain as Tensor, args: plainArgs } : null,
    works,
    training,
    batch,
    timesteps,
    says: `[${batch}, ${timesteps}] ${says.join("; ")}${training ? "; training" : ""}`,
    after() {
      for (const value of all) value.after?.();
      if (abortLater) controller.abort("later");
    },
    scribbled: all.some((value) => value.scribbled),
    trap,
  };
}

function oddSignal(random: Random): unknown {
  let asked = 0;
  const target = new EventTarget();
  return Object.assign(target, {}, Object.defineProperty(target, "aborted", { get: () => asked++ >= random.below(4) }));
}

function maskOf(random: Random, batch: number, timesteps: number, strange: boolean): Hostile {
  const whole = content(random, [batch, timesteps], random.one(["uint8", "uint8", "float32", "int32"]));
  if (random.once(3)) {
    // Right-padded.
    for (let row = 0; row < batch; row++) {
      const length = random.below(timesteps + 1);
      for (let step = 0; step < timesteps; step++) whole.data[row * timesteps + step] = step < length ? 1 : 0;
    }
  } else for (let at = 0; at < whole.data.length; at++) whole.data[at] = random.below(2);
  const made = hostile(random, whole, strange);
  // Nested numbers are no mask.
  if (!strange && Array.isArray(made.value)) {
    made.value = (made.value as number[][]).map((row) => row.map((flag) => flag !== 0));
  }
  return made;
}

/** Returns as many whole elements as fit into the memory of another argument. */
function over(buffer: ArrayBuffer, { BYTES_PER_ELEMENT: size, constructor: Type }: Numbers): unknown {
  try {
    return new (Type as typeof Float32Array)(buffer, 0, Math.floor(buffer.byteLength / size));
  } catch {
    // The other argument may have no usable memory.
    return buffer;
  }
}

/** Memory to write the results to. */
function outOf(
  random: Random,
  twins: Twins,
  batch: number,
  timesteps: number,
  others: Hostile[],
): { value: unknown; works: boolean; says: string } {
  const { plan, gru } = twins;
  const dtype = gru.compute_dtype;
  const one = (shape: number[]): { value: unknown; works: boolean; says: string } => {
    const data = new CLASSES[dtype](sizeOf(shape));
    return random.weighted<() => { value: unknown; works: boolean; says: string }>([
      [4, () => ({ value: data, works: true, says: "array" })],
      [
        2,
        () => ({
          value: dtype === "float16" || dtype === "bfloat16" ? { data, shape, dtype } : { data, shape },
          works: true,
          says: "{data,shape}",
        }),
      ],
      [
        1,
        () => ({
          value: new CLASSES[dtype](new SharedArrayBuffer(data.byteLength) as never),
          works: true,
          says: "shared",
        }),
      ],
      [
        1,
        () => ({
          value: new CLASSES[dtype](resizableBuffer(data.byteLength, data.byteLength + 8)),
          works: true,
          says: "resizable",
        }),
      ],
      [
        1,
        () => ({
          value: over(others.flatMap(({ buffers }) => buffers)[0] ?? data.buffer, data),
          works: false,
          says: "over the inputs",
        }),
      ],
      [1, () => ({ value: new Proxy(data, {}), works: false, says: "proxy" })],
      [1, () => ({ value: Object.create(Object.getPrototypeOf(data)), works: false, says: "prototype alone" })],
      [
        0.05,
        () => ({
          value: { data: new CLASSES[dtype](3), shape: [1, 2, 2 ** 26], strides: [0, 0, 0] },
          works: false,
          says: "huge strides",
        }),
      ],
    ])();
  };
  const output = one(plan.args.return_sequences ? [batch, timesteps, plan.units] : [batch, plan.units]);
  if (plan.args.return_state !== true) return output;
  const state = one([batch, plan.units]);
  return {
    value: [output.value, state.value],
    works: output.works && state.works,
    says: `[${output.says}, ${state.says}]`,
  };
}
