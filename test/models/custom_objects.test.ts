// Layers of the user's in a model: its parts before and after them are programs of their own.
import { type Tensor, tensor } from "cudnn-gru";
import type { CustomLayer, CustomLayerCall, KerasModel, ModelInputs } from "cudnn-gru/models";
import { describe, expect, it } from "vitest";
import { type ModelTensor, type Nested, placesIn, TOLERANCES } from "../golden/models/models.js";
import { expectError, expectRejection } from "../layers/support.js";
import { asMine, edited, golden, loadKerasModel } from "./edited.js";
import { errorOf } from "./numbers.js";

const denoiser = golden("causal/denoiser");
const [call] = denoiser.calls as [(typeof denoiser.calls)[0]];
const inputs = call.inputs as ModelInputs;

/** Joins tensors of shape (batch, timesteps, features) along the features. */
function joined({ inputs: list }: CustomLayerCall): Tensor {
  const tensors = list as readonly Tensor[];
  const [batch, steps] = (tensors[0] as Tensor).shape as [number, number, number];
  const width = tensors.reduce((sum, { shape }) => sum + (shape[2] as number), 0);
  const data = new Float32Array(batch * steps * width);
  let at = 0;
  for (const { data: own, shape } of tensors) {
    const size = shape[2] as number;
    for (let row = 0; row < batch * steps; row += 1) {
      data.set((own as Float32Array).subarray(row * size, (row + 1) * size), row * width + at);
    }
    at += size;
  }
  return tensor(data, [batch, steps, width]);
}

/** Keras's Dense with the activation of its config, which is one of two. */
function dense({ inputs: given, weights, config }: CustomLayerCall): Tensor {
  const { data, shape } = given as Tensor;
  const [kernel, bias] = weights as [Tensor, Tensor];
  const [depth, units] = kernel.shape as [number, number];
  const rows = data.length / depth;
  const y = new Float32Array(rows * units);
  const activation = JSON.stringify(config.activation).includes("tanh")
    ? Math.tanh
    : (x: number) => 1 / (1 + Math.exp(-x));
  for (let row = 0; row < rows; row += 1) {
    for (let unit = 0; unit < units; unit += 1) {
      let sum = Number(bias.data[unit]);
      for (let k = 0; k < depth; k += 1) sum += Number(data[row * depth + k]) * Number(kernel.data[k * units + unit]);
      y[row * units + unit] = activation(sum);
    }
  }
  return tensor(y, [...shape.slice(0, -1), units]);
}

function check(found: unknown): void {
  const places = new Map(placesIn(found as Nested<ModelTensor>));
  for (const [place, tensor] of placesIn(call.outputs)) {
    expect(errorOf(places.get(place) as ModelTensor, tensor), place).toBeLessThanOrEqual(TOLERANCES.float32 as number);
  }
}

function load(className: string, custom_objects: Record<string, CustomLayer>): Promise<KerasModel> {
  return loadKerasModel(
    edited(denoiser, (config) => asMine(config, className)),
    { custom_objects },
  );
}

