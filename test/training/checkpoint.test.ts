import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { optimizers, Variable } from "cudnn-gru";
import { afterAll, describe, expect, it } from "vitest";
import { decodeSafetensors } from "../../dist/formats/safetensors/safetensors.js";
import { expectRejection, layer } from "../layers/support.js";
import { gradients, OPTIMIZERS, stateOf, variables } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "optimizers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

describe.each(Object.entries(OPTIMIZERS))("%s", (name, make) => {
  it.each(["float32", "float64"] as const)("goes on bit for bit from what it saved, in %s", async (dtype) => {
    const path = at(`${name}.${dtype}`);
    const [first, weights] = [make(), variables(dtype)];
    for (let step = 1; step <= 4; step++) first.apply(gradients(step, dtype), weights);
    if (name !== "scheduled") first.learning_rate = 0.037;
    const saved = first.save(path);
    // The file has the state of the moment of the call.
    const copies = weights.map(({ value }) => value);
    for (let step = 5; step <= 9; step++) first.apply(gradients(step, dtype), weights);
    await saved;
    const [second, others] = [make(), variables(dtype)];
    second.build(others);
    await second.load(path);
    for (const [index, variable] of others.entries()) variable.assign(copies[index] as (typeof copies)[0]);
    if (name !== "scheduled") expect(second.learning_rate).toBe(Math.fround(0.037));
    for (let step = 5; step <= 9; step++) second.apply(gradients(step, dtype), others);
    const { config: _one, ...after } = stateOf(first, weights) as Record<string, unknown>;
    const { config: _two, ...resumed } = stateOf(second, others) as Record<string, unknown>;
    expect(resumed).toEqual(after);
  });
});

describe("the file", () => {
  it("is safetensors, with numbers and names that say what they are, the same each time", async () => {
    const inner_optimizer = new optimizers.Adam({ name: "adam", learning_rate: 0.5 });
    const made = new optimizers.LossScaleOptimizer({ inner_optimizer, name: "scaled" });
    made.apply(gradients(1), variables());
    await made.save(at("once"));
    await made.save(at("twice"));
    expect(readFileSync(at("twice"))).toEqual(readFileSync(at("once")));
    const { tensors, metadata } = decodeSafetensors(readFileSync(at("once")));
    expect([...tensors.keys()].sort()).toEqual(
      ["dynamic_scale", "iteration", "learning_rate", "step_counter"]
        .concat(
          [0, 1, 2].flatMap((index) => [`momentum/${index}`]),
          [0, 1, 2].flatMap((index) => [`velocity/${index}`]),
        )
        .sort(),
    );
    expect(tensors.get("iteration")).toEqual({ dtype: "I64", shape: [], data: BigInt64Array.of(1n) });
    expect(tensors.get("learning_rate")).toEqual({ dtype: "F32", shape: [], data: Float32Array.of(0.5) });
    expect(tensors.get("momentum/0")).toMatchObject({ dtype: "F32", shape: [3, 5] });
    expect(metadata.get("kind")).toBe("LossScaleOptimizer around Adam");
    expect(JSON.parse(metadata.get("optimizer") as string)).toEqual(made.serialize());
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("holds 16-bit slots", async () => {
    const weights = [new Variable([1, 2, 3], { dtype: "bfloat16" })];
    const [one, two] = [new optimizers.SGD({ momentum: 0.5 }), new optimizers.SGD({ momentum: 0.5 })];
    one.apply([[1, 2, 3]], weights);
    await one.save(at("sixteen"));
    two.build(weights);
    await two.load(at("sixteen"));
    expect(two.variables[0]?.value).toEqual(one.variables[0]?.value);
  });
});

describe("load refuses, and leaves the optimizer as it was,", () => {
  const weights = variables();
  const make = () => new optimizers.SGD({ momentum: 0.9, learning_rate: 0.25 });
  const built = () => {
    const made = make();
    made.apply(gradients(1), weights);
    return made;
  };

  async function refused(path: string, code: Parameters<typeof expectRejection>[1], message: string) {
    const made = built();
    const before = stateOf(made, weights);
    expect((await expectRejection(() => made.load(path), code)).message).toContain(message);
    expect(stateOf(made, weights)).toEqual(before);
  }

  it("an optimizer that is not built, for save too", async () => {
    await expectRejection(() => make().load(at("nothing")), "ERR_NOT_BUILT");
    await expectRejection(() => make().save(at("nothing")), "ERR_NOT_BUILT");
  });

  it("paths that are none", async () => {
    for (const path of ["", 1, null])
      await expectRejection(() => built().load(path as never), "ERR_ARGUMENT", "`source`");
    await expectRejection(() => built().save(undefined as never), "ERR_ARGUMENT", "`path`");
    await refused(at("no/such"), "ERR_ARGUMENT", "no/such");
    await expectRejection(() => built().save(at("no/such")), "ERR_ARGUMENT", "no/such");
  });

  it("files of other variables", async () => {
    const others = [new Variable([[1, 2, 3, 4, 5]]), ...variables().slice(1)];
    const other = make();
    other.build(others);
    await other.save(at("shape"));
    await refused(at("shape"), "ERR_SHAPE", "Expected shape [3, 5] for `momentum/0 of the file (");
    const wide = make();
    wide.build(variables("float64"));
    await wide.save(at("wide"));
    await refused(at("wide"), "ERR_DTYPE", "F32");
    const fewer = make();
    fewer.build(variables().slice(1));
    await fewer.save(at("fewer"));
    await refused(at("fewer"), "ERR_ARGUMENT", "one without momentum/2");
    const more = make();
    more.build([...variables(), new Variable([1])]);
    await more.save(at("more"));
    await refused(at("more"), "ERR_ARGUMENT", "one with momentum/3");
  });

  it("files of other optimizers", async () => {
    const adam = new optimizers.Adam();
    adam.build(variables());
    await adam.save(at("adam"));
    await refused(at("adam"), "ERR_ARGUMENT", "Expected the state of SGD for `source` but received that of Adam");
    const plain = new optimizers.SGD();
    plain.build(variables());
    await plain.save(at("plain"));
    await refused(at("plain"), "ERR_ARGUMENT", "one without momentum/0");
  });

  it("damaged and foreign files", async () => {
    const made = built();
    await made.save(at("whole"));
    const whole = readFileSync(at("whole"));
    writeFileSync(at("cut"), whole.subarray(0, whole.length - 3));
    await refused(at("cut"), "ERR_FILE_FORMAT", "cut");
    writeFileSync(at("text"), "no optimizer at all");
    await refused(at("text"), "ERR_FILE_FORMAT", "text");
    using gru = layer(2, 3);
    await gru.saveWeights(at("layer.safetensors"));
    await refused(at("layer.safetensors"), "ERR_FILE_FORMAT", "a file that optimizer.save wrote");
    const place = whole.indexOf(Buffer.from(Float32Array.of(0.25).buffer));
    const spoiled = Buffer.from(whole);
    new Uint8Array(Float32Array.of(Number.NaN).buffer).forEach((byte, index) => {
      spoiled[place + index] = byte;
    });
    writeFileSync(at("spoiled"), spoiled);
    await refused(at("spoiled"), "ERR_FILE_FORMAT", "an impossible learning_rate");
  });
});
