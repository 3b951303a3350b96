import { createBatcher } from "cudnn-gru";
import { reportMismatch } from "./calls.js";
import { makeRequest, type Request } from "./requests.js";
import { attempt, codeOf, firstDifference, type Outcome, OwnError, sameResults, type Twins } from "./twins.js";

/** Requests of one batcher at one time, each of which must get what it gets alone. */
export async function batch(twins: Twins): Promise<void> {
  const { one, random, gru, twin, plan } = twins;
  if (plan.hasCustom || plan.args.stateful === true || !gru.built) return;
  const batcher = createBatcher(gru, {
    maxBatch: 1 + random.below(6),
    maxQueue: random.one([2, 8, Number.POSITIVE_INFINITY]),
  });
  const running: { request: Request; outcome: Promise<Outcome> }[] = [];
  const snapshot = twins.snapshot().split("|").slice(0, -1).join("|");
  for (let left = 1 + random.below(6); left > 0; left--) {
    const request = makeRequest(twins, { asynchronous: true, training: false });
    if (request.scribbled || request.trap?.changes) continue;
    one.step(`batcher.callAsync ${request.says} on ${twins.says}`);
    one.count();
    running.push({
      request,
      outcome: attempt(() => batcher.callAsync(request.inputs as never, request.args as never), request.after),
    });
  }
  const disposed = random.once(10);
  if (disposed) batcher.dispose();
  for (const { request, outcome: pending } of running) {
    const outcome = await pending;
    if (twins.over) continue;
    if (!outcome.ok && !(outcome.error instanceof OwnError)) one.accepts(outcome.error);
    if (request.plain === null || disposed || codeOf(outcome) === "ERR_BUSY") continue;
    if (!outcome.ok && !request.works) continue;
    const { inputs, args } = request.plain;
    const expected = await attempt(() => twin.call(inputs, args));
    if (codeOf(expected) !== codeOf(outcome)) {
      reportMismatch(twins, "batcher", outcome, expected);
    } else if (expected.ok && outcome.ok && !sameResults(outcome.result, expected.result)) {
      const { zero_output_for_mask: zeros, return_sequences: sequences } = plan.args;
      one.report(
        `batcher: another result than alone (zero_output_for_mask ${zeros}, return_sequences ${sequences})`,
        `${firstDifference(outcome.result, expected.result)}; ${request.says} on ${twins.says}`,
      );
    }
  }
  batcher.dispose();
  if (!twins.over && twins.snapshot().split("|").slice(0, -1).join("|") !== snapshot)
    one.report("batcher changed the layer", twins.says);
  // A batcher's calls count as the layer's, so the layer's losses are those of the last call.
  if (!twins.over) twins.probe("after a batcher");
}
