// Uses the package as a user of Jest does. Every array here is of Jest's realm.
import { createBatcher, GRU, GRUError, optimizers, tensor } from "cudnn-gru";

const shape = [1, 2, 3];
const data = () => Float32Array.of(1, -1, 0.5, 0.25, 2, -2);
const built = (args) => {
  const gru = new GRU(4, { seed: 1, ...args });
  gru.build([null, null, 3]);
  gru.setWeights(gru.weights.map(({ shape: [rows, columns] }) => new Float32Array(rows * columns).fill(0.1)));
  return gru;
};

test("calls give the same numbers, synchronous, asynchronous and in a batch", async () => {
  const gru = built();
  const wanted = [...gru.call({ data: data(), shape }).data];
  expect(wanted.every((value) => value !== 0 && Math.abs(value) < 1)).toBe(true);
  expect([...(await gru.callAsync({ data: data(), shape })).data]).toEqual(wanted);
  const given = data();
  expect([...(await gru.callAsync({ data: given, shape }, { transfer: true })).data]).toEqual(wanted);
  expect(given.length).toBe(0);
  const batcher = createBatcher(gru, { maxBatch: 2 });
  const [first, second] = await Promise.all([1, 2].map(() => batcher.callAsync({ data: data(), shape })));
  expect([[...first.data], [...second.data]]).toEqual([wanted, wanted]);
});

test("lengths, masks and shared memory of this realm are taken", () => {
  const gru = built();
  const wanted = [...gru.call({ data: data(), shape }, { lengths: [1] }).data];
  const shared = new Float32Array(new SharedArrayBuffer(24));
  shared.set(data());
  expect([...gru.call({ data: shared, shape }, { lengths: Int32Array.of(1) }).data]).toEqual(wanted);
  expect([...gru.call({ data: data(), shape }, { mask: { data: Uint8Array.of(1, 0), shape: [1, 2] } }).data]).toEqual(
    wanted,
  );
});

test("a layer trains", () => {
  const gru = built();
  const adam = new optimizers.Adam({ learning_rate: 0.1 });
  const before = gru.kernel.value.data[0];
  const pass = gru.forward(tensor(data(), shape));
  adam.apply(pass.backward({ output: new Float32Array(4).fill(1) }).weights, gru.trainable_weights);
  expect(gru.kernel.value.data[0]).not.toBe(before);
});

test("errors are of the package's class, also those that the addon makes", async () => {
  const gru = built();
  expect(() => gru.call({ data: data(), shape: [1, 3, 3] })).toThrow(GRUError);
  gru.dispose();
  expect(() => gru.call({ data: data(), shape })).toThrow(GRUError);
  const stream = built().stream();
  expect(() => stream.push(Object.create(Float32Array.prototype))).toThrow(GRUError);
});
