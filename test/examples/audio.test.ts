// The streaming example as a user runs it, on sound files that Python's module `wave` writes.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { clip } from "../../examples/audio/circuit.mjs";
import { readSound, writeSound } from "../../examples/audio/sound.mjs";

const PROGRAM = fileURLToPath(new URL("../../examples/audio/stream.mjs", import.meta.url));
const DEBIAN = "/usr/share/sounds/alsa/Front_Center.wav";
const folder = mkdtempSync(join(tmpdir(), "audio-"));
afterAll(() => rmSync(folder, { recursive: true }));

const python = spawnSync("python3", ["-c", "import wave"]).status === 0;

/** Writes a WAV file of 16-bit samples by Python. `values` is an expression of the index `i` of a sample. */
function byPython(name: string, { rate = 48_000, channels = 1, count = 24_000, values = "int(9000*sin(i/9))" } = {}) {
  const path = join(folder, name);
  const program = `
import sys, wave, struct
from math import sin
with wave.open(sys.argv[1], "wb") as file:
    file.setnchannels(${channels}); file.setsampwidth(2); file.setframerate(${rate})
    file.writeframes(b"".join(struct.pack("<h", ${values}) for i in range(${count * channels})))`;
  execFileSync("python3", ["-c", program, path]);
  return path;
}

function run(...args: string[]) {
  return spawnSync(process.execPath, [PROGRAM, ...args], { encoding: "utf8" });
}

describe.skipIf(!python)("sound files (skipped where there is no python3)", () => {
  it("are read, and several channels become one", () => {
    expect(readSound(byPython("mono.wav", { rate: 8000, count: 5, values: "i * 1000 - 2000" }))).toEqual({
      rate: 8000,
      samples: Float32Array.of(-2000, -1000, 0, 1000, 2000).map((value) => value / 32768),
    });
    const { samples } = readSound(
      byPython("stereo.wav", { channels: 2, count: 2, values: "[100, 300, -32768, 0][i]" }),
    );
    expect([...samples]).toEqual([200 / 32768, -0.5]);
  });

  it("are written as Python reads them", () => {
    const path = join(folder, "written.wav");
    writeSound(path, { rate: 44_100, samples: Float32Array.of(0, 0.5, -1, 2) });
    const program = `
import sys, wave
with wave.open(sys.argv[1]) as file: print(file.getparams()[:4], list(memoryview(file.readframes(9)).cast("h")))`;
    const printed = execFileSync("python3", ["-c", program, path], { encoding: "utf8" });
    expect(printed.trim()).toBe("(1, 2, 44100, 4) [0, 16384, -32768, 32767]");
  });

  it("are streamed", () => {
    const { status, stdout, stderr } = run(byPython("tone.wav"));
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/0\.50 s at 48000 samples a second/);
    expect(stdout.match(/\d+\.\d\d % of a core; \d+\.\d µs each, at most \d+ µs/g)).toHaveLength(4);
  });
});

it("a file that is none, or no sound, is refused in one line", () => {
  const text = join(folder, "text.wav");
  writeFileSync(text, "no sound at all, but long enough");
  for (const [path, message] of [
    [join(folder, "absent.wav"), /apt-get install alsa-utils\n$/],
    [text, /text\.wav is no WAV file\n$/],
  ] as const) {
    const { status, stdout, stderr } = run(path);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
  }
});

it("the circuit lets soft sound pass, holds loud sound at its diodes, and does both ways the same", () => {
  const tone = (loudness: number) =>
    Float32Array.from({ length: 4800 }, (_, i) => loudness * Math.sin((i * Math.PI) / 240));
  const peak = (samples: Float32Array) => samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // 4 V for a sample of 1, of which the output shows 0.75 V as 1. So soft sound is 4 / 0.75 times as loud.
  expect(peak(clip(tone(0.001), 48_000)) / 0.001).toBeCloseTo(4 / 0.75, 1);
  const [loud, louder] = [peak(clip(tone(0.5), 48_000)), peak(clip(tone(1), 48_000))];
  expect(loud).toBeGreaterThan(0.6);
  expect(louder).toBeLessThan(1.1 * loud);
  expect([...clip(tone(-0.5), 48_000)]).toEqual([...clip(tone(0.5), 48_000).map((value) => 0 - value)]);
});

it.skipIf(!existsSync(DEBIAN))(
  "the GRU sounds like the circuit on a voice (skipped without Debian's alsa-utils)",
  () => {
    const { status, stdout, stderr } = run();
    expect([status, stderr]).toEqual([0, ""]);
    expect(Number(/error (\d+\.\d+) % of the circuit's power/.exec(stdout)?.[1])).toBeLessThan(1);
  },
);
