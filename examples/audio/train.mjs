// Trains the model to sound like the circuit: node examples/audio/train.mjs. It learns from Debian's test sounds, all but
// the one that stream.mjs plays, and writes clipper.safetensors and clipper.json.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { optimizers, tensor } from "cudnn-gru";
import { clip } from "./circuit.mjs";
import { newClipper, saveClipper, UNITS } from "./clipper.mjs";
import { DEBIAN_SOUNDS, readSound, requireSound } from "./sound.mjs";

const PLAYED = "Front_Center.wav";
const STEPS = 4000;
const BATCH = 16;
const LENGTH = 1024;
/** Samples at the beginning of a window that are not judged, because the state is not right yet. */
const WARM_UP = 128;

requireSound(join(DEBIAN_SOUNDS, PLAYED));
const sounds = readdirSync(DEBIAN_SOUNDS)
  .filter((name) => name.endsWith(".wav") && name !== PLAYED)
  .sort()
  .map((name) => readSound(join(DEBIAN_SOUNDS, name)));
const { rate } = sounds[0];

// The same windows in every run.
let state = 1;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/** Returns windows of sounds, each louder or softer than it was, and what the circuit makes of them. */
function nextBatch() {
  const inputs = new Float32Array(BATCH * LENGTH);
  const targets = new Float32Array(BATCH * LENGTH);
  for (let row = 0; row < BATCH; row += 1) {
    const { samples } = sounds[Math.floor(random() * sounds.length)];
    const from = Math.floor(random() * (samples.length - LENGTH));
    const loudness = 4 * random() ** 2;
    const window = samples.subarray(from, from + LENGTH).map((sample) => Math.tanh(loudness * sample));
    inputs.set(window, row * LENGTH);
    targets.set(clip(window, rate), row * LENGTH);
  }
  return { inputs, targets };
}

const model = newClipper();
const { gru, head } = model;
const adam = new optimizers.Adam({
  learning_rate: new optimizers.schedules.CosineDecay({ initial_learning_rate: 0.01, decay_steps: STEPS }),
  global_clipnorm: 1,
});
const started = performance.now();
let errors = 0;
let power = 0;
for (let step = 1; step <= STEPS; step += 1) {
  const { inputs, targets } = nextBatch();
  const pass = gru.forward(tensor(inputs, [BATCH, LENGTH, 1]));
  const { loss, energy, dStates, dHead } = judge(pass.output.data, inputs, targets);
  const { weights } = pass.backward({ output: dStates });
  adam.apply([...weights, dHead], [...gru.trainable_weights, head]);
  errors += loss;
  power += energy;
  if (step % 500 === 0) {
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`step ${step}   error ${((100 * errors) / power).toFixed(3)} % of the power   ${seconds} s`);
    errors = power = 0;
  }
}
await saveClipper(model, `trained by train.mjs on ${sounds.length} sounds of Debian's alsa-utils`);

/** Returns the squared error, the power of the targets, and the gradients of the error over the mean power. */
function judge(states, inputs, targets) {
  const weights = head.value.data;
  const dStates = new Float32Array(states.length);
  const dHead = new Float32Array(UNITS + 1);
  let loss = 0;
  let energy = 0;
  const scale = 2 / (BATCH * (LENGTH - WARM_UP));
  for (let at = 0; at < targets.length; at += 1) {
    if (at % LENGTH < WARM_UP) continue;
    let error = weights[UNITS] * inputs[at] - targets[at];
    for (let unit = 0; unit < UNITS; unit += 1) error += weights[unit] * states[at * UNITS + unit];
    loss += error ** 2;
    energy += targets[at] ** 2;
    const slope = scale * error;
    dHead[UNITS] += slope * inputs[at];
    for (let unit = 0; unit < UNITS; unit += 1) {
      dHead[unit] += slope * states[at * UNITS + unit];
      dStates[at * UNITS + unit] = slope * weights[unit];
    }
  }
  return { loss, energy, dStates, dHead };
}
