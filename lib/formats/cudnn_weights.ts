import type { WeightData } from "./gru_variables.js";

/**
 * The weights of Keras 2's CuDNNGRU as a GRU with `reset_after` has them. CuDNNGRU keeps each gate's kernel as cuDNN
 * does, transposed, its block filled from a row-major `(U, F)` array; its bias `(6U,)` is input bias, then recurrent
 * bias. Gates are in Keras's order z, r, h in both: Keras reorders them for cuDNN at each call. (tf_keras 2.21,
 * `layers/rnn/cudnn_gru.py` and `saving/legacy/hdf5_format.py`.)
 */
export function fromCudnnGru([kernel, recurrent, bias]: readonly WeightData[]): WeightData[] {
  const features = kernel!.shape[0]!;
  const units = recurrent!.shape[0]!;
  return [
    reordered(kernel!, (row, column) => {
      // The gate's block (F, U), read row after row, is the row-major (U, F) array.
      const flat = column * features + row;
      return [Math.floor(flat / units), flat % units];
    }),
    reordered(recurrent!, (row, column) => [column, row]),
    { ...bias!, shape: [2, 3 * units] },
  ];
}

/** `weight` with each gate's block rearranged: its element (row, column) comes from that block's `source(row, column)`. */
function reordered(
  { shape, dtype, data }: WeightData,
  source: (row: number, column: number) => readonly [number, number],
): WeightData {
  const [rows, columns] = shape as [number, number];
  const units = columns / 3;
  const out = data.slice();
  for (let gate = 0; gate < 3; gate += 1) {
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < units; column += 1) {
        const [fromRow, fromColumn] = source(row, column);
        out[row * columns + gate * units + column] = data[fromRow * columns + gate * units + fromColumn]!;
      }
    }
  }
  return { shape, dtype, data: out };
}
