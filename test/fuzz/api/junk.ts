import {
  backendInfo,
  configure,
  constraints,
  createBatcher,
  DTypePolicy,
  GRU,
  initializers,
  memoryUsage,
  optimizers,
  regularizers,
  saveModelWeights,
  Tensor,
  tensor,
  Variable,
} from "cudnn-gru";
import type { Random } from "../random.js";
import { hostileBare } from "./hostile.js";
import { attempt, OwnError, type Twins } from "./twins.js";
import { content } from "./values.js";

type Loose = (...values: unknown[]) => unknown;
type LooseClass = new (...values: unknown[]) => unknown;

const KEYS = [
  "data",
  "shape",
  "dims",
  "dtype",
  "type",
  "mask",
  "lengths",
  "training",
  "initial_state",
  "out",
  "units",
  "signal",
  "batch",
  "timesteps",
  "layer",
  "config",
  "class_name",
  "learning_rate",
  "l2",
  "axis",
  "value",
  "name",
  "__proto__",
  "constructor",
  "toString",
  "then",
];

/** Anything at all, at most `depth` deep. */
function junk(random: Random, depth = 3): unknown {
  return random.weighted<() => unknown>([
    [
      5,
      () =>
        random.one([
          undefined,
          null,
          true,
          false,
          0,
          -0,
          1,
          2,
          3,
          -1,
          0.5,
          Number.NaN,
          Number.POSITIVE_INFINITY,
          2 ** 31,
          2 ** 53,
          -(2 ** 53),
          1e308,
          "",
          "tanh",
          "l2",
          "auto",
          "float32",
          "gru",
          "constructor",
          "__proto__",
          "\0",
          1n,
          Symbol("x"),
          () => 1,
          class {},
        ]),
    ],
    [1, () => new (random.one([Float32Array, Float64Array, Uint8Array, Uint16Array, Int32Array]))(random.below(13))],
    [
      1,
      () =>
        random.one([
          new DataView(new ArrayBuffer(8)),
          new Map([["units", 3]]),
          new Date(0),
          Promise.resolve(1),
          /x/,
          new Error("x"),
          new WeakMap(),
          globalThis,
          Object.create(null),
          new Proxy(() => 1, {}),
          new String("x"),
          Object(1n),
          Object.freeze([1, 2]),
        ]),
    ],
    [
      1,
      () => ({
        toString: () => {
          throw new OwnError("toString");
        },
        valueOf: () => {
          throw new OwnError("valueOf");
        },
        [Symbol.toPrimitive]: () => {
          throw new OwnError("toPrimitive");
        },
      }),
    ],
    [
      1,
      () =>
        new Proxy(
          {},
          {
            get: (_, key) => (random.once(3) ? junk(random, 0) : key === "then" ? undefined : { key }),
            ownKeys: () => ["units", "data"],
            getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 1 }),
          },
        ),
    ],
    [
      1,
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new OwnError("get");
            },
          },
        ),
    ],
    [
      1,
      () =>
        hostileBare(
          random,
          content(random, [random.below(3), 1 + random.below(3), 1 + random.below(3)], "float32"),
          random.once(2),
        ).value,
    ],
    [depth > 0 ? 2 : 0, () => random.list(random.below(4), () => junk(random, depth - 1))],
    [
      depth > 0 ? 3 : 0,
      () => Object.fromEntries(random.list(random.below(4), () => [random.one(KEYS), junk(random, depth - 1)])),
    ],
    [
      depth > 0 ? 1 : 0,
      () => {
        const cyclic: Record<string, unknown> = { units: 3, config: {} };
        Object.defineProperty(cyclic, random.one(KEYS), { value: cyclic, enumerable: true });
        return cyclic;
      },
    ],
  ])();
}

function sizes(random: Random): unknown[] {
  return random.list(random.below(5), () =>
    random.one<unknown>([0, 1, 2, 3, -1, 1.5, 2 ** 30, 2 ** 31, "1", null, Number.NaN]),
  );
}

