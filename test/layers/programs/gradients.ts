// Prints the results of every random configuration as JSON: [dtype, seed, { tensor: numbers }]. CUDNN_GRU_ISA chooses
// the kernels. The argument is the number of configurations of each dtype.
import { configurationOf, run } from "../random_configurations.js";

const count = Number(process.argv[2]);
for (const dtype of ["float32", "float64"] as const) {
  for (let seed = 0; seed < count; seed++) {
    console.log(JSON.stringify([dtype, seed, run(configurationOf(seed, dtype))]));
  }
}
