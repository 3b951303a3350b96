import { configure } from "../dist/index.js";
import type { BenchArguments } from "./arguments.js";
import { type Contender, Unavailable } from "./contender.js";
import { Limits } from "./limits.js";
import { load, watchSteal } from "./machine.js";
import { type Effort, measureShape } from "./measure.js";
import { measureOrthogonal } from "./orthogonal.js";
import { CudnnGru, CudnnGruFloat64 } from "./peers/cudnn_gru.js";
import { PARTS_OF_OURS, PEERS } from "./peers/index.js";
import { ORTHOGONAL_PEERS, OurOrthogonal } from "./peers/orthogonal.js";
import { streamingWays } from "./peers/streaming.js";
import { progress } from "./progress.js";
import type { OrthogonalRecord, RunRecord, ShapeRecord, Skipped } from "./record.js";
import { formatShape } from "./shapes.js";

/** What of the command line a run looks at. */
type Wanted = Pick<BenchArguments, "parts" | "shapes" | "peers" | "quick">;

/** Measures everything but the curves with one number of threads. */
export async function measureRun(wanted: Wanted, effort: Effort): Promise<RunRecord> {
  const { threads, rounds } = effort;
  configure({ threads });
  const busy = load();
  if (busy > 0.5) progress(`the load average is ${busy.toFixed(2)}: something else computes here, expect noise`);
  const skipped: Skipped[] = [];
  const steal = watchSteal();
  const shapes = wanted.parts.includes("inference") ? await measureShapes(wanted, effort, skipped) : [];
  const orthogonal = wanted.parts.includes("orthogonal") ? await measureMatrices(wanted, effort, skipped) : [];
  return { threads, rounds, load: busy, steal: steal(), skipped, shapes, orthogonal };
}

async function measureShapes({ shapes, peers }: Wanted, effort: Effort, skipped: Skipped[]): Promise<ShapeRecord[]> {
  const { threads } = effort;
  const limits = await openOrSkip("the machine's limits", () => Limits.open(threads), skipped);
  const ours: Contender[] = [new CudnnGru()];
  const further = await openAll([...PARTS_OF_OURS, ...chosen(PEERS, peers)], threads, skipped);
  const isPeer = ({ role }: Contender) => role === "peer";
  ours.push(...streamingWays, ...further.filter((contender) => !isPeer(contender)), new CudnnGruFloat64());
  const contenders = [...ours, ...further.filter(isPeer)];
  const records: ShapeRecord[] = [];
  try {
    for (const shape of shapes) {
      progress(`${formatShape(shape)}, ${threads} threads`);
      records.push(await measureShape(shape, contenders, limits, effort));
    }
    return records;
  } finally {
    for (const contender of contenders) await contender.close();
    limits?.close();
  }
}

async function measureMatrices(
  { peers, quick }: Wanted,
  effort: Effort,
  skipped: Skipped[],
): Promise<OrthogonalRecord[]> {
  const makers = [new OurOrthogonal(), ...(await openAll(chosen(ORTHOGONAL_PEERS, peers), effort.threads, skipped))];
  try {
    progress(`orthogonal matrices, ${effort.threads} threads`);
    return await measureOrthogonal(makers, effort, quick);
  } finally {
    for (const maker of makers) maker.close();
  }
}

function chosen<T extends { name: string }>(sources: readonly T[], names: readonly string[] | null): T[] {
  return sources.filter(({ name }) => names === null || names.includes(name));
}

interface Source<T> {
  readonly name: string;
  open(threads: number): Promise<T>;
}

async function openAll<T>(sources: readonly Source<T>[], threads: number, skipped: Skipped[]): Promise<T[]> {
  const opened: T[] = [];
  for (const source of sources) {
    const one = await openOrSkip(source.name, () => source.open(threads), skipped);
    if (one !== null) opened.push(one);
  }
  return opened;
}

/** What `open` gives, or null, with the reason noted once, where this machine does not have it. */
async function openOrSkip<T>(name: string, open: () => Promise<T>, skipped: Skipped[]): Promise<T | null> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const { message: reason } = error;
    if (!skipped.some((known) => known.contender === name && known.reason === reason)) {
      progress(`without ${name}: ${reason}`);
      skipped.push({ contender: name, reason });
    }
    return null;
  }
}
