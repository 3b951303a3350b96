import { importDependency } from "../formats/import_dependency.js";

/** A bar on standard error. */
export interface ProgressBar {
  update(done: number, total: number): void;
  stop(): void;
}

/** Makes a bar that counts `unit`, or returns null where standard error is no terminal. */
export async function progressBar(unit: string): Promise<ProgressBar | null> {
  if (!process.stderr.isTTY) return null;
  const { default: library } = await importDependency("cli-progress", () => import("cli-progress"));
  const format = `{bar} {percentage}% | {value} of {total} ${unit} | {speed} ${unit}/s | {eta_formatted} left`;
  const bar = new library.SingleBar(
    { format, stream: process.stderr, hideCursor: true },
    library.Presets.shades_classic,
  );
  const started = performance.now();
  let running = false;
  return {
    update(done, total) {
      const speed = Math.round((done / (performance.now() - started)) * 1e3).toLocaleString("en-US");
      if (running) bar.update(done, { speed });
      else bar.start(total, done, { speed });
      running = true;
    },
    stop() {
      if (running) bar.stop();
    },
  };
}
