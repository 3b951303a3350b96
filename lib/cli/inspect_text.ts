import { kerasShape } from "../models/run/model_text.js";
import { textTable } from "../models/run/text_table.js";
import type { InspectReport } from "./inspect.js";
import type { GruReport } from "./inspect_grus.js";

const count = (value: number) => value.toLocaleString("en-US");

/** Returns the report as lines of text for a person. */
export function inspectText(report: InspectReport): string {
  const { file, name, layers, grus, supported, problem, params, bytes, inputs, outputs } = report;
  const lines = [`${file}${name === null ? "" : `: model ${JSON.stringify(name)}`}`, ""];
  const tensors = (label: string, list: InspectReport["inputs"]) =>
    list.map(({ name: own, shape, dtype }) => `${label.padEnd(8)} ${own}  ${kerasShape(shape)}  ${dtype}`);
  lines.push(...tensors("input", inputs), ...tensors("output", outputs), ...(inputs.length > 0 ? [""] : []));
  lines.push(
    ...textTable([
      ["layer", "class", "output", "parameters"],
      ...layers.map(({ path, class_name, output_shapes, params: own }) => [
        path,
        class_name,
        output_shapes.map(kerasShape).join(" "),
        own === null ? "" : count(own),
      ]),
    ]),
  );
  if (params !== null && bytes !== null) lines.push("", `${count(params)} parameters, ${count(bytes)} bytes`);
  lines.push("", grus.length === 0 ? "No GRU." : `${grus.length} GRU${grus.length === 1 ? "" : "s"}:`);
  lines.push(...grus.flatMap(gruLines));
  lines.push(
    "",
    supported
      ? "cudnn-gru computes this model: loadKerasModel(file), or cudnn-gru predict."
      : "cudnn-gru does not compute this model:",
  );
  if (problem !== null) lines.push(`${problem.code}: ${problem.message}`);
  return `${lines.join("\n")}\n`;
}

function gruLines({ path, kernel, recurrent_kernel, arguments: own, computed_by, why }: GruReport): string[] {
  const shapes = `kernel (${kernel[0] ?? "?"}, ${kernel[1]}), recurrent kernel (${recurrent_kernel.join(", ")})`;
  const given = Object.entries(own).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const where = { cudnn: "runs on the GPU, by cuDNN", cpu: "runs on the CPU" };
  return [
    `- ${path}: ${shapes}`,
    ...(given.length > 0 ? [`  ${given.join(", ")}`] : []),
    `  ${computed_by === null ? "cannot be computed" : `${where[computed_by]} here`}${why.length > 0 ? ", because" : ""}`,
    ...why.map((reason) => `    ${reason}`),
  ];
}
