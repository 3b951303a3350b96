// A program of a user: it computes with the cudnn-gru that is installed beside it, and fails when a number is wrong. It runs in
// Node.js, Deno and Bun. The expected numbers are those of h = z * h_prev + (1 - z) * hh, written out below.
import { backendInfo, GRU, tensor } from "cudnn-gru";

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** One unit, one feature, all weights 1 and no bias. */
function expected(inputs) {
  let h = 0;
  for (const x of inputs) {
    const z = sigmoid(x + h);
    h = z * h + (1 - z) * Math.tanh(x + z * h);
  }
  return h;
}

function check(what, computed, wanted) {
  if (Math.abs(computed - wanted) <= 1e-6) return;
  throw new Error(`${what}: expected ${wanted} but computed ${computed}`);
}

const numbers = [0.5, -1, 2, 0.25];
const gru = new GRU(1, { kernel_initializer: "ones", recurrent_initializer: "ones" });
const inputs = tensor(Float32Array.from(numbers), [1, numbers.length, 1]);
const called = gru.call(inputs).data[0];
check("call", called, expected(numbers));
check("callAsync", (await gru.callAsync(inputs)).data[0], expected(numbers));

const layer = await GRU.fromKeras("model.keras");
const { units } = layer.getConfig();
const [features] = layer.kernel.shape;
const state = layer.call(tensor(new Float32Array(2 * features).fill(0.1), [1, 2, features])).data;
if (state.length !== units || !state.every(Number.isFinite)) throw new Error("fromKeras: expected a finite state");

console.log(JSON.stringify({ called, units, isa: backendInfo().cpu.isa }));
