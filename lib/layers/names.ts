const PREFIX = "gru";

let made = 0;

/** The next default name of a layer, counted as Keras counts: `gru`, `gru_1`, `gru_2`, … */
export function defaultName(): string {
  const name = made === 0 ? PREFIX : `${PREFIX}_${made}`;
  made += 1;
  return name;
}
