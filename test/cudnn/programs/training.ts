// Ten steps of training on the cuDNN path and on the CPU path, from the same weights: forward, backward, update.
import { GRU, type GRUArguments, optimizers } from "cudnn-gru";
import { relativeError } from "../../golden/reader.js";
import { numbers, setNumbers } from "./layers.js";

export interface TrainingReport {
  /** By form of layer and optimizer: the worst error of weights and slots after ten steps, and of the losses on the way. */
  [form: string]: { weights: number; losses: number; moved: boolean };
}

const [B, T, F, U] = [5, 7, 4, 6];
const DTYPE = "float64";
const lengths = Int32Array.of(7, 3, 0, 5, 1);

const LAYERS: Record<string, GRUArguments> = {
  plain: {},
  sequences: { return_sequences: true, return_state: true, zero_output_for_mask: true },
  losses: {
    go_backwards: true,
    kernel_regularizer: "l2",
    activity_regularizer: "l2",
    recurrent_constraint: "unit_norm",
    bias_constraint: "non_neg",
  },
};

const OPTIMIZERS: Record<string, () => optimizers.Optimizer> = {
  SGD: () => new optimizers.SGD({ learning_rate: 0.1, momentum: 0.9, nesterov: true, clipnorm: 1 }),
  RMSprop: () => new optimizers.RMSprop({ learning_rate: 0.01, centered: true, momentum: 0.5 }),
  Adam: () => new optimizers.Adam({ learning_rate: 0.02, amsgrad: true }),
  AdamW: () =>
    new optimizers.AdamW({ learning_rate: 0.02, global_clipnorm: 1, use_ema: true, ema_overwrite_frequency: 4 }),
};

function train(args: GRUArguments, make: () => optimizers.Optimizer, onDevice: boolean) {
  const gru = new GRU(U, { ...args, dtype: DTYPE, use_cudnn: onDevice });
  setNumbers(gru, F, 11);
  const before = gru.getWeights().flatMap(({ data }) => [...data]);
  const optimizer = make();
  const losses: number[] = [];
  for (let step = 0; step < 10; step++) {
    const pass = gru.forward(numbers([B, T, F], 100 + step, 1, DTYPE), { training: true, lengths });
    const dOutput = numbers(pass.output.shape, 200 + step, 1, DTYPE);
    const dState = numbers([B, U], 300 + step, 1, DTYPE);
    const own = [...pass.output.data].reduce((sum, value, i) => sum + value * (dOutput.data[i] as number), 0);
    losses.push(pass.losses.reduce((sum, loss) => sum + loss, own));
    optimizer.apply(pass.backward({ output: dOutput, state: dState }).weights, gru.trainable_weights);
  }
  const values = [...gru.weights, ...optimizer.variables].flatMap(({ value }) => [...value.data]);
  gru.dispose();
  return { values, losses, moved: relativeError(values.slice(0, before.length), before) > 0.01 };
}

const report: TrainingReport = {};
for (const [layer, args] of Object.entries(LAYERS)) {
  for (const [name, make] of Object.entries(OPTIMIZERS)) {
    const [device, cpu] = [true, false].map((onDevice) => train(args, make, onDevice)) as [
      ReturnType<typeof train>,
      ReturnType<typeof train>,
    ];
    report[`${layer}, ${name}`] = {
      weights: relativeError(device.values, cpu.values),
      losses: relativeError(device.losses, cpu.losses),
      moved: cpu.moved,
    };
  }
}
console.log(JSON.stringify(report));
