import type { CallRequest } from "../arguments/call.js";
import { type CombinedInputs, rowsOfPart, stepsOfPart } from "../arguments/combined.js";
import type { GRUOptions } from "../arguments/constructor.js";
import { kernelArray } from "../arguments/convert.js";
import { isSteady, overlap, writeTo } from "../arguments/intrinsics.js";
import { lossOf } from "../arguments/lent.js";
import { allocate } from "../arguments/memory.js";
import type { OutTarget } from "../arguments/out.js";
import { checkedProduct } from "../arguments/shapes.js";
import { aborted, hasAborted, refuseAborted } from "../arguments/signal.js";
import { requireWhole } from "../arguments/typed_array.js";
import type { WarmUpSizes } from "../arguments/warm_up.js";
import type { Regularizer } from "../keras/regularizers.js";
import { UnknownRegularizer } from "../keras/unknown_objects.js";
import { CALL_FLAGS, type NativeArray, type NativeCustomActivation, type NativeGru, native } from "../native.js";
import { narrowed, rounded, type SixteenBitDtype } from "../sixteen_bit.js";
import { type FloatArray, Tensor, type TypedArray } from "../tensor.js";
import { lockedWhile, type VariableOwner } from "../variable.js";
import { onAbort } from "./abort.js";
import type { CustomActivations } from "./custom.js";
import type { CallTrace } from "./diagnostics.js";
import type { Draw } from "./dropout.js";
import type { CarriedState } from "./state.js";

/** What one call gives: `state` is `null` without `return_state`. */
export interface CallOutcome {
  output: Tensor<FloatArray>;
  state: Tensor<FloatArray> | null;
  /** The activity regularizer's losses, in Keras's order: output, state. */
  losses: readonly number[];
}

const NO_LOSSES: readonly number[] = Object.freeze([]);
const NOTHING = new Tensor<FloatArray>(new Float32Array(0), [0], "float32");

/** The native flags of a layer's calls. */
export function callFlags(options: GRUOptions): number {
  return (
    (options.returnSequences ? CALL_FLAGS.returnSequences : 0) |
    (options.goBackwards ? CALL_FLAGS.goBackwards : 0) |
    (options.zeroOutputForMask ? CALL_FLAGS.zeroOutputForMask : 0)
  );
}

/** Runs the calls of one layer: chooses the arrays, calls the addon, makes the results. */
export class CallRunner {
  readonly #options: GRUOptions;
  readonly #carried: CarriedState | null;
  readonly #custom: CustomActivations | null;
  readonly #owner: VariableOwner;
  readonly #flags: number;
  /** Whether the padding of a combined call would make the kernels write zeros in place of a row's last output. */
  readonly #padsLastOutput: boolean;
  /** Whether the addon may write to the caller's memory: no code of the caller's runs meanwhile. */
  readonly #direct: boolean;
  /** Last states that nobody asked for; synchronous calls only, one at a time. */
  #scratch: NativeArray | null = null;

  constructor(
    options: GRUOptions,
    carried: CarriedState | null,
    custom: CustomActivations | null,
    owner: VariableOwner,
  ) {
    this.#owner = owner;
    this.#options = options;
    this.#carried = carried;
    this.#custom = custom;
    this.#direct = custom === null;
    this.#flags = callFlags(options);
    this.#padsLastOutput = options.zeroOutputForMask && !options.returnSequences && !options.goBackwards;
  }

