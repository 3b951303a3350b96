// Sound files: WAV with 16-bit samples, which is what Debian's test sounds are.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

/** The folder of Debian's and Ubuntu's test sounds: a voice that says "front center" and the like, at 48 kHz. */
export const DEBIAN_SOUNDS = "/usr/share/sounds/alsa";

/** Throws an error that says where sounds come from, unless `path` is a file. */
export function requireSound(path) {
  if (existsSync(path)) return;
  throw new Error(
    `There is no ${path}. Name a WAV file with 16-bit samples, or get Debian's: apt-get install alsa-utils`,
  );
}

/**
 * Reads a WAV file with 16-bit samples. Several channels become one.
 *
 * @returns {{ rate: number, samples: Float32Array }} samples a second, and the samples in [-1, 1)
 */
export function readSound(path) {
  requireSound(path);
  const file = readFileSync(path);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks = chunksOf(view, basename(path));
  const format = chunks.get("fmt ");
  const data = chunks.get("data");
  const [kind, channels, bits] = [0, 2, 14].map((at) => (format ? view.getUint16(format.at + at, true) : 0));
  if (data === undefined || kind !== 1 || bits !== 16 || channels === 0) {
    throw new Error(`${path} is no WAV file with 16-bit samples`);
  }
  const samples = new Float32Array(Math.floor(data.bytes / (2 * channels)));
  for (let i = 0; i < samples.length * channels; i += 1) {
    samples[Math.floor(i / channels)] += view.getInt16(data.at + 2 * i, true) / (32768 * channels);
  }
  return { rate: view.getUint32(format.at + 4, true), samples };
}

/** Returns where the parts of a WAV file are: by their names, the place and the number of bytes. */
function chunksOf(view, name) {
  const textAt = (at) => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
  const chunks = new Map();
  if (view.byteLength < 12 || textAt(0) !== "RIFF" || textAt(8) !== "WAVE") throw new Error(`${name} is no WAV file`);
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const bytes = view.getUint32(at + 4, true);
    chunks.set(textAt(at), { at: at + 8, bytes: Math.min(bytes, view.byteLength - at - 8) });
    at += 8 + bytes + (bytes % 2);
  }
  return chunks;
}

/** Writes samples in [-1, 1) to a WAV file with 16-bit samples and one channel. */
export function writeSound(path, { rate, samples }) {
  const file = Buffer.alloc(44 + 2 * samples.length);
  file.write("RIFF", 0, "latin1");
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8, "latin1");
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(2 * rate, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36, "latin1");
  file.writeUInt32LE(2 * samples.length, 40);
  for (const [i, sample] of samples.entries()) {
    file.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), 44 + 2 * i);
  }
  writeFileSync(path, file);
}
