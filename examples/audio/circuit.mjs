// The circuit that the GRU imitates: a diode clipper, the part of a guitar's distortion pedal that distorts. A resistor
// feeds a capacitor with two diodes across it, one for each direction.

const RESISTANCE = 2200;
const CAPACITANCE = 10e-9;
/** The diodes' current is 2 · SATURATION · sinh(v / SLOPE). */
const SATURATION = 2.52e-9;
const SLOPE = 0.0453;
/** Volts for a sample of 1. */
const GAIN = 4;
/** The voltage that a sample of 1 stands for at the output, where the diodes hold it. */
const FULL = 0.75;

/** Returns the circuit's output for samples at so many a second. The capacitor is empty at first. */
export function clip(samples, rate) {
  const charge = CAPACITANCE * RESISTANCE * rate;
  let voltage = 0;
  return Float32Array.from(samples, (sample) => {
    voltage = settle(voltage, GAIN * sample, charge);
    return voltage / FULL;
  });
}

/** Solves charge · (v - before) = input - v - R · 2 · SATURATION · sinh(v / SLOPE) for v, by Newton's method. */
function settle(before, input, charge) {
  let v = before;
  for (let i = 0; i < 50; i += 1) {
    const diodes = 2 * RESISTANCE * SATURATION;
    const error = charge * (v - before) + v - input + diodes * Math.sinh(v / SLOPE);
    const slope = charge + 1 + (diodes / SLOPE) * Math.cosh(v / SLOPE);
    const change = error / slope;
    // Far off, the diodes' curve is so steep that a whole step would leap over the solution.
    v -= Math.max(-0.1, Math.min(0.1, change));
    if (Math.abs(change) < 1e-9) break;
  }
  return v;
}