  /** Computes on this thread. */
  run(gru: NativeGru, request: CallRequest, draw: Draw | null): CallOutcome {
    const { out, batch } = request;
    const { returnState, rounding } = this.#options;
    const given = this.#direct ? out : null;
    const output = given !== null && isSafe(given.output.data, request) ? given.output.data : this.#newOutput(request);
    let state: NativeArray;
    if (this.#carried !== null) state = this.#carried.spare(batch);
    else if (!returnState) state = this.#scratchFor(batch);
    else if (rounding === null && given?.state && isSafe(given.state.data, request)) {
      state = given.state.data as NativeArray;
    } else state = this.#newState(batch);
    const compute = (custom: NativeCustomActivation | null) =>
      gru.call(
        request.inputs,
        output,
        state,
        request.initialState ?? this.#carried?.before(batch) ?? null,
        request.mask,
        request.lengths,
        draw === null ? null : draw.input,
        draw === null ? null : draw.recurrent,
        batch,
        request.timesteps,
        this.#flagsOf(request),
        custom,
      );
    if (this.#custom === null) compute(null);
    else this.#custom.run(compute);
    return this.#finish(request, output, state);
  }

  /**
   * Computes on the executor's threads. Rejects with `ERR_ABORTED` when the signal aborts before this promise settles,
   * whether or not the computation had ended.
   */
  async runAsync(
    gru: NativeGru,
    request: CallRequest,
    draw: Draw | null,
    signal: AbortSignal | null,
    trace: CallTrace | null,
  ): Promise<CallOutcome> {
    const { batch } = request;
    const output = this.#newOutput(request);
    const state = this.#carried === null ? this.#newState(batch) : this.#carried.spare(batch);
    const initialState = request.initialState ?? this.#carried?.before(batch) ?? null;
    const { inputs, mask, lengths, timesteps } = request;
    const input = draw === null ? null : draw.input;
    const recurrent = draw === null ? null : draw.recurrent;
    const flags = this.#flagsOf(request);
    const [queued, computed] = await cancellable(signal, (token) =>
      gru.callAsync(
        token,
        inputs,
        output,
        state,
        initialState,
        mask,
        lengths,
        input,
        recurrent,
        batch,
        timesteps,
        flags,
      ),
    );
    trace?.computed(queued, computed);
    return this.#finish(request, output, state);
  }

  /**
   * Computes on zeros: once on the CUDA device; or once with every thread, then once on each thread at the same time.
   * What a call needs of native memory and threads is there afterwards; results are thrown away, and nothing of the layer
   * changes.
   */
  async warmUp(gru: NativeGru, features: number, sizes: WarmUpSizes, pathFlags: number): Promise<void> {
    const { batch, timesteps } = sizes;
    const { computeDtype, units } = this.#options;
    const inputs = allocate(computeDtype, checkedProduct([batch, timesteps, features], "inputs"), "inputs");
    // Calls that return the last output only need the most scratch memory, and here the least of any other.
    const flags = (this.#flags & ~CALL_FLAGS.returnSequences) | pathFlags;
    const compute = () => {
      const output = allocate(computeDtype, checkedProduct([batch, units], "output"), "output");
      const state = this.#newState(batch);
      return gru.callAsync(nextToken(), inputs, output, state, null, null, null, null, null, batch, timesteps, flags);
    };
    await compute();
    if (pathFlags !== 0) return;
    await Promise.all(Array.from({ length: native().cpuInfo().threads }, compute));
  }

  /** The flags of the native call. Where padding would zero last outputs, `#finish` zeroes those of the user's masks instead. */
  #flagsOf({ combined, pathFlags }: CallRequest): number {
    const zeroed = combined !== null && this.#padsLastOutput ? CALL_FLAGS.zeroOutputForMask : 0;
    return (this.#flags & ~zeroed) | pathFlags;
  }

  #newOutput({ batch, timesteps }: CallRequest): FloatArray {
    const { returnSequences, units, computeDtype } = this.#options;
    const count = checkedProduct([batch, returnSequences ? timesteps : 1, units], "output");
    return allocate(computeDtype, count, "output");
  }

  #newState(batch: number): NativeArray {
    return allocate(this.#options.kernelDtype, checkedProduct([batch, this.#options.units], "state"), "state");
  }

  #scratchFor(batch: number): NativeArray {
    if (this.#scratch === null || this.#scratch.length !== batch * this.#options.units) {
      this.#scratch = this.#newState(batch);
    }
    return this.#scratch;
  }

  /** Nothing of the layer changes before everything that can fail is done. */
  #finish(request: CallRequest, output: FloatArray, state: NativeArray): CallOutcome {
    const { returnSequences, returnState, units, activityRegularizer, computeDtype, rounding } = this.#options;
    const { batch, timesteps, out, combined } = request;
    const shape = returnSequences ? [batch, timesteps, units] : [batch, units];
    const outcome: CallOutcome = { output: NOTHING, state: null, losses: NO_LOSSES };
    if (combined !== null && this.#padsLastOutput) {
      combined.endsMasked.forEach((masked, row) => {
        if (masked) output.fill(0, row * units, (row + 1) * units);
      });
    }
    // Without its code there is no loss, and who asks for it gets an error: a call alone does not need it.
    if (activityRegularizer !== null && !(activityRegularizer instanceof UnknownRegularizer)) {
      outcome.losses = lockedWhile(this.#owner, () =>
        combined === null
          ? this.#activityLosses(activityRegularizer, output, shape, state)
          : this.#lastLosses(activityRegularizer, combined, output, state),
      );
    }
    if (out === null) {
      outcome.output = new Tensor(output, shape, computeDtype);
      // A carried state stays the layer's own, so the caller gets a copy.
      if (returnState) {
        const own = this.#carried === null || rounding !== null ? state : state.slice();
        outcome.state = new Tensor(inComputeDtype(own, rounding), [batch, units], computeDtype);
      }
    } else {
      // The memory that an asynchronous call fills at its end may be gone, and code of the caller's may have run meanwhile.
      requireWhole(out.output.data, output.length, "out");
      if (out.state !== null) requireWhole(out.state.data, state.length, "out");
      outcome.output = deliver(output, out.output);
      if (out.state !== null) outcome.state = deliver(inComputeDtype(state, rounding), out.state);
    }
    this.#carried?.commit(batch, state);
    return outcome;
  }

