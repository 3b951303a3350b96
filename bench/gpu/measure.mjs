// One case: ours and PyTorch's in turn, in rounds.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeProblem, widened } from "./cases.mjs";
import { makeOurs } from "./ours.mjs";

const MODES = ["forward", "training"];

/** max|a - b| / max|b|. */
function largestDifference(a, b) {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  let scale = Number.MIN_VALUE;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;
    scale = Math.max(scale, Math.abs(b[i]));
  }
  return largest / scale;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many calls take `sampleMs`, after some that nobody counts. */
async function countFor(time, sampleMs) {
  await time(2);
  let count = 1;
  for (let i = 0; i < 3; i++) {
    const next = Math.max(1, Math.min(10_000, Math.round(sampleMs / (await time(count)))));
    if (next === 1) return 1;
    count = next;
  }
  return count;
}

async function measureMode(mode, ours, torch, { rounds, sampleMs }) {
  const contenders = {};
  for (const name of ours.names(mode)) contenders[name] = (count) => ours.time(mode, name, count);
  if (torch) contenders.torch = (count) => torch.ask({ time: mode, count });
  const counts = {};
  for (const [name, time] of Object.entries(contenders)) counts[name] = await countFor(time, sampleMs);
  const milliseconds = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = Object.keys(contenders).sort(() => Math.random() - 0.5);
    for (const name of order) milliseconds[name].push(await contenders[name](counts[name]));
  }
  const result = { milliseconds, median: {}, ratio: {}, split: {} };
  for (const [name, values] of Object.entries(milliseconds)) result.median[name] = median(values);
  for (const name of ours.names(mode)) {
    // Above 1, ours is faster.
    if (torch) result.ratio[name] = result.median.torch / result.median[name];
    result.split[name] = ours.split(mode, name, Math.min(200, Math.max(3, counts[name])));
  }
  if (torch) {
    result.split.torch = await torch.ask({ split: mode, count: Math.min(200, Math.max(3, counts.torch)) });
  }
  return result;
}

/**
 * Measures a case in both modes. Where PyTorch cannot compute it, ours is measured alone and `torchError` says why; a
 * failure of ours is thrown.
 */
export async function measureCase(one, torch, folder, effort) {
  const problem = makeProblem(one);
  const ours = makeOurs(one, problem);
  const { shape, variant } = one;
  const found = { shape, variant, lengths: problem.lengths, results: {} };
  try {
    let peer = torch;
    try {
      await peer?.prepare(one, problem, folder);
    } catch (error) {
      found.torchError = error.message;
      peer = null;
    }
    for (const mode of MODES) {
      const result = await measureMode(mode, ours, peer, effort);
      if (peer) {
        const theirs = new Float32Array(Uint8Array.from(readFileSync(join(folder, mode))).buffer);
        result.difference = largestDifference(widened(ours.result(mode), one.dtype), theirs);
      }
      found.results[mode] = result;
    }
  } finally {
    ours.dispose();
  }
  return found;
}
