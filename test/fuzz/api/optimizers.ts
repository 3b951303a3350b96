import { reportMismatch } from "./calls.js";
import { type Hostile, hostileBare } from "./hostile.js";
import { Moody } from "./layers.js";
import { scribble } from "./scribbler.js";
import { optimizers, schedules } from "./training.js";
import { deed, set } from "./traps.js";
import { attempt, codeOf, OwnError, sameResults, type Twins } from "./twins.js";
import { content } from "./values.js";

type Any = Record<string, unknown>;

/** A user's schedule with a side effect. */
class Acting extends schedules.LearningRateSchedule {
  act: (() => void) | null = null;
  at(): number {
    this.act?.();
    return 0.01;
  }
  override getConfig(): Any {
    return {};
  }
}

/** Optimizers with equal options for both twins, and some updates with hostile gradients. */
export async function optimize(twins: Twins): Promise<void> {
  const { one, random, gru, twin } = twins;
  if (!gru.built || gru.trainable_weights.length === 0) return;
  const options: Any = { name: "fuzzed" };
  if (random.once(4)) options[random.one(["clipnorm", "clipvalue", "global_clipnorm"])] = 0.5;
  if (random.once(4)) options.weight_decay = 0.01;
  if (random.once(4)) Object.assign(options, { use_ema: true, ema_overwrite_frequency: random.one([null, 2]) });
  if (random.once(4)) options.gradient_accumulation_steps = 2;
  if (random.once(5)) options.loss_scale_factor = 8;
  const name = random.one(["SGD", "Adam", "AdamW", "RMSprop"] as const);
  const scaled = random.once(4);
  const schedule = random.once(4) ? new Acting() : null;
  const make = (rate: unknown) => {
    const Type = optimizers[name] as unknown as new (from: Any) => InstanceType<typeof optimizers.Adam>;
    const inner = new Type(rate === null ? options : { ...options, learning_rate: rate });
    return scaled ? new optimizers.LossScaleOptimizer({ inner_optimizer: inner, initial_scale: 4 }) : inner;
  };
  const mine = make(schedule);
  const other = make(schedule === null ? null : new Acting());
  const says = `${scaled ? "LossScale " : ""}${name} ${JSON.stringify(options)}${schedule === null ? "" : " with a schedule"}`;
  let certain = true;
  for (let left = 1 + random.below(5); left > 0 && !twins.over; left--) {
    const strange = random.once(3);
    const variables = gru.trainable_weights;
    const victim = random.below(variables.length);
    const gradients: Hostile[] = variables.map(({ shape, dtype }, at) =>
      hostileBare(random, content(random, shape, dtype), strange && at === victim),
    );
    const args: Any = Object.fromEntries(gradients.map(({ value }, at) => [at, value]));
    const list = Object.values(args);
    let trapped = false;
    if (!strange && random.once(3)) {
      const buffers = gradients.flatMap((gradient) => gradient.buffers);
      const trap = deed(random, twins, buffers, new AbortController());
      trapped = true;
      if (schedule !== null && random.once(2)) schedule.act = trap.act;
      else if (random.once(4)) Moody.mood.act = trap.act;
      else set(random, trap, gradients, { list });
      for (const [at, { value }] of gradients.entries()) if (random.once(2)) list[at] = value;
      if (trap.changes) certain = false;
    }
    one.step(
      `${says}: apply ${gradients.map((gradient) => gradient.says).join("; ")}${trapped ? "; a trap" : ""} on ${twins.says}`,
    );
    one.count();
    const state = () =>
      [
        twins.snapshot(),
        mine.iterations,
        mine.built,
        mine.variables.map(({ value }) => Buffer.from(value.data.buffer).toString("latin1")),
      ].join("|");
    const before = state();
    const builtBefore = mine.built;
    scribble(gradients.some((gradient) => gradient.scribbled));
    const outcome = await attempt(() => mine.apply(list as never, variables));
    scribble(false);
    if (schedule !== null) schedule.act = null;
    Moody.mood.act = null;
    if (twins.over) return;
    if (!outcome.ok) {
      if (!(outcome.error instanceof OwnError)) one.accepts(outcome.error);
      if (certain && state() !== before) {
        one.report(
          `apply failed and changed something (${builtBefore ? "built" : "not built"}, ${codeOf(outcome)}${trapped ? ", with a trap" : ""})`,
          `${says}\n${(outcome.error as Error)?.stack}\nbefore ${before}\nafter  ${state()}`,
        );
        certain = false;
      }
      if (gradients.every((gradient) => gradient.works) && !trapped && certain) {
        const expected = await attempt(() =>
          other.apply(gradients.map(({ plain }) => plain) as never, twin.trainable_weights),
        );
        if (codeOf(expected) !== codeOf(outcome)) {
          reportMismatch(twins, "apply", outcome, expected);
        }
      }
      continue;
    }
    if (trapped || gradients.some(({ plain }) => plain === null)) certain = false;
    if (!certain) continue;
    const expected = await attempt(() =>
      other.apply(gradients.map(({ plain }) => plain) as never, twin.trainable_weights),
    );
    const same = (a: typeof gru, b: typeof gru) => sameResults(a.getWeights(), b.getWeights());
    if (
      !expected.ok ||
      !same(gru, twin) ||
      !sameResults(
        mine.variables.map(({ value }) => value),
        other.variables.map(({ value }) => value),
      )
    ) {
      one.report("apply: another update than for ordinary gradients", `${codeOf(expected)}; ${says}`);
      certain = false;
    }
  }
  twins.follow(false);
}
