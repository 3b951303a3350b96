// NativeProgram: what JavaScript sees of it. The instructions' numbers are checked by the native tests.
import { configure } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { INSTRUCTIONS } from "../../dist/native/instruction_names.js";
import type { NativeInstruction } from "../../dist/native/instructions.js";
import { native } from "../../dist/native/load.js";
import type { NativePortArray } from "../../dist/native/program_values.js";
import { expectError, expectRejection } from "../layers/support.js";
import { everyInstruction, nativeGru, ProgramUnderTest, ROWS } from "./support.js";

const GRU_ERROR = expect.objectContaining({
  name: "GRUError",
  code: expect.stringMatching(/^ERR_(ARGUMENT|SHAPE|DTYPE)$/),
});

const { threads } = native().cpuInfo();
afterAll(() => configure({ threads }));

function bytes(arrays: NativePortArray[]): Uint8Array[] {
  return arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
}

/** A program of one dense instruction, 2 → 2, whose kernel is the identity and whose bias is 10 and 20. */
function dense(): ProgramUnderTest {
  const test = new ProgramUnderTest();
  const x = test.floats(2);
  const { NativeMatrix } = native();
  const matrix = new NativeMatrix({
    dtype: "float32",
    depth: 2,
    columns: 2,
    kernel: Float32Array.of(1, 0, 0, 1),
    bias: Float32Array.of(10, 20),
  });
  test.output(2, (y) => ({ op: "dense", repeat: 1, round: null, x, y, matrix, activation: null }));
  return test;
}