/** Everything public that has no step of its own, with junk; and everything that has, with junk too. */
export async function anything(twins: Twins): Promise<void> {
  const { one, random, gru } = twins;
  const any = () => junk(random);
  const loose = gru as unknown as Record<string, Loose>;
  const make = (Type: unknown) => new (Type as LooseClass)(any(), any());
  const key = random.one([
    ...Object.keys(gru.getConfig()),
    "use_cudnn",
    "implementation",
    "cuda_device",
    "input_shape",
  ]);
  const statics = GRU as unknown as Record<string, Loose>;
  const group = random.one([initializers, regularizers, constraints, optimizers, optimizers.schedules] as Record<
    string,
    unknown
  >[]);
  const member = random.one(Object.keys(group));
  const uses: [string, () => unknown, changes?: boolean][] = [
    ["new GRU(junk, junk)", () => make(GRU)],
    [`new GRU({ ${key}: junk })`, () => new (GRU as unknown as LooseClass)({ units: 3, [key]: any() })],
    [
      "GRU.fromConfig",
      () => statics.fromConfig?.({ ...gru.getConfig(), [key]: any() }, random.once(2) ? any() : undefined),
    ],
    ["GRU.fromConfig(junk)", () => statics.fromConfig?.(any(), any())],
    ["GRU.fromKeras(junk)", () => statics.fromKeras?.(any(), any())],
    ["loadWeights(junk)", () => loose.loadWeights?.(any(), any())],
    [
      "saveWeights(junk)",
      () => loose.saveWeights?.(random.one([any(), "/nonexistent/x.weights.h5", "/nonexistent/x.safetensors"]), any()),
    ],
    [
      "saveModelWeights(junk)",
      () => (saveModelWeights as unknown as Loose)(random.one([any(), "/nonexistent/x.weights.h5"]), any()),
    ],
    ["tensor(junk)", () => (tensor as unknown as Loose)(any(), random.once(2) ? sizes(random) : any(), any())],
    ["new Tensor(junk)", () => new (Tensor as unknown as LooseClass)(any(), sizes(random), any())],
    ["new Variable(junk)", () => make(Variable)],
    ["new DTypePolicy(junk)", () => new (DTypePolicy as unknown as LooseClass)(any())],
    [`${member}(junk)`, () => construct(group[member], any, random)],
    [
      "configure(junk)",
      () =>
        (configure as unknown as Loose)(
          random.one([any(), { threads: any() }, { maxQueue: any() }, { allow_tf32: any() }]),
        ),
    ],
    ["backendInfo", () => (backendInfo as Loose)(any())],
    ["memoryUsage", () => (memoryUsage as Loose)(any())],
    ["explain(junk)", () => loose.explain?.(random.once(2) ? any() : { mask: any(), training: any() })],
    ["build(junk)", () => loose.build?.(random.once(2) ? sizes(random) : any()), true],
    ["computeOutputShape(junk)", () => loose.computeOutputShape?.(random.once(2) ? sizes(random) : any())],
    // In a list, because a mask that is a promise comes back as it is, and would be waited for.
    ["computeMask(junk)", () => [loose.computeMask?.(any())]],
    ["getInitialState(junk)", () => loose.getInitialState?.(random.one([any(), 2, -1, 2 ** 31]))],
    ["countParams", () => loose.countParams?.()],
    [
      "warmUp(junk)",
      () => loose.warmUp?.(random.one([any(), { batch: 2, timesteps: 3 }, { batch: any(), timesteps: any() }])),
    ],
    ["trainable = junk", () => Reflect.set(gru, "trainable", random.one([any(), 1, null]))],
    ["losses", () => gru.losses],
    ["states", () => gru.states],
    ["String(gru)", () => String(gru)],
    ["JSON.stringify(gru)", () => JSON.stringify(gru)],
    ["call(junk)", () => loose.call?.(any(), any()), true],
    ["callAsync(junk)", () => loose.callAsync?.(any(), any()), true],
    ["forward(junk)", () => loose.forward?.(any(), any()), true],
    ["forwardAsync(junk)", () => loose.forwardAsync?.(any(), any()), true],
    ["setWeights(junk)", () => loose.setWeights?.(random.one([any(), [any(), any(), any()]])), true],
    ["resetState(junk)", () => loose.resetState?.(any()), true],
    ["stream(junk)", () => loose.stream?.(random.one([any(), { batch: any() }, { initial_state: any() }]))],
    [
      "createBatcher(junk)",
      () =>
        (createBatcher as Loose)(random.one([any(), gru]), random.one([any(), { maxBatch: any(), maxDelayMs: any() }])),
    ],
    [
      "methods on other objects",
      () =>
        Reflect.apply(
          (GRU.prototype as unknown as Record<string, Loose>)[random.one(["call", "getConfig", "getWeights"])] as Loose,
          any(),
          [],
        ),
    ],
  ];
  const [name, use, changes] = random.one(uses);
  one.step(`${name} on ${twins.says}`);
  one.count();
  const wasTrainable = gru.trainable;
  const before = twins.snapshot();
  const outcome = await attempt(use);
  if (name === "trainable = junk" && gru.trainable !== wasTrainable) gru.trainable = wasTrainable;
  if (name.startsWith("configure")) configure({ threads: 2, maxQueue: Number.POSITIVE_INFINITY });
  // A method whose `this` is no layer is the language's own affair.
  if (!outcome.ok && !(outcome.error instanceof OwnError) && name !== "methods on other objects")
    one.accepts(outcome.error);
  if (!outcome.ok && changes) twins.unchanged(before, name);
  else if (changes) twins.follow(false);
  else if (twins.snapshot() !== before) one.report(`${name} changed the layer`, twins.says);
}

/** Passes junk to a public function or class, and returns the result. */
function construct(member: unknown, any: () => unknown, random: Random): unknown {
  if (typeof member !== "function") return null;
  if (!/^class/.test(Function.prototype.toString.call(member))) return (member as Loose)(any(), "argument");
  const made = new (member as LooseClass)(any()) as Record<string, Loose>;
  // A base class, which only its subclasses complete.
  if (typeof made.getConfig !== "function") return null;
  const method = random.one(["getConfig", "serialize"]);
  return typeof made[method] === "function" ? made[method]() : made;
}
