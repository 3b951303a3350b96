// Features of 10 ms of sound: how loud it is in 22 bands, and how that has changed.

const BANDS = 22;
const LOWEST = 100;
const HIGHEST = 16_000;
/** The number of features: the bands, and the changes of all but the two highest. */
export const FEATURES = 2 * BANDS - 2;

/** Computes the features of one frame after the other. */
export class Bands {
  /** For each band the wave that the frame is compared with, its cosine and its sine, faded in and out. */
  #waves;
  #before = new Float32Array(BANDS);
  #now = new Float32Array(BANDS);

  /** `length` is the number of samples of a frame. */
  constructor(rate, length) {
    this.#waves = Array.from({ length: BANDS }, (_, band) => {
      const frequency = LOWEST * (HIGHEST / LOWEST) ** (band / (BANDS - 1));
      const wave = (shift) =>
        Float32Array.from({ length }, (_, i) => {
          const fade = 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length);
          return (2 / length) * fade * Math.cos((2 * Math.PI * frequency * i) / rate - shift);
        });
      return [wave(0), wave(Math.PI / 2)];
    });
  }

  /** Writes the features of `frame` to `out`. */
  compute(frame, out) {
    const [before, now] = [this.#before, this.#now];
    for (const [band, [cosine, sine]] of this.#waves.entries()) {
      let real = 0;
      let imaginary = 0;
      for (let i = 0; i < frame.length; i += 1) {
        real += frame[i] * cosine[i];
        imaginary += frame[i] * sine[i];
      }
      // From silence, 0, to the loudest sound, 1.
      now[band] = 1 + Math.log10(1e-8 + real ** 2 + imaginary ** 2) / 8;
      out[band] = now[band];
      if (band < FEATURES - BANDS) out[BANDS + band] = now[band] - before[band];
    }
    this.#before = now;
    this.#now = before;
  }
}