describe("a program", () => {
  const { NativeProgram, NativeMatrix, NativeConstant } = native();

  it("has every instruction, and the same results in run and runAsync, on any threads", async () => {
    const test = everyInstruction();
    const used = new Set(test.description.instructions.map(({ op }) => op));
    expect([...used].toSorted()).toEqual([...INSTRUCTIONS].toSorted());
    const program = new NativeProgram(test.description);
    const expected = test.outputs();
    configure({ threads: 1 });
    program.run(ROWS, test.inputs, expected);
    for (const output of expected) expect(output.some((value) => value !== 0)).toBe(true);
    for (const count of [1, 3]) {
      configure({ threads: count });
      const sync = test.outputs();
      program.run(ROWS, test.inputs, sync);
      expect(bytes(sync)).toEqual(bytes(expected));
      const async = test.outputs();
      const times = await program.runAsync(1, ROWS, test.inputs, async);
      expect(bytes(async)).toEqual(bytes(expected));
      expect(times.map((time) => time >= 0)).toEqual([true, true]);
    }
  });

  it("computes a GRU with the bits of its own call", () => {
    const test = new ProgramUnderTest();
    const x = test.floats(4 * 3);
    const gru = nativeGru(3, 5);
    const initial = test.floats(5);
    const state = test.tensor(5);
    test.output(4 * 5, (y) => ({
      op: "gru",
      repeat: 1,
      x,
      steps: 4,
      layers: [
        {
          merge: null,
          halves: [{ gru, goBackwards: true, zeroOutputForMask: false, cudnn: false, initialState: initial, state }],
        },
      ],
      returnSequences: true,
      outputs: [y],
      mask: null,
      allowTf32: false,
    }));
    test.description.outputs.push({ tensor: state, dtype: "float32" });
    const outputs = test.outputs();
    new NativeProgram(test.description).run(ROWS, test.inputs, outputs);
    const output = new Float32Array(ROWS * 20);
    const last = new Float32Array(ROWS * 5);
    const [inputs, initialState] = test.inputs as [Float32Array, Float32Array];
    gru.call(inputs, output, last, initialState, null, null, null, null, ROWS, 4, 3, null);
    expect(bytes(outputs)).toEqual(bytes([output, last]));
  });

  it("reads and writes 16-bit arrays", () => {
    const test = dense();
    const { tensors, instructions } = test.description;
    const program = new NativeProgram({
      ...test.description,
      inputs: [{ tensor: 0, dtype: "bfloat16" }],
      outputs: [{ tensor: tensors.length - 1, dtype: "float16" }],
    });
    expect(instructions).toHaveLength(1);
    const output = new Uint16Array(2);
    program.run(1, [Uint16Array.of(0x3f80, 0xc000)], [output]);
    // 1 + 10 and -2 + 20.
    expect([...output]).toEqual([0x4980, 0x4c80]);
  });

  it("keeps matrices and constants that were disposed of or given in arrays that changed", () => {
    const test = new ProgramUnderTest();
    const x = test.floats(2);
    const values = Float32Array.of(3, 5);
    const shared = new NativeConstant(values);
    const scale = test.tensor(2);
    const offset = test.constant([1, 2]);
    test.description.constants.push({ tensor: scale, data: shared as never });
    test.output(2, (y) => ({
      op: "affine",
      repeat: 1,
      round: null,
      x,
      y,
      scale,
      offset,
      outer: 1,
      channels: 2,
      inner: 1,
    }));
    const program = new NativeProgram(test.description);
    expect(shared.memoryUsage()).toBeGreaterThanOrEqual(8);
    values.fill(0);
    for (const { data } of test.description.constants.slice(0, 1)) data.fill(0);
    shared.dispose();
    shared.dispose();
    expect(shared.memoryUsage()).toBe(0);
    const outputs = test.outputs(1);
    program.run(1, [Float32Array.of(1, 1)], outputs);
    expect([...(outputs[0] ?? [])]).toEqual([4, 7]);
    expect(program.memoryUsage()).toBeGreaterThanOrEqual(16);
    expectError(() => new NativeProgram(test.description), "ERR_DISPOSED", /NativeConstant is disposed/);
  });

  it("reports an index that an embedding does not have", async () => {
    const test = everyInstruction();
    const program = new NativeProgram(test.description);
    const inputs = [...test.inputs];
    inputs[2] = Int32Array.of(0, 0, 0, 3, 0, 0);
    const message = /indices from -3 to 2 for the layer `e` but received 3 at row 1, position 1/;
    expectError(() => program.run(ROWS, inputs, test.outputs()), "ERR_ARGUMENT", message);
    await expectRejection(() => program.runAsync(1, ROWS, inputs, test.outputs()), "ERR_ARGUMENT", message);
  });

  it("stops when it is cancelled, between instructions and within a GRU", async () => {
    const test = new ProgramUnderTest();
    const x = test.tensor(4 * 200_000);
    test.description.inputs.push({ tensor: x, dtype: "float32" });
    test.output(32, (y) => ({
      op: "gru",
      repeat: 1,
      x,
      steps: 200_000,
      layers: [
        {
          merge: null,
          halves: [
            {
              gru: nativeGru(4, 32),
              goBackwards: false,
              zeroOutputForMask: false,
              cudnn: false,
              initialState: null,
              state: null,
            },
          ],
        },
      ],
      returnSequences: false,
      outputs: [y],
      mask: null,
      allowTf32: false,
    }));
    const program = new NativeProgram(test.description);
    const promise = program.runAsync(7, 1, [new Float32Array(4 * 200_000)], test.outputs(1));
    setTimeout(() => native().cancel(7), 20);
    await expectRejection(() => promise, "ERR_ABORTED");
  });

  it("holds its arrays while it runs, whatever becomes of the caller's lists", async () => {
    const test = dense();
    const program = new NativeProgram(test.description);
    const inputs: NativePortArray[] = [Float32Array.of(1, 2)];
    const outputs = test.outputs(1);
    const [output] = outputs;
    const promise = program.runAsync(3, 1, inputs, outputs);
    inputs.length = 0;
    outputs.length = 0;
    program.dispose();
    await promise;
    expect([...(output ?? [])]).toEqual([11, 22]);
  });

  it("refuses calls when it is disposed of, and reports no memory then", async () => {
    const test = dense();
    const program = new NativeProgram(test.description);
    program.dispose();
    program.dispose();
    expectError(() => program.run(1, [new Float32Array(2)], test.outputs(1)), "ERR_DISPOSED", /program is disposed/);
    expectError(() => void program.runAsync(1, 1, [new Float32Array(2)], test.outputs(1)), "ERR_DISPOSED");
    expect([program.memoryUsage(), program.rowBytes()]).toEqual([0, 0]);
  });

  it("checks the number, the kind and the length of every array", () => {
    const test = dense();
    const program = new NativeProgram(test.description);
    const input = new Float32Array(2 * ROWS);
    const output = new Float32Array(2 * ROWS);
    const refused = (
      rows: unknown,
      inputs: unknown,
      outputs: unknown,
      code: "ERR_ARGUMENT" | "ERR_SHAPE" | "ERR_DTYPE",
    ) =>
      expectError(
        () => program.run(rows as number, inputs as never, outputs as never),
        code,
        /native argument|`inputs`/,
      );
    refused(ROWS, [], [output], "ERR_ARGUMENT");
    refused(ROWS, [input, input], [output], "ERR_ARGUMENT");
    refused(ROWS, [input], undefined, "ERR_ARGUMENT");
    refused(ROWS, input, [output], "ERR_ARGUMENT");
    refused(ROWS, [input.subarray(1)], [output], "ERR_SHAPE");
    refused(ROWS, [input], [output.subarray(1)], "ERR_SHAPE");
    refused(ROWS, [new Float64Array(20)], [output], "ERR_DTYPE");
    refused(ROWS, [input], [new Int32Array(20)], "ERR_DTYPE");
    refused(ROWS, [[1, 2]], [output], "ERR_DTYPE");
    refused(-1, [input], [output], "ERR_ARGUMENT");
    refused(1.5, [input], [output], "ERR_ARGUMENT");
    refused("1", [input], [output], "ERR_ARGUMENT");
    refused(2 ** 50, [input], [output], "ERR_SHAPE");
    structuredClone(output.buffer, { transfer: [output.buffer] });
    refused(ROWS, [input], [output], "ERR_SHAPE");
    program.run(0, [input], [output]);
  });

  it("cannot be made without `new` or of other values, and its methods are for its own objects", () => {
    const test = dense();
    const program = new NativeProgram(test.description);
    for (const Class of [NativeProgram, NativeMatrix, NativeConstant]) {
      expectError(() => (Class as unknown as () => void)(), "ERR_ARGUMENT", /with `new`/);
      for (const value of [undefined, null, 1, {}, [], new Float32Array(2)]) {
        if (Class === NativeConstant && ArrayBuffer.isView(value)) continue;
        expect(() => new (Class as new (value: unknown) => unknown)(value)).toThrowError(GRU_ERROR);
      }
    }
    // Node refuses them before the addon does.
    for (const other of [{}, new NativeConstant(new Float32Array(1))]) {
      expect(() => program.run.call(other as never, 1, [], [])).toThrow(TypeError);
    }
  });
});

