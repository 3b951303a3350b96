import { GRU, type GRUArguments, type Tensor, tensor } from "cudnn-gru";
import { describe, expect, it } from "vitest";
import { readConstructor } from "../../dist/arguments/constructor.js";
import { DropoutGenerator, injectDropoutMasks } from "../../dist/layers/call/dropout.js";
import { expectError, expectRejection, layer, outputOf, random } from "./support.js";

const B = 2;
const T = 4;
const F = 8;
const U = 8;
const inputs = random([B, T, F]);
const training = { training: true };

function outputs(gru: GRU, calls: number): Float32Array[] {
  return Array.from({ length: calls }, () => outputOf(gru.call(inputs, training)).data as Float32Array);
}

describe("dropout", () => {
  it.each([{ dropout: 0.5 }, { recurrent_dropout: 0.5 }, { dropout: 0.5, recurrent_dropout: 0.5 }])(
    "%j has an effect in training only",
    (args) => {
      const gru = layer(U, F, args);
      const plain = outputOf(layer(U, F).call(inputs)).data;
      expect(outputOf(gru.call(inputs)).data).toEqual(plain);
      expect(outputOf(gru.call(inputs, { training: false })).data).toEqual(plain);
      expect(outputOf(gru.call(inputs, training)).data).not.toEqual(plain);
    },
  );

  it("drops nothing at the rates 0 and 1, as Keras does", () => {
    const plain = outputOf(layer(U, F).call(inputs)).data;
    for (const rate of [0, 1, 5, -1]) {
      const gru = layer(U, F, { dropout: rate, recurrent_dropout: rate });
      expect(outputOf(gru.call(inputs, training)).data).toEqual(plain);
    }
  });

  it("draws anew for each call, reproducibly by seed", () => {
    const args: GRUArguments = { dropout: 0.5, recurrent_dropout: 0.3, seed: 11 };
    const [first, second, third] = outputs(layer(U, F, args), 3);
    expect(second).not.toEqual(first);
    expect(outputs(layer(U, F, args), 3)).toEqual([first, second, third]);
    expect(outputs(layer(U, F, { ...args, seed: 12 }), 1)[0]).not.toEqual(first);
    expect(outputs(layer(U, F, { ...args, seed: -11 }), 1)[0]).not.toEqual(first);
    expect(outputs(layer(U, F, { ...args, seed: null }), 1)[0]).not.toEqual(first);
  });

  it("is the same asynchronously, numbered by submit", async () => {
    const args = { dropout: 0.5, seed: 3 };
    const gru = layer(U, F, args);
    const settled = await Promise.all(Array.from({ length: 5 }, () => gru.callAsync(inputs, training)));
    expect(settled.map((one) => outputOf(one as Tensor).data)).toEqual(outputs(layer(U, F, args), 5));
  });

  it("is not advanced by calls outside training", () => {
    const args = { dropout: 0.5, seed: 3 };
    const gru = layer(U, F, args);
    const wanted = outputs(layer(U, F, args), 1)[0];
    gru.call(inputs);
    expect(outputOf(gru.call(inputs, training)).data).toEqual(wanted);
  });

  it("is not advanced by failed calls", async () => {
    const args = { dropout: 0.5, seed: 3 };
    const gru = layer(U, F, args);
    const wanted = outputs(layer(U, F, args), 3);
    expect(outputs(gru, 1)[0]).toEqual(wanted[0]);
    expectError(() => gru.call(inputs, { ...training, lengths: [9] }), "ERR_SHAPE");
    expectError(() => gru.call(random([B, T, F + 1]), training), "ERR_SHAPE");
    await expectRejection(() => gru.callAsync(inputs, { ...training, lengths: [9] }), "ERR_SHAPE");
    expect(outputs(gru, 1)[0]).toEqual(wanted[1]);
    const controllers = [new AbortController(), new AbortController()];
    const aborted = controllers.map(({ signal }) => gru.callAsync(inputs, { ...training, signal }));
    for (const controller of controllers) controller.abort();
    await Promise.allSettled(aborted);
    expect(outputs(gru, 1)[0]).toEqual(wanted[2]);
  });
});

describe("the generator", () => {
  const options = (args: GRUArguments) => readConstructor(U, args);

  it("draws one input mask, or three with implementation 1", () => {
    const draw = (args: GRUArguments) => new DropoutGenerator({}, options({ seed: 1, ...args })).draw(B, F);
    expect([draw({ dropout: 0.5 }).input?.length, draw({ dropout: 0.5 }).recurrent]).toEqual([B * F, null]);
    expect(draw({ dropout: 0.5, implementation: 1 }).input?.length).toBe(3 * B * F);
    const both = draw({ dropout: 0.5, recurrent_dropout: 0.5, implementation: 2 });
    expect([both.input?.length, both.recurrent?.length]).toEqual([3 * B * F, 3 * B * U]);
    const recurrent = draw({ recurrent_dropout: 0.5 });
    expect([recurrent.input, recurrent.recurrent?.length]).toEqual([null, 3 * B * U]);
    expect(draw({ dropout: 1, recurrent_dropout: 0.5 }).input).toBeNull();
  });

  it("fills with 0 at the rate, and with 1 / (1 - rate) otherwise", () => {
    const { input } = new DropoutGenerator({}, options({ dropout: 0.25, seed: 5, dtype: "float64" })).draw(100, 200);
    expect(new Set(input)).toEqual(new Set([0, 1 / 0.75]));
    const zeros = (input as Float64Array).filter((value) => value === 0).length;
    expect(Math.abs(zeros / 20_000 - 0.25)).toBeLessThan(0.02);
  });

  it("uses the numbers of failed calls again, unless a later call has begun", () => {
    const generator = new DropoutGenerator({}, options({ dropout: 0.5, seed: 1 }));
    const first = generator.draw(1, 1);
    const second = generator.draw(1, 1);
    const third = generator.draw(1, 1);
    expect([first, second, third].map(({ number }) => number)).toEqual([0, 1, 2]);
    generator.markEnded(third);
    generator.markEnded(second);
    expect(generator.draw(1, 1).number).toBe(1);
    generator.markSucceeded(first);
    expect(generator.draw(1, 1).number).toBe(2);
  });
});

describe("masks", () => {
  it("multiply the inputs, the same at every step", () => {
    const gru = layer(U, F, { dropout: 0.5 });
    const input = Float32Array.from({ length: B * F }, (_, index) => (index % 3 === 0 ? 0 : 2));
    injectDropoutMasks(gru, { input, recurrent: null });
    const scaled = inputs.data.map((value, index) => {
      const row = Math.floor(index / (T * F));
      return value * (input[row * F + (index % F)] as number);
    });
    const wanted = outputOf(layer(U, F).call(tensor(scaled, [B, T, F])));
    expect(outputOf(gru.call(inputs, training))).toEqual(wanted);
    injectDropoutMasks(gru, null);
    expect(outputOf(gru.call(inputs, training))).not.toEqual(wanted);
  });

  it("exist for no inputs too", () => {
    const gru = new GRU(U, { dropout: 0.5, recurrent_dropout: 0.5 });
    expect(outputOf(gru.call(tensor(new Float32Array(0), [0, T, F]), training)).shape).toEqual([0, U]);
  });
});
