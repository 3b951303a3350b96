import type { GRUGradients, GRUPass } from "cudnn-gru";
import { evil, judge, reportMismatch } from "./calls.js";
import { hostileBare } from "./hostile.js";
import { makeRequest } from "./requests.js";
import { scribble } from "./scribbler.js";
import { deed, set } from "./traps.js";
import { attempt, firstDifference, OwnError, sameResults, type Twins } from "./twins.js";
import { content } from "./values.js";

/** `forward` or `forwardAsync`, and then the gradients. */
export async function forwardBackward(twins: Twins): Promise<void> {
  const { one, random, gru, twin, plan } = twins;
  const asynchronous = random.once(2);
  const request = makeRequest(twins, { asynchronous });
  const what = asynchronous ? "forwardAsync" : "forward";
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
    plain && (() => (plan.hasCustom ? twin[what](plain.inputs, plain.args) : twin.forward(plain.inputs, plain.args)));
  const expected = await judge(twins, what, request, outcome, before, ordinary);
  if (!outcome.ok) return;
  const pass = outcome.result as GRUPass;
  const other = expected?.ok ? (expected.result as GRUPass) : null;
  if (other !== null && !(sameResults(pass.output, other.output) && sameResults(pass.losses, other.losses))) {
    one.report(`${what}: another result than for ordinary values`, firstDifference(pass.output, other.output));
  }
  await backward(twins, pass, other);
}

async function backward(twins: Twins, pass: GRUPass, other: GRUPass | null): Promise<void> {
  const { one, random } = twins;
  const dtype = pass.output.dtype as "float32";
  const what = random.one(["backward", "backwardAsync"] as const);
  const strange = random.once(3);
  const output = hostileBare(random, content(random, [...pass.output.shape], dtype), strange);
  const state = hostileBare(random, content(random, [...pass.state.shape], dtype), strange && random.once(2));
  const upstream: Record<string, unknown> = { output: output.value, state: state.value };
  if (random.once(3)) delete upstream[random.one(["output", "state"])];
  const controller = new AbortController();
  let passed = upstream;
  let trapped = false;
  if (!strange && random.once(3)) {
    const trap = deed(random, twins, [...output.buffers, ...state.buffers], controller);
    passed = set(random, trap, [output, state], upstream);
    trapped = true;
  }
  const abort = what === "backwardAsync" && random.once(6);
  one.step(`${what} with output ${output.says}; state ${state.says}${trapped ? "; a trap" : ""} on ${twins.says}`);
  one.count();
  const before = twins.over ? "" : twins.snapshot();
  const disposeFirst = random.once(20);
  if (disposeFirst) pass.dispose();
  const scribbled = output.scribbled === true || state.scribbled === true;
  scribble(scribbled);
  const outcome = await attempt(
    () =>
      pass[what](
        passed as never,
        what === "backwardAsync" && abort ? ({ signal: controller.signal } as never) : undefined,
      ),
    () => {
      if (what === "backward") return;
      output.after?.();
      state.after?.();
      if (abort) controller.abort();
      if (random.once(8)) pass.dispose();
    },
  );
  scribble(false);
  if (!outcome.ok && !(outcome.error instanceof OwnError)) one.accepts(outcome.error);
  if (twins.over) return;
  if (!trapped && twins.snapshot() !== before) one.report(`${what} changed the layer`, twins.says);
  const certain =
    !trapped && !abort && !disposeFirst && [output, state].every(({ works, plain }) => works && plain !== null);
  if (certain && other !== null) {
    const ordinary: Record<string, unknown> = {};
    for (const key of ["output", "state"] as const)
      if (key in upstream) ordinary[key] = (key === "output" ? output : state).plain;
    const expected = await attempt(() => other.backward(ordinary as never));
    if (expected.ok !== outcome.ok && !twins.plan.hasCustom) {
      reportMismatch(twins, what, outcome, expected);
    } else if (
      expected.ok &&
      outcome.ok &&
      !sameGradients(outcome.result as GRUGradients, expected.result as GRUGradients)
    ) {
      one.report(`${what}: other gradients than for ordinary values`, twins.says);
    }
  }
  if (trapped) twins.follow(false);
  const again = await attempt(() => pass.backward());
  if (again.ok && outcome.ok) one.report("backward works twice", twins.says);
  else if (!again.ok) one.accepts(again.error);
  pass.dispose();
  other?.dispose();
}

function sameGradients(one: GRUGradients, other: GRUGradients): boolean {
  return sameResults([one.inputs, one.initial_state, one.weights], [other.inputs, other.initial_state, other.weights]);
}
