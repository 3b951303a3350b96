import type { WeightData } from "./gru_variables.js";

/**
 * The weights of Keras 2's CuDNNGRU as a GRU with `reset_after` has them. CuDNNGRU keeps each gate's kernel as cuDNN
 * does, transposed, its block filled from a row-major `(U, F)` array; its bias `(6U,)` is input bias, then recurrent
 * bias. Gates are in Keras's order z, r, h in both: Keras reorders them for cuDNN at each call. (tf_keras 2.21,
 * `layers/rnn/cudnn_gru.py` and `saving/legacy/hdf5_format.py`.)
 */
export function fromCudnnGru([kernel, recurrent, bias]: readonly WeightData[]): WeightData[] {
  const units = recurrent!.shape[0]!;
  return [eachGate(kernel!, fillRows), eachGate(recurrent!, transpose), { ...bias!, shape: [2, 3 * units] }];
}

/** Gives the elements of one gate's block in `from`, which begins at `start`, to the same block in `to`. */
type FillBlock = (from: WeightData["data"], to: WeightData["data"], start: number, rows: number, units: number) => void;

function eachGate({ shape, dtype, data }: WeightData, fill: FillBlock): WeightData {
  const [rows, columns] = shape as [number, number];
  const units = columns / 3;
  const out = data.slice();
  for (let gate = 0; gate < 3; gate += 1) fill(data, out, gate * units, rows, units);
  return { shape, dtype, data: out };
}

/** The block `(F, U)`, read row after row, is the row-major `(U, F)` array: the new block is its transpose. */
const fillRows: FillBlock = (from, to, start, rows, units) => {
  const columns = 3 * units;
  // Where the array's next element, in its row-major order, lies in the block.
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
