import { Tensor } from "cudnn-gru";
import { makeRequest, type Request } from "./requests.js";
import { scribble } from "./scribbler.js";
import { attempt, codeOf, firstDifference, type Outcome, OwnError, sameResults, type Twins } from "./twins.js";
import { CLASSES, sizeOf } from "./values.js";

/** Judges what a hostile call did, given what the ordinary one does on the twin. */
export async function judge(
  twins: Twins,
  what: string,
  request: Pick<Request, "plain" | "works" | "training" | "trap" | "says">,
  outcome: Outcome,
  before: string,
  ordinary: (() => unknown) | null,
): Promise<Outcome | null> {
  const { one } = twins;
  twins.mood.act = null;
  if (!outcome.ok && !(outcome.error instanceof OwnError)) one.accepts(outcome.error);
  if (twins.over) return null;
  if (!outcome.ok && request.trap?.changes !== true) twins.unchanged(before, what);
  if (request.trap?.changes === true && !outcome.ok) twins.follow(false);
  if (ordinary === null || request.plain === null) {
    if (outcome.ok) twins.follow(request.training);
    return null;
  }
  if (!request.works && !outcome.ok) return null;
  const expected = await attempt(ordinary);
  if (request.works && codeOf(expected) !== codeOf(outcome)) {
    reportMismatch(twins, what, outcome, expected);
  }
  return expected;
}

/** Reports that a hostile value had another outcome than an ordinary one; grouped by what the package said. */
export function reportMismatch(twins: Twins, what: string, outcome: Outcome, expected: Outcome): void {
  const said = outcome.ok
    ? ""
    : `: ${String((outcome.error as Error).message)
        .split(" but received")[0]
        ?.replace(/\d+/g, "N")
        .slice(0, 120)}`;
  // One of them has drawn dropout's numbers, or has other weights.
  twins.over = true;
  twins.one.report(
    `${what}: ${codeOf(outcome)} where ordinary values give ${codeOf(expected)}${said}`,
    outcome.ok ? "" : String(outcome.error),
  );
}

/** Checks that a call's result has the shapes, the dtype and the data that it must have. */
export function checkResult(twins: Twins, what: string, result: unknown, batch: number | null): void {
  const { one, plan, gru } = twins;
  const wrong = (why: string) => one.report(`${what}: ${why}`, twins.says);
  const parts = plan.args.return_state === true ? (result as unknown[]) : [result];
  if (!Array.isArray(parts) || parts.length !== (plan.args.return_state === true ? 2 : 1)) {
    wrong("a result of another form");
    return;
  }
  for (const [index, part] of parts.entries()) {
    if (!(part instanceof Tensor)) {
      // The caller's own `out` object.
      if (typeof part !== "object" || part === null) wrong("a result that is no tensor");
      continue;
    }
    const rank = index === 0 && plan.args.return_sequences === true ? 3 : 2;
    const { shape, data, dtype } = part;
    if (shape.length !== rank || shape[rank - 1] !== plan.units || (batch !== null && shape[0] !== batch))
      wrong("a result of another shape");
    // A buffer that was taken away later is empty.
    else if (data.length !== sizeOf(shape) && data.length !== 0) wrong("a result whose data does not fit its shape");
    if (dtype !== gru.compute_dtype || !(data instanceof CLASSES[gru.compute_dtype]))
      wrong("a result of another dtype");
  }
}

/** `call` or `callAsync` with one request. */
export async function callOnce(twins: Twins): Promise<void> {
  const { one, random, gru, twin, plan } = twins;
  const asynchronous = random.once(2);
  const request = makeRequest(twins, { asynchronous, out: true });
  const what = asynchronous ? "callAsync" : "call";
  evil(twins, request);
  one.step(`${what} ${request.says} on ${twins.says}`);
  one.count();
  const before = twins.snapshot();
  scribble(request.scribbled);
  const outcome = await attempt(
    () => gru[what](request.inputs as never, request.args as never),
    asynchronous ? request.after : undefined,
  );
  scribble(false);
  const { plain } = request;
  const ordinary =
    plain && (() => (plan.hasCustom ? twin[what](plain.inputs, plain.args) : twin.call(plain.inputs, plain.args)));
  if (outcome.ok) checkResult(twins, what, outcome.result, plain === null ? null : request.batch);
  const expected = await judge(twins, what, request, outcome, before, ordinary);
  if (outcome.ok && expected?.ok && !("out" in request.args) && !sameResults(outcome.result, expected.result)) {
    one.report(`${what}: another result than for an ordinary value`, firstDifference(outcome.result, expected.result));
  }
}

/** Lets the layer's own functions misbehave in this call. */
export function evil(twins: Twins, request: Pick<Request, "works" | "plain" | "says">): void {
  const { random, plan, gru, mood } = twins;
  if (!plan.hasCustom || !random.once(3)) return;
  request.works = false;
  request.plain = null;
  let collections = 3;
  const [says, act] = random.one<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new OwnError("thrown by an activation");
      },
    ],
    ["returns a promise", () => Promise.resolve(1)],
    ["calls its layer", () => gru.call(twins.inputs(1, 1))],
    ["sets weights", () => gru.setWeights(gru.getWeights())],
    ["assigns a weight", () => gru.kernel.assign(gru.kernel.value)],
    ["resets the state", () => gru.resetState()],
    ["disposes of its layer", () => gru.dispose()],
    [
      "collects garbage",
      () => {
        // Not at every timestep: that alone would take seconds.
        if (collections-- > 0) (globalThis as { gc?: () => void }).gc?.();
      },
    ],
  ]);
  request.says += `; an activation that ${says}`;
  mood.act = act;
}

/** Several asynchronous calls at one time, with changes of the layer between them. */
export async function callSeveral(twins: Twins): Promise<void> {
  const { one, random, gru, twin, plan } = twins;
  if (plan.hasCustom || plan.args.use_cudnn === true) return;
  const batch = gru.states?.[0].shape[0] ?? 1 + random.below(3);
  const pairs: Promise<void>[] = [];
  for (let left = 1 + random.below(5); left > 0; left--) {
    const inputs = twins.inputs(batch, 1 + random.below(6));
    const training = random.once(2);
    const transfer = random.once(2);
    const mine = { data: inputs.data.slice(), shape: inputs.shape, dtype: inputs.dtype };
    one.step(
      `callAsync, several: ${inputs.shape}${training ? ", training" : ""}${transfer ? ", transfer" : ""} on ${twins.says}`,
    );
    one.count();
    const expected = twin.call(inputs, { training });
    const given = attempt(
      () => gru.callAsync(mine, { training, transfer }),
      () => {
        if (!transfer) mine.data.fill(0);
      },
    );
    pairs.push(
      given.then((outcome) => {
        if (!outcome.ok) one.accepts(outcome.error, []);
        else if (!sameResults(outcome.result, expected))
          one.report("callAsync, several: another result than alone", firstDifference(outcome.result, expected));
      }),
    );
    if (random.once(3)) {
      const weights = gru.getWeights().map(({ data, shape }) => ({
        data: data.map((value) => (gru.dtype.endsWith("16") ? value : value / 2)),
        shape,
      }));
      const values = weights.map(({ data }) => data);
      gru.setWeights(values);
      twin.setWeights(values);
    }
  }
  await Promise.all(pairs);
  if (random.once(3)) twins.probe("after several calls in flight");
}