describe("a layer of the user's", () => {
  it.each(["mine>Concatenate", "Concatenate"])(
    "between programs, by the name %s, has Keras's numbers",
    async (name) => {
      const calls: CustomLayerCall[] = [];
      const model = await load("Concatenate", {
        [name]: (own) => {
          calls.push(own);
          return joined(own);
        },
      });
      check(model.predict(inputs));
      check(await model.predictAsync(inputs));
      // Each of the two layers once for each prediction.
      expect(calls.map((own) => own.name)).toEqual(["concatenate", "concatenate_1", "concatenate", "concatenate_1"]);
      expect(calls[0]?.mask).toEqual([null, null, null]);
      expect(calls[0]?.config).toMatchObject({ axis: -1 });
      model.dispose();
    },
  );

  it("gets its weights from the file, and may be asynchronous in predictAsync", async () => {
    const model = await load("Dense", { Dense: dense });
    check(model.predict(inputs));
    model.dispose();
    const later = await load("Dense", { Dense: async (own) => dense(own) });
    check(await later.predictAsync(inputs));
    expectError(() => later.predict(inputs), "ERR_CALLBACK", /`custom_objects` of layer ".*\(Dense\).*predictAsync/);
    later.dispose();
  });

  it("has other numbers of samples where the batch is divided", async () => {
    const sizes: number[] = [];
    const model = await load("Concatenate", {
      Concatenate: (own) => {
        sizes.push((own.inputs as Tensor[])[0]?.shape[0] as number);
        return joined(own);
      },
    });
    check(model.predict(inputs, { batch_size: 1 }));
    expect(sizes).toEqual([1, 1, 1, 1]);
    model.dispose();
  });

  it.each<[string, CustomLayer, RegExp]>([
    [
      "throws",
      () => {
        throw new RangeError("no luck");
      },
      /`custom_objects` of layer "concatenate" \(Concatenate\).*no luck/,
    ],
    [
      "returns no tensor",
      () => 3 as never,
      /tensors for `custom_objects` of layer "concatenate" \(Concatenate\) but received 3\. Return tensor\(data, shape\)/,
    ],
    [
      "returns nothing",
      () => undefined as never,
      /^[^.]*`custom_objects` of layer "concatenate" \(Concatenate\) but received undefined\. Return [^.]*\.$/,
    ],
    [
      "returns a bare array",
      () => new Float32Array(15) as never,
      /layer "concatenate" \(Concatenate\) but received Float32Array.*\. Return tensor\(data, shape\)/,
    ],
    [
      "returns a tensor that is not one",
      () => ({ data: "x", shape: [1] }) as never,
      /layer "concatenate" \(Concatenate\).*`result\.data`/,
    ],
    [
      "returns another batch",
      () => tensor(new Float32Array(15), [1, 1, 15]),
      /samples for `custom_objects` of layer "concatenate" \(Concatenate\)/,
    ],
  ])("that %s is ERR_CALLBACK in both kinds of call, and the model goes on", async (_, broken, message) => {
    let isBroken = true;
    const model = await load("Concatenate", { Concatenate: (own) => (isBroken ? broken(own) : joined(own)) });
    expectError(() => model.predict(inputs), "ERR_CALLBACK", message);
    await expectRejection(() => model.predictAsync(inputs), "ERR_CALLBACK", message);
    isBroken = false;
    check(model.predict(inputs));
    model.dispose();
  });

  it("is named where the next layer cannot take its results, and where it throws an error of this package", async () => {
    const model = await load("Concatenate", { Concatenate: () => tensor(new Float32Array(2), [2]) });
    const named =
      /layer "(?!concatenate).*`custom_objects` of layer "concatenate" \(Concatenate\) returned shape \[2\]\.$/;
    expectError(() => model.predict(inputs), "ERR_SHAPE", named);
    await expectRejection(() => model.predictAsync(inputs), "ERR_SHAPE", named);
    model.dispose();
    const wrong = await load("Concatenate", { Concatenate: () => tensor(new Float32Array(2), [3]) });
    expectError(
      () => wrong.predict(inputs),
      "ERR_SHAPE",
      /^In `custom_objects` of layer "concatenate" \(Concatenate\): /,
    );
    wrong.dispose();
  });

  it("leaves shapes behind it unknown, and says so", async () => {
    const model = await load("Concatenate", { Concatenate: joined });
    expectError(() => model.outputs, "ERR_UNSUPPORTED", /custom_objects/);
    const shapes = new Map(model.layers.map(({ path, output_shapes }) => [path, output_shapes]));
    expect(shapes.get("gru")).toEqual([[null, null, 4]]);
    expect(shapes.get("concatenate")).toEqual([]);
    expect(model.summary()).toContain("concatenate");
    expect(model.explain().layers.map(({ name }) => name)).toEqual(["gru", "gru_1", "gru_2"]);
    expectError(() => model.stream(), "ERR_UNSUPPORTED", /"concatenate".*is computed in JavaScript/);
    model.dispose();
  });

  it("is asked for by name where it is missing, and read strictly", async () => {
    await expectRejection(() => load("Concatenate", {}), "ERR_UNSUPPORTED", /concatenate.*custom_objects/s);
    await expectRejection(() => load("Concatenate", { Concatenate: 3 as never }), "ERR_ARGUMENT", /custom_objects/);
  });
});
