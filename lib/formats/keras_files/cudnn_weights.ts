import type { WeightData } from "./gru_variables.js";

/**
 * Converts the weights of Keras 2's CuDNNGRU to the weights of a GRU with `reset_after`. CuDNNGRU keeps the kernel of
 * each gate as cuDNN does: transposed, with its block filled from a row-major `(U, F)` array. Its bias `(6U,)` is the
 * input bias followed by the recurrent bias. Both layers have the gates in Keras's order z, r, h, which Keras reorders
 * for cuDNN at each call. (tf_keras 2.21, `layers/rnn/cudnn_gru.py` and `saving/legacy/hdf5_format.py`.)
 */
export function fromCudnnGru([kernel, recurrent, bias]: readonly WeightData[]): WeightData[] {
  const units = recurrent!.shape[0]!;
  return [eachGate(kernel!, fillRows), eachGate(recurrent!, transpose), { ...bias!, shape: [2, 3 * units] }];
}

/** Copies the elements of one gate's block in `from`, which begins at `start`, to the same block in `to`. */
type FillBlock = (from: WeightData["data"], to: WeightData["data"], start: number, rows: number, units: number) => void;

function eachGate({ shape, dtype, data }: WeightData, fill: FillBlock): WeightData {
  const [rows, columns] = shape as [number, number];
  const units = columns / 3;
  const out = data.slice();
  for (let gate = 0; gate < 3; gate += 1) fill(data, out, gate * units, rows, units);
  return { shape, dtype, data: out };
}

/**
 * The block `(F, U)`, read row after row, is the row-major `(U, F)` array. The new block is the transpose of that
 * array.
 */
const fillRows: FillBlock = (from, to, start, rows, units) => {
  const columns = 3 * units;
  // The position in the block of the array's next element, in row-major order.
  let fromRow = start;
  let fromColumn = 0;
  for (let unit = 0; unit < units; unit += 1) {
    for (let feature = 0; feature < rows; feature += 1) {
      to[feature * columns + start + unit] = from[fromRow + fromColumn]!;
      fromColumn += 1;
      if (fromColumn === units) {
        fromColumn = 0;
        fromRow += columns;
      }
    }
  }
};

const transpose: FillBlock = (from, to, start, rows, units) => {
  const columns = 3 * units;
  for (let row = 0; row < rows; row += 1) {
    for (let unit = 0; unit < units; unit += 1) {
      to[row * columns + start + unit] = from[unit * columns + start + row]!;
    }
  }
};
