import type { GRUStream } from "cudnn-gru";
import { reportMismatch } from "./calls.js";
import { hostileBare } from "./hostile.js";
import { scribble } from "./scribbler.js";
import { deed, set } from "./traps.js";
import { attempt, codeOf, firstDifference, OwnError, sameResults, type Twins } from "./twins.js";
import { CLASSES, content } from "./values.js";

/** A stream, some frames, and the same on the twin. */
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
  for (let left = 1 + random.below(8); left > 0 && !twins.over; left--) await push(twins, mine, other);
  mine.dispose();
  other.dispose();
  for (const use of [() => mine.push(new Float32Array(batch * plan.features)), () => mine.state, () => mine.reset()]) {
    const outcome = await attempt(use);
    if (codeOf(outcome) !== "ERR_DISPOSED") one.report(`a disposed stream: ${codeOf(outcome)}`);
  }
}

async function push(twins: Twins, mine: GRUStream, other: GRUStream): Promise<void> {
  const { one, random, plan, gru } = twins;
  const dtype = gru.compute_dtype;
  const strange = random.once(4);
  const frame = hostileBare(random, content(random, [mine.batch, plan.features], dtype), strange);
  const args = { frame: frame.value };
  const trapped = random.once(5);
  let changes = false;
  if (trapped) {
    const trap = deed(random, twins, frame.buffers, new AbortController());
    changes = trap.changes;
    set(random, trap, [frame], args);
  }
  const count = mine.batch * plan.units;
  const out = random.once(3)
    ? random.one<unknown>([
        new CLASSES[dtype](count),
        new CLASSES[dtype](count + 1),
        Object.create(CLASSES[dtype].prototype),
        frame.value,
        { data: new CLASSES[dtype](count), shape: [mine.batch, plan.units], dtype },
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
