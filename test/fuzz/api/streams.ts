import type { GRUStream } from "cudnn-gru";
import { reportMismatch } from "./calls.js";
import { type Hostile, hostile, hostileBare } from "./hostile.js";
import { scribble } from "./scribbler.js";
import { deed, set } from "./traps.js";
import { attempt, codeOf, firstDifference, OwnError, sameResults, type Twins } from "./twins.js";
import { CLASSES, content, plainOf } from "./values.js";

/** A stream, some frames, blocks and steps, and the same on the twin. */
export async function stream(twins: Twins): Promise<void> {
  const { one, random, gru, twin, plan } = twins;
  if (plan.hasCustom || plan.args.use_cudnn === true) return;
  const batch = 1 + random.below(3);
  const dtype = gru.compute_dtype;
  const initial = hostileBare(random, content(random, [batch, plan.units], dtype), random.once(6));
  one.step(`stream of ${batch} rows, initial_state ${initial.says} on ${twins.says}`);
  one.count();
  scribble(initial.scribbled === true);
  const made = await attempt(() => gru.stream({ batch, initial_state: initial.value as never }));
  scribble(false);
  if (!made.ok) {
    one.accepts(made.error);
    return;
  }
  const mine = made.result as GRUStream;
  const other = twin.stream({ batch, initial_state: mine.state });
  for (let left = 1 + random.below(8); left > 0 && !twins.over; left--) {
    if (random.once(5)) await step(twins, mine, other);
    else await push(twins, mine, other);
  }
  mine.dispose();
  other.dispose();
  for (const use of [
    () => mine.push(new Float32Array(batch * plan.features)),
    () => mine.step(),
    () => mine.input,
    () => mine.state,
    () => mine.reset(),
  ]) {
    const outcome = await attempt(use);
    if (codeOf(outcome) !== "ERR_DISPOSED") one.report(`a disposed stream: ${codeOf(outcome)}`);
  }
}

/** One step on the stream's own arrays. */
async function step(twins: Twins, mine: GRUStream, other: GRUStream): Promise<void> {
  const { one, random, plan, gru } = twins;
  const frame = plainOf(content(random, [mine.batch, plan.features], gru.compute_dtype));
  one.step(`step on ${twins.says}`);
  one.count();
  const outcome = await attempt(() => {
    mine.input.set(frame.data);
    mine.step();
  });
  if (!outcome.ok) {
    one.accepts(outcome.error);
    return;
  }
  const expected = other.push(frame);
  const output = { data: mine.output, shape: expected.shape };
  if (!sameResults(output, expected)) one.report("step: another output", firstDifference(output, expected));
  if (!sameResults(mine.state, other.state)) {
    one.report("step: another state", firstDifference(mine.state, other.state));
    other.reset(mine.state);
  }
}

/** A frame, or now and then a block of frames. */
function framesFor({ random, plan, gru }: Twins, batch: number): { frame: Hostile; timesteps: number | null } {
  const strange = random.once(4);
  const dtype = gru.compute_dtype;
  if (!random.once(3)) {
    return { frame: hostileBare(random, content(random, [batch, plan.features], dtype), strange), timesteps: null };
  }
  const timesteps = 2 + random.below(4);
  const block = content(random, [batch, timesteps, plan.features], dtype);
  // A bare array can be a block of one row alone.
  const make = batch === 1 && plan.features > 0 ? hostileBare : hostile;
  return { frame: make(random, block, strange), timesteps };
}

async function push(twins: Twins, mine: GRUStream, other: GRUStream): Promise<void> {
  const { one, random, plan, gru } = twins;
  const dtype = gru.compute_dtype;
  const { frame, timesteps } = framesFor(twins, mine.batch);
  const args = { frame: frame.value };
  const trapped = random.once(5);
  let changes = false;
  if (trapped) {
    const trap = deed(random, twins, frame.buffers, new AbortController());
    changes = trap.changes;
    set(random, trap, [frame], args);
  }
  const shape = timesteps === null ? [mine.batch, plan.units] : [mine.batch, timesteps, plan.units];
  const count = shape.reduce((product, size) => product * size, 1);
  const out = random.once(3)
    ? random.one<unknown>([
        new CLASSES[dtype](count),
        new CLASSES[dtype](count + 1),
        Object.create(CLASSES[dtype].prototype),
        frame.value,
        { data: new CLASSES[dtype](count), shape, dtype },
        3,
      ])
    : undefined;
  one.step(`push ${frame.says}${trapped ? "; a trap" : ""}${out === undefined ? "" : "; out"} on ${twins.says}`);
  one.count();
  const before = mine.state;
  scribble(frame.scribbled === true);
  const outcome = await attempt(() =>
    out === undefined ? mine.push(frame.value as never) : mine.push(frame.value as never, out as never),
  );
  scribble(false);
  if (twins.over) return;
  if (!outcome.ok) {
    if (!(outcome.error instanceof OwnError)) one.accepts(outcome.error);
    if (!changes && !sameResults(mine.state, before)) one.report(`push failed and changed the stream`, twins.says);
    if (out === undefined && frame.works && !trapped)
      reportMismatch(twins, "push", outcome, { ok: true, result: null });
    // The trap's effects on the layer stay, although the push failed.
    if (changes) twins.follow(false);
    return;
  }
  if (frame.plain === null || trapped) {
    other.reset(mine.state);
    if (changes) twins.follow(false);
    return;
  }
  const expected = other.push(frame.plain);
  if (out === undefined && !sameResults(outcome.result, expected))
    one.report("push: another result than for an ordinary frame", firstDifference(outcome.result, expected));
  if (!sameResults(mine.state, other.state)) {
    one.report("push: another state than for an ordinary frame", firstDifference(mine.state, other.state));
    other.reset(mine.state);
  }
}
