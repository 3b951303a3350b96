// The training loop.
import { optimizers } from "cudnn-gru";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.mjs";
import { batchOf, shuffled } from "./dataset.mjs";
import { Progress } from "./progress.mjs";

/** Steps between two checkpoints, beside those at the end of each epoch. */
const CHECKPOINT_STEPS = 200;

/**
 * Trains `model` until the last epoch, or until the validation error has not become less for `patience` epochs, or until
 * `stop.requested`; ends with the best weights, unless it was stopped. Goes on where a checkpoint in `options.out` ends.
 *
 * @returns {Promise<{ stopped: boolean, history: object[], best: object, steps: number, seconds: number }>} an entry of
 *   `history` an epoch: { epoch, training, validation }, mean absolute errors of normalised changes
 */
export async function train(model, { training, validation }, options, stop) {
  const count = training.origins.length;
  const epochSteps = Math.ceil(count / options.batch);
  const total = options.epochs * epochSteps;
  const optimizer = new optimizers.Adam({
    learning_rate: new optimizers.schedules.CosineDecay({
      initial_learning_rate: options["learning-rate"],
      decay_steps: total,
    }),
    clipnorm: 1,
  });
  optimizer.build(model.variables);
  const settings = settingsOf(options);
  const run = (await resume(options.out, optimizer, settings, model)) ?? {
    settings,
    step: 0,
    lossSum: 0,
    history: [],
    best: { epoch: 0, validation: Number.MAX_VALUE, weights: model.snapshot() },
    seconds: 0,
  };
  const progress = new Progress(total, run.step);
  if (run.step > 0)
    progress.line(`resumed at step ${run.step} of ${total}, in epoch ${1 + Math.floor(run.step / epochSteps)}`);
  const before = run.seconds;
  const started = performance.now();
  const save = async () => {
    run.seconds = before + (performance.now() - started) / 1000;
    await saveCheckpoint(options.out, { ...run, weights: model.snapshot() }, optimizer);
  };
  let order = [];
  try {
    while (run.step < total && !isOver(run, options) && !stop.requested) {
      const epoch = Math.floor(run.step / epochSteps);
      const first = (run.step % epochSteps) * options.batch;
      if (first === 0 || order.length === 0) order = shuffled(count, options.seed, epoch);
      const { inputs, targets } = batchOf(training, order.slice(first, first + options.batch));
      const { loss, gradients } = await model.lossAndGradients(inputs, targets);
      optimizer.apply(gradients, model.variables);
      run.step += 1;
      run.lossSum += loss * inputs.shape[0];
      progress.step(run.step, `${epoch + 1}/${options.epochs}`, run.lossSum / Math.min(count, first + options.batch));
      if (run.step % epochSteps === 0) {
        progress.line(await endEpoch(run, model, epoch + 1, run.lossSum / count, validation));
        await save();
      } else if (run.step % CHECKPOINT_STEPS === 0) {
        await save();
      }
    }
    await save();
  } finally {
    progress.stop();
  }
  const stopped = run.step < total && !isOver(run, options);
  if (!stopped) model.restore(run.best.weights);
  return { stopped, total, ...run };
}

/** Judges the weights after an epoch and keeps the best; returns a line about it. */
async function endEpoch(run, model, epoch, training, part) {
  const validation = await model.evaluate(part);
  run.history.push({ epoch, training, validation });
  run.lossSum = 0;
  const better = validation < run.best.validation;
  if (better) run.best = { epoch, validation, weights: model.snapshot() };
  const mark = better ? " (best so far)" : "";
  return `epoch ${String(epoch).padStart(2)}  training ${training.toFixed(4)}  validation ${validation.toFixed(4)}${mark}`;
}

function isOver({ history, best }, { patience }) {
  return history.length - best.epoch >= patience;
}

/** The settings that must be equal in two runs for one to continue from the checkpoint of the other. */
function settingsOf({ out: _out, fresh: _fresh, help: _help, ...settings }) {
  return settings;
}

async function resume(folder, optimizer, settings, model) {
  const run = await loadCheckpoint(folder, optimizer);
  if (run === null) return null;
  const { weights, ...rest } = run;
  if (JSON.stringify(rest.settings) !== JSON.stringify(settings)) {
    throw new Error(
      `The checkpoint in ${folder} is of a run with ${JSON.stringify(rest.settings)}. Use these, or --fresh.`,
    );
  }
  model.restore(weights);
  return rest;
}
