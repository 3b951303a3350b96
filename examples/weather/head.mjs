/**
 * The model's dense head: `states @ kernel + bias`.
 *
 * @param states the GRU's outputs, (rows, units)
 * @param head kernel (units, horizon) and bias (horizon), as nested arrays
 * @returns {Float32Array} (rows, horizon), row-major
 */
export function dense({ data, shape: [rows, units] }, { kernel, bias }) {
  const outputs = new Float32Array(rows * bias.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < bias.length; column += 1) {
      let sum = bias[column];
      for (let unit = 0; unit < units; unit += 1) sum += data[row * units + unit] * kernel[unit][column];
      outputs[row * bias.length + column] = sum;
    }
  }
  return outputs;
}
