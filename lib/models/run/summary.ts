import type { OpenShape } from "./describe.js";

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
    output_shapes.map((shape) => `[${shape.join(", ")}]`.replace(/\b(?=,|\])(?<=\[|, )/g, "null")).join(" ") || "-",
    params.toLocaleString("en-US"),
  ]);
  const table = [["Layer (class)", "Output shapes", "Parameters"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] as string).length)));
  const lines = table.map(([layer, shapes, params]) => {
    return `${(layer as string).padEnd(widths[0] as number)}  ${(shapes as string).padEnd(widths[1] as number)}  ${(params as string).padStart(widths[2] as number)}`;
  });
  const total = layers.reduce((sum, { params }) => sum + params, 0);
  return [`Model ${JSON.stringify(name)}`, ...lines, `Total: ${total.toLocaleString("en-US")} parameters`].join("\n");
}
