import type { OpenShape } from "./describe.js";
import { kerasShape } from "./model_text.js";
import { textTable } from "./text_table.js";

/** A layer as the summary shows it. */
interface Line {
  readonly path: string;
  readonly class_name: string;
  readonly output_shapes: readonly OpenShape[];
  readonly params: number;
}

/** Returns the layers of a model as a table. */
export function summaryText(name: string, layers: readonly Line[]): string {
  const rows = layers.map(({ path, class_name, output_shapes, params }) => [
    `${path} (${class_name})`,
    output_shapes.map(kerasShape).join(" ") || "-",
    params.toLocaleString("en-US"),
  ]);
  const lines = textTable([["Layer (class)", "Output shapes", "Parameters"], ...rows]);
  const total = layers.reduce((sum, { params }) => sum + params, 0);
  return [`Model ${JSON.stringify(name)}`, ...lines, `Total: ${total.toLocaleString("en-US")} parameters`].join("\n");
}
