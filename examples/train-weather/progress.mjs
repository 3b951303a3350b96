// The progress bar, and lines above it.
import cliProgress from "cli-progress";

const FORMAT = "epoch {epoch} [{bar}] step {value}/{total} | loss {loss} | {rate} steps/s | {eta_formatted} left";

/** Shows steps on a terminal; lines are written everywhere. */
export class Progress {
  #bar = new cliProgress.MultiBar(
    { format: FORMAT, hideCursor: true, clearOnComplete: true, gracefulExit: false },
    cliProgress.Presets.legacy,
  );
  #steps;
  #started = performance.now();
  #first;

  constructor(total, first) {
    this.#first = first;
    this.#steps = this.#bar.create(total, first, { epoch: "", loss: "", rate: "" });
  }

  /** Steps a second since the beginning of this run, after `step` of them in all. */
  rate(step) {
    return ((step - this.#first) * 1000) / (performance.now() - this.#started);
  }

  step(step, epoch, loss) {
    this.#steps.update(step, { epoch, loss: loss.toFixed(4), rate: this.rate(step).toFixed(1) });
  }

  line(text) {
    if (process.stderr.isTTY) this.#bar.log(`${text}\n`);
    else console.log(text);
  }

  stop() {
    this.#bar.stop();
  }
}
