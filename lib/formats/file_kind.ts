import { looksLikeSafetensors } from "./safetensors/safetensors.js";

/** The kinds of file that the model readers distinguish by the first bytes. */
export type FileKind = "zip" | "hdf5" | "safetensors" | "other";

interface Signature {
  kind: FileKind;
  bytes: readonly number[];
  description: string;
}

const SIGNATURES: readonly Signature[] = [
  { kind: "zip", bytes: [0x50, 0x4b, 0x03, 0x04], description: "a zip archive" },
  { kind: "zip", bytes: [0x50, 0x4b, 0x05, 0x06], description: "an empty zip archive" },
  { kind: "hdf5", bytes: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], description: "an HDF5 file" },
  { kind: "other", bytes: [0x89, 0x50, 0x4e, 0x47], description: "a PNG image" },
  { kind: "other", bytes: [0xff, 0xd8, 0xff], description: "a JPEG image" },
  { kind: "other", bytes: [0x47, 0x49, 0x46, 0x38], description: "a GIF image" },
  { kind: "other", bytes: [0x25, 0x50, 0x44, 0x46], description: "a PDF document" },
  { kind: "other", bytes: [0x1f, 0x8b], description: "a gzip archive" },
  { kind: "other", bytes: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], description: "a NumPy array file" },
  { kind: "other", bytes: [0x7f, 0x45, 0x4c, 0x46], description: "a program (ELF)" },
  { kind: "other", bytes: [0x7b], description: "a JSON text" },
];

/** The number of first bytes that {@link fileKind} needs. */
export const FILE_KIND_BYTES = 16;

/** Returns the kind of the file that starts with `head`, judged by its signature. */
export function fileKind(head: Uint8Array): { kind: FileKind; description: string } {
  if (head.length === 0) return { kind: "other", description: "an empty file" };
  const found = SIGNATURES.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte));
  if (found) return { kind: found.kind, description: found.description };
  if (looksLikeSafetensors(head)) return { kind: "safetensors", description: "a safetensors file" };
  const hex = Buffer.from(head.subarray(0, 8)).toString("hex");
  return { kind: "other", description: `a file of unknown kind (its first bytes are ${hex})` };
}
