// Streams real sound through GRUs, and measures how much of a core that takes: node examples/audio/stream.mjs [file.wav],
// or npm run example:audio.
import { fileURLToPath } from "node:url";
import { backendInfo } from "cudnn-gru";
import { Bands, FEATURES } from "./bands.mjs";
import { clip } from "./circuit.mjs";
import { ClipperStream, loadClipper, UNITS } from "./clipper.mjs";
import { measureLoad } from "./load.mjs";
import { DEBIAN_SOUNDS, readSound, writeSound } from "./sound.mjs";
import { ThreeGrus } from "./three_grus.mjs";

/** Samples of a block, as audio drivers and browsers hand them over. */
const BLOCK = 128;
const FRAMES_A_SECOND = 100;
const OUT = fileURLToPath(new URL("clipped.wav", import.meta.url));

const path = process.argv[2] ?? `${DEBIAN_SOUNDS}/Front_Center.wav`;
try {
  const sound = readSound(path);
  const { isa } = backendInfo().cpu;
  say("sound", `${path}: ${secondsOf(sound).toFixed(2)} s at ${sound.rate} samples a second`);
  say("kernels", isa);
  await distort(sound);
  listen(sound);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** One timestep a sample: the model of a circuit that distorts, in blocks and sample by sample. */
async function distort(sound) {
  const { rate, samples } = sound;
  const model = await loadClipper();
  const stream = new ClipperStream(model);
  const blocks = Math.floor(samples.length / BLOCK);
  const part = (array, block) => array.subarray(block * BLOCK, (block + 1) * BLOCK);
  const [inBlocks, oneByOne] = [new Float32Array(blocks * BLOCK), new Float32Array(blocks * BLOCK)];
  const seconds = (blocks * BLOCK) / rate;
  const byBlocks = measureLoad(
    blocks,
    (block) => {
      if (block === 0) stream.reset();
      stream.block(part(samples, block), part(inBlocks, block));
    },
    seconds,
  );
  const bySamples = measureLoad(
    blocks,
    (block) => {
      if (block === 0) stream.reset();
      stream.samples(part(samples, block), part(oneByOne, block));
    },
    seconds,
  );
  stream.dispose();
  model.gru.dispose();
  say("clipper", `GRU(${UNITS}) and a dense layer at ${rate} Hz, blocks of ${BLOCK} samples (${ms(BLOCK / rate)})`);
  say("", `a block at once    ${report(byBlocks)}`);
  say("", `sample by sample   ${report(bySamples)}`);
  say("", `error ${(100 * errorOf(inBlocks, clip(samples, rate))).toFixed(2)} % of the circuit's power`);
  if (inBlocks.some((value, i) => !Object.is(value, oneByOne[i]))) throw new Error("Blocks and samples differ.");
  writeSound(OUT, { rate, samples: inBlocks });
  say("", `written to ${OUT}`);
}

/** One timestep for 10 ms of sound: three GRUs of the sizes of RNNoise. */
function listen(sound) {
  const { rate, samples } = sound;
  const length = Math.round(rate / FRAMES_A_SECOND);
  const frames = Math.floor(samples.length / length);
  const bands = new Bands(rate, length);
  const network = new ThreeGrus();
  const features = new Float32Array(FEATURES);
  const gains = new Float32Array(network.gainCount);
  const seconds = (frames * length) / rate;
  const whole = measureLoad(
    frames,
    (frame) => {
      bands.compute(samples.subarray(frame * length, (frame + 1) * length), features);
      network.compute(features, gains);
    },
    seconds,
  );
  const alone = measureLoad(frames, () => network.stepAlone(), seconds);
  network.dispose();
  say("frames", `GRUs of 24, 48 and 96 units (RNNoise's sizes, not trained), ${FRAMES_A_SECOND} frames a second`);
  say("", `the three GRUs     ${report(alone)}`);
  say("", `with features      ${report(whole)}`);
}

/** Returns the squared difference as a part of the power of `wanted`. */
function errorOf(found, wanted) {
  let [error, power] = [0, 0];
  for (const [i, value] of found.entries()) {
    error += (value - wanted[i]) ** 2;
    power += wanted[i] ** 2;
  }
  return error / power;
}

function secondsOf({ rate, samples }) {
  return samples.length / rate;
}

function report({ load, worst, each }) {
  const share = `${(100 * load).toFixed(2)} % of a core`.padStart(18);
  return `${share}; ${(1000 * each).toFixed(1)} µs each, at most ${(1000 * worst).toFixed(0)} µs`;
}

function ms(seconds) {
  return `${(1000 * seconds).toFixed(2)} ms`;
}

function say(label, text) {
  console.log(`${label.padEnd(9)}${text}`);
}
