import { configure } from "../dist/index.js";
import type { BenchArguments, Part } from "./arguments.js";
import { type Contender, Unavailable } from "./contender.js";
import { type Form, ONE_GRU, STACKS, sequencesOf } from "./forms.js";
import { Limits } from "./limits.js";
import { load, watchSteal } from "./machine.js";
import { BFLOAT16_TOLERANCE, type Effort, FLOAT32_TOLERANCE, measureShape, type Reference } from "./measure.js";
import { measureMemory } from "./memory.js";
import { measureOrthogonal } from "./orthogonal.js";
import { CudnnGru, CudnnGruFloat64, CudnnGruWithOut, computeOurs } from "./peers/cudnn_gru.js";
import { PARTS_OF_OURS, PEERS, SIXTEEN_BIT_PEERS, STACK_PEERS } from "./peers/index.js";
import { ORTHOGONAL_PEERS, OurOrthogonal } from "./peers/orthogonal.js";
import { computeBfloat16, sixteenBitLayers } from "./peers/sixteen_bit.js";
import { CudnnGruStack, computeStack, layersApart } from "./peers/stacks.js";
import { streamingWays } from "./peers/streaming.js";
import { CudnnGruTraining, computeGradients, TRAINING_PEERS } from "./peers/training.js";
import { makeProblem } from "./problem.js";
import { progress } from "./progress.js";
import type { OrthogonalRecord, RunRecord, ShapeRecord, Skipped, StackRecord } from "./record.js";
import { formatShape, type Shape } from "./shapes.js";

/** The options of the command line that a run depends on. */
type Wanted = Pick<BenchArguments, "parts" | "shapes" | "peers" | "quick">;

/** Measures everything but the curves with one number of threads. */
export async function measureRun(wanted: Wanted, effort: Effort): Promise<RunRecord> {
  const { threads, rounds } = effort;
  configure({ threads });
  const busy = load();
  if (busy > 0.5) progress(`the load average is ${busy.toFixed(2)}: something else computes here, expect noise`);
  const skipped: Skipped[] = [];
  const steal = watchSteal();
  const part = <T>(name: Part, measure: (wanted: Wanted, effort: Effort, skipped: Skipped[]) => Promise<T[]>) =>
    wanted.parts.includes(name) ? measure(wanted, effort, skipped) : [];
  const shapes = await part("inference", measureInference);
  const training = await part("training", measureTraining);
  const stacks = await part("stacks", measureStacks);
  const sixteenBit = await part("sixteen-bit", measureSixteenBit);
  const orthogonal = await part("orthogonal", measureMatrices);
  return { threads, rounds, load: busy, steal: steal(), skipped, shapes, training, stacks, sixteenBit, orthogonal };
}

/** Forward calls of our layer in all its ways, and of the peers. */
async function measureInference(wanted: Wanted, effort: Effort, skipped: Skipped[]): Promise<ShapeRecord[]> {
  const { threads } = effort;
  const ours: Contender[] = [new CudnnGru(), new CudnnGruWithOut()];
  const further = await openAll([...PARTS_OF_OURS, ...chosen(PEERS, wanted.peers)], threads, skipped);
  const isPeer = ({ role }: Contender) => role === "peer";
  ours.push(...streamingWays, ...further.filter((contender) => !isPeer(contender)), new CudnnGruFloat64());
  const contenders = [...ours, ...further.filter(isPeer)];
  const problems = wanted.shapes.map((shape) => ({ shape, form: ONE_GRU }));
  const records = await measureShapes("a call", problems, contenders, effort, skipped, float32(computeOurs));
  return records.map((record) => ({ ...record, memory: measureMemory(record.shape, threads) }));
}

/** Forward and backward calls. A step of training has no streams. */
async function measureTraining(wanted: Wanted, effort: Effort, skipped: Skipped[]): Promise<ShapeRecord[]> {
  const peers = await openAll(chosen(TRAINING_PEERS, wanted.peers), effort.threads, skipped);
  const problems = sequencesOf(wanted.shapes).map((shape) => ({ shape, form: ONE_GRU }));
  return measureShapes(
    "training",
    problems,
    [new CudnnGruTraining(), ...peers],
    effort,
    skipped,
    float32(computeGradients),
  );
}

/** Forward calls of several GRUs: a Bidirectional, and a stack of two layers. */
async function measureStacks(wanted: Wanted, effort: Effort, skipped: Skipped[]): Promise<StackRecord[]> {
  const records: StackRecord[] = [];
  for (const form of STACKS) {
    const peers = await openAll(chosen(STACK_PEERS, wanted.peers), effort.threads, skipped);
    const contenders = [new CudnnGruStack(), ...layersApart(form, effort.threads), ...peers];
    const problems = sequencesOf(wanted.shapes).map((shape) => ({ shape, form }));
    const measured = await measureShapes(form.name, problems, contenders, effort, skipped, float32(computeStack));
    records.push(...measured.map((record) => ({ ...record, form: form.name })));
  }
  return records;
}

/** Forward calls of our bfloat16 layer, beside our layers of other types and oneDNN's of bfloat16. */
async function measureSixteenBit(wanted: Wanted, effort: Effort, skipped: Skipped[]): Promise<ShapeRecord[]> {
  const peers = await openAll(chosen(SIXTEEN_BIT_PEERS, wanted.peers), effort.threads, skipped);
  const problems = sequencesOf(wanted.shapes).map((shape) => ({ shape, form: ONE_GRU }));
  const reference = { type: "bfloat16", compute: computeBfloat16, tolerance: BFLOAT16_TOLERANCE } as const;
  const contenders = [...sixteenBitLayers(), ...peers];
  return measureShapes("bfloat16", problems, contenders, effort, skipped, reference);
}

function float32(compute: Reference["compute"]): Reference {
  return { type: "float32", compute, tolerance: FLOAT32_TOLERANCE };
}

/** Measures the contenders, and closes them. */
async function measureShapes(
  what: string,
  problems: readonly { shape: Shape; form: Form }[],
  contenders: readonly Contender[],
  effort: Effort,
  skipped: Skipped[],
  reference: Reference,
): Promise<ShapeRecord[]> {
  const { threads } = effort;
  const limits = await openOrSkip("the machine's limits", () => Limits.open(threads), skipped);
  const records: ShapeRecord[] = [];
  try {
    for (const { shape, form } of problems) {
      progress(`${what}, ${formatShape(shape)}, ${threads} threads`);
      records.push(await measureShape(makeProblem(shape, form), contenders, limits, effort, reference));
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

/** Returns the result of `open`. If this machine does not have it, returns null and notes the reason once. */
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
