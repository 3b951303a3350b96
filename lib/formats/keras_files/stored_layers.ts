import type { LegacyLayer, StoredCell } from "../hdf5/outline.js";
import type { NamedLayer } from "./config_tree.js";

/** A GRU in a file without a model's config, known by its place and the shapes of its arrays. */
export interface StoredLayer extends NamedLayer {
  readonly cell: StoredCell;
  /** The layer's config, in a safetensors file that `saveWeights` wrote. */
  readonly config?: Record<string, unknown>;
  /** The `reset_after` of the layer, where its weights alone do not show it. */
  readonly resetAfter?: boolean;
}

/**
 * Returns the GRUs of Keras 3's `.weights.h5`. They are found by their groups and by Keras's names where the file has
 * them.
 */
export function weightLayers(cells: readonly StoredCell[]): StoredLayer[] {
  return cells.map((cell) => {
    const all = cell.group.split("/").map((part, index) => ({ part, name: cell.names[index] }));
    // Users name the layer, not the cell inside it.
    const own = all.length > 1 && all.at(-1)!.part === "cell" ? all.slice(0, -1) : all;
    const places = own.filter(({ part }) => part !== "layers" && part !== "_layer_checkpoint_dependencies");
    const note = places.map(({ part, name }) => name ?? part).join("/");
    const label = own.map(({ part }) => part).join("/");
    return {
      segments: places.map(({ part, name }) => (name === undefined ? [part] : [name, part])),
      sharedAt: [],
      className: "GRU",
      isGru: true,
      group: label,
      label,
      note: places.some(({ name }) => name !== undefined) ? note : undefined,
      cell,
    };
  });
}

/**
 * Returns the GRUs of a legacy weights-only file. They are found by the name of their top-level layer. GRUs inside
 * other layers are also found by the names of their arrays.
 */
export function legacyLayers(layers: readonly LegacyLayer[]): StoredLayer[] {
  return layers.flatMap(({ name, arrays, cells }) =>
    cells.map((cell) => {
      const whole = cell.variables.length === arrays;
      const segments = whole ? [[name]] : [[name], ...innerSegments(cell.group, name)];
      const label = segments.map(([first]) => first).join("/");
      return { segments, sharedAt: [], className: "GRU", isGru: true, group: label, label, cell };
    }),
  );
}

/** Returns the layers inside `outer` on the way to the arrays of `group`, such as `both/forward_gru/gru_cell`. */
function innerSegments(group: string, outer: string): string[][] {
  const parts = group.split("/");
  if (parts[0] === outer) parts.shift();
  if (parts.length > 1 && /^(gru_)?cell(_\d+)?$/.test(parts.at(-1)!)) parts.pop();
  return parts.map((part) => {
    const direction = /^(forward|backward)_/.exec(part);
    return direction ? [`${direction[1]}_layer`, part] : [part];
  });
}
