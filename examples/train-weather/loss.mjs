/**
 * The mean absolute error, and its gradient with respect to the outputs.
 *
 * @returns {{ loss: number, gradient: Float32Array }}
 */
export function meanAbsoluteError(outputs, targets) {
  const gradient = new Float32Array(outputs.length);
  let sum = 0;
  for (let index = 0; index < outputs.length; index += 1) {
    const error = outputs[index] - targets[index];
    sum += Math.abs(error);
    gradient[index] = Math.sign(error) / outputs.length;
  }
  return { loss: sum / outputs.length, gradient };
}