  #activityLosses(
    regularizer: Regularizer,
    output: FloatArray,
    shape: readonly number[],
    state: NativeArray,
  ): readonly number[] {
    const { returnState, units, computeDtype, rounding } = this.#options;
    const losses = [activityLoss(regularizer, kernelArray(output, computeDtype), shape)];
    if (returnState) losses.push(activityLoss(regularizer, state, [shape[0] as number, units]));
    return rounding === null ? losses : losses.map((loss) => rounded(loss, rounding));
  }

  /** The losses of each request of a combined call, as if they were called one after the other: those of the last stay. */
  #lastLosses(
    regularizer: Regularizer,
    { parts, shape }: CombinedInputs,
    output: FloatArray,
    state: NativeArray,
  ): readonly number[] {
    const { returnSequences, goBackwards, units } = this.#options;
    let losses = NO_LOSSES;
    for (const part of parts) {
      const { rows, timesteps } = part;
      const own = returnSequences
        ? stepsOfPart(output, part, shape[1] as number, units, goBackwards)
        : rowsOfPart(output, part, units);
      const ownShape = returnSequences ? [rows, timesteps, units] : [rows, units];
      losses = this.#activityLosses(regularizer, own, ownShape, rowsOfPart(state, part, units));
    }
    return losses;
  }
}

/** A state, which the addon leaves in float32. */
function inComputeDtype(state: NativeArray, rounding: SixteenBitDtype | null): FloatArray {
  return rounding === null ? state : narrowed(state as Float32Array, rounding);
}

/** As Keras: divided by the batch size, and 0 for an empty batch. */
export function activityLoss(regularizer: Regularizer, values: NativeArray, shape: readonly number[]): number {
  const batch = shape[0] as number;
  return batch === 0 ? 0 : lossOf(regularizer, values, shape) / batch;
}

/** True when the kernels may write to `target` while they read the call's arrays. */
function isSafe(target: TypedArray, { inputs, initialState }: CallRequest): boolean {
  if (!isSteady(target) || overlap(target, inputs)) return false;
  // Of mask and lengths the addon makes copies before it computes.
  return initialState === null || !overlap(target, initialState);
}

function deliver(computed: FloatArray, target: OutTarget): Tensor<FloatArray> {
  if (target.data !== computed && computed.length > 0) writeTo(target.data, computed);
  return target.tensor;
}

let lastToken = 0;

function nextToken(): number {
  lastToken += 1;
  return lastToken;
}

/** Runs `start`, which aborting the signal cancels. Rejects with `ERR_ABORTED` once it has aborted, whatever came out. */
export async function cancellable<T>(signal: AbortSignal | null, start: (token: number) => Promise<T>): Promise<T> {
  const token = nextToken();
  if (signal === null) return start(token);
  refuseAborted(signal);
  const release = onAbort(signal, () => native().cancel(token));
  try {
    const result = await start(token);
    refuseAborted(signal);
    return result;
  } catch (error) {
    throw hasAborted(signal) ? aborted(signal) : error;
  } finally {
    release();
  }
}
