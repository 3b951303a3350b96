// Every element type and storage layout that HDF5 has for a kernel. The package reads the same as h5py, or refuses with a reason.
// The files come from make_hostile_hdf5.py.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GRU } from "cudnn-gru";
import { describe, expect, it } from "vitest";

const file = (name: string) => fileURLToPath(new URL(`data/${name}`, import.meta.url));
const readByH5py: Record<string, number[]> = JSON.parse(readFileSync(file("expected_types.json"), "utf8"));

const REFUSED: [name: string, found: string][] = [
  ["field_widths", "floating-point numbers of 4 bytes in a layout of their own (exponent: 10 bits at 20, bias 511;"],
  ["exponent_bias", "floating-point numbers of 4 bytes in a layout of their own"],
  ["bit_offset", "floating-point numbers of 4 bytes in a layout of their own"],
  ["padded_float16", "floating-point numbers of 4 bytes in a layout of their own"],
  ["sign_elsewhere", "floating-point numbers of 4 bytes in a layout of their own"],
  ["no_implied_bit", "floating-point numbers of 4 bytes in a layout of their own"],
  ["vax_order", "floating-point numbers of 4 bytes in a layout of their own"],
  ["long_double", "floating-point numbers of 16 bytes in a layout of their own"],
  ["int32", "integers of 4 bytes"],
  ["uint16", "integers of 2 bytes"],
  ["bit_field", "bit fields of 4 bytes"],
  ["boolean", "enumerated values of 1 bytes"],
  ["opaque", "opaque elements of 4 bytes"],
  ["compound", "compound elements of 4 bytes"],
  ["array", "arrays of 4 bytes"],
  ["string", "strings of 4 bytes"],
];

/** In the newest version of the format: what its other object headers say in another way. */
const IN_LATEST = new Set(["bfloat16_float", "committed", "filtered", "partly_written", "field_widths", "compound"]);

describe.each([
  ["types.h5", () => true],
  ["types_latest.h5", ([kind]: readonly [string, unknown]) => IN_LATEST.has(kind)],
] as const)("%s", (name, isTested) => {
  it.each(Object.entries(readByH5py).filter(isTested))("%s is read as h5py reads it", async (kind, values) => {
    const gru = new GRU(3);
    await gru.loadWeights(file(name), { layer: `layers/${kind}` });
    expect([...(gru.kernel.value.data as Float32Array)]).toEqual(values);
  });

  it.each(REFUSED.filter(isTested))("%s is refused", async (kind, found) => {
    const gru = new GRU(3);
    await expect(gru.loadWeights(file(name), { layer: `layers/${kind}` })).rejects.toMatchObject({
      name: "GRUError",
      code: "ERR_FILE_FORMAT",
      message: expect.stringContaining(`of dtype float16, bfloat16, float32 or float64 but found ${found}`),
    });
    expect(gru.built).toBe(false);
  });
});

it.each([
  ["external.h5", "in the file itself but found it in other files"],
  ["devices.h5", "in the file itself but found it in other files"],
  ["external_self.h5", "in the file itself but found it in other files"],
  ["virtual.h5", "in the file itself but found a virtual dataset"],
  ["user_defined_link.h5", "expected /layers/gru whole but found it damaged"],
  ["repeated_long_text.h5", "whole but found it damaged"],
])("%s is refused", async (name, message) => {
  await expect(new GRU(3).loadWeights(file(name))).rejects.toMatchObject({
    name: "GRUError",
    code: "ERR_FILE_FORMAT",
    message: expect.stringContaining(message),
  });
});
