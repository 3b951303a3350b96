// The dense layer after the GRU, forwards and backwards. All arrays are row-major.

/** Returns `states @ kernel + bias`: (rows, units) times (units, columns) makes (rows, columns). */
export function dense(states, kernel, bias, rows, units, columns) {
  const outputs = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      let sum = bias[column];
      for (let unit = 0; unit < units; unit += 1) sum += states[row * units + unit] * kernel[unit * columns + column];
      outputs[row * columns + column] = sum;
    }
  }
  return outputs;
}

/** Returns the gradients with respect to states, kernel and bias, from the gradient of the outputs. */
export function denseBackward(states, kernel, dOutputs, rows, units, columns) {
  const dStates = new Float32Array(rows * units);
  const dKernel = new Float32Array(units * columns);
  const dBias = new Float32Array(columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const upstream = dOutputs[row * columns + column];
      dBias[column] += upstream;
      for (let unit = 0; unit < units; unit += 1) {
        dStates[row * units + unit] += upstream * kernel[unit * columns + column];
        dKernel[unit * columns + column] += upstream * states[row * units + unit];
      }
    }
  }
  return { dStates, dKernel, dBias };
}