describe("every field of every instruction", () => {
  const { NativeProgram } = native();
  const names = [...new Set(everyInstruction().description.instructions.map(({ op }) => op))];

  /** Returns the description with a field of the instruction `op` replaced. */
  function changed(op: string, field: string, value: unknown) {
    const { description } = everyInstruction();
    description.instructions = description.instructions.map((instruction) =>
      instruction.op === op ? ({ ...instruction, [field]: value } as NativeInstruction) : instruction,
    );
    return description;
  }

  it.each(names)("of %s is checked", (op) => {
    const instruction = everyInstruction().description.instructions.find((one) => one.op === op) as NativeInstruction;
    for (const [field, value] of Object.entries(instruction)) {
      const nullable = /^(round|activation|bias|scale|offset|mask)$/.test(field);
      for (const wrong of [undefined, null, {}, [{}], [[1]], "?", Number.NaN, -1, 0.5, 2 ** 60, Symbol("s")]) {
        if (nullable && (wrong === undefined || wrong === null)) continue;
        if (typeof value === "number" && /^(value|epsilon|scale)$/.test(field) && typeof wrong === "number") continue;
        if (field === "name" && typeof wrong === "string") continue;
        // A list may hold what the wrong value is, such as an integer.
        const make = () => new NativeProgram(changed(op, field, wrong));
        expect(make, `${field}: ${String(wrong)}`).toThrowError(GRU_ERROR);
      }
    }
  });
});
