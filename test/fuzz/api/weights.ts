import { reportMismatch } from "./calls.js";
import { hostileBare } from "./hostile.js";
import { scribble } from "./scribbler.js";
import { deed, set } from "./traps.js";
import { attempt, codeOf, OwnError, type Twins } from "./twins.js";
import { content } from "./values.js";

/** `setWeights`, `assign` or `resetState` with hostile values. */
export async function change(twins: Twins): Promise<void> {
  const { one, random, gru, twin, plan } = twins;
  if (!gru.built) return;
  const what = random.one(["setWeights", "assign", "resetState"] as const);
  const targets =
    what === "resetState"
      ? [{ shape: [1 + random.below(3), plan.units], dtype: gru.compute_dtype }]
      : what === "assign"
        ? [random.one(gru.weights)]
        : gru.weights;
  const strange = random.once(3);
  const victim = random.below(targets.length);
  const values = targets.map(({ shape, dtype }, at) =>
    hostileBare(random, content(random, [...shape], dtype), strange && at === victim),
  );
  const list = values.map(({ value }) => value);
  let changes = false;
  const trapped = !strange && random.once(3);
  if (trapped) {
    const trap = deed(
      random,
      twins,
      values.flatMap(({ buffers }) => buffers),
      new AbortController(),
    );
    changes = trap.changes;
    set(random, trap, values, { list });
    for (const [at, { value }] of values.entries()) list[at] = value;
  }
  const says = values.map((value) => value.says).join("; ");
  one.step(`${what} ${says}${trapped ? "; a trap" : ""} on ${twins.says}`);
  one.count();
  const before = twins.snapshot();
  const at = what === "assign" ? gru.weights.indexOf(targets[0] as never) : 0;
  const act = (layer: typeof gru, given: unknown[]) => {
    if (what === "setWeights") layer.setWeights(given as never);
    else if (what === "assign") layer.weights[at]?.assign(given[0] as never);
    else layer.resetState(given[0] as never);
  };
  scribble(values.some((value) => value.scribbled));
  const outcome = await attempt(() => act(gru, list));
  scribble(false);
  if (twins.over) return;
  if (!outcome.ok && !(outcome.error instanceof OwnError)) one.accepts(outcome.error);
  if (!outcome.ok && !changes) twins.unchanged(before, what);
  const plain = values.map((value) => value.plain);
  if (trapped || plain.includes(null)) {
    if (outcome.ok || changes) twins.follow(false);
    return;
  }
  if (!outcome.ok && !values.every(({ works }) => works)) return;
  const expected = await attempt(() => act(twin, plain));
  if (codeOf(expected) !== codeOf(outcome)) {
    reportMismatch(twins, what, outcome, expected);
    return;
  }
  const same = twin
    .getWeights()
    .every(({ data }, index) =>
      Buffer.from(data.buffer).equals(Buffer.from(gru.getWeights()[index]?.data.buffer as ArrayBuffer)),
    );
  if (!same) one.report(`${what}: other weights than for ordinary values`, says);
}
