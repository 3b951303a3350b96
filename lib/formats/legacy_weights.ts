import type { ConfigLayer } from "./config_tree.js";
import type { LegacyLayer, StoredCell } from "./hdf5_outline.js";
import { kerasOne } from "./legacy_config.js";
import { fileProblem } from "./problem.js";

/**
 * Where a legacy file keeps the arrays of the GRU `layer`, one of all its `layers`.
 *
 * Keras lists the arrays of a top-level layer in order, all trainable ones before the others, and reads them in that
 * order: names are TensorFlow's and may differ from the layers'. They decide only where the order cannot, in a layer
 * with cells that are no GRU layers.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if there are none; `ERR_UNSUPPORTED` if they are those of Keras 1.
 */
export function legacyCell(
  layer: ConfigLayer,
  layers: readonly ConfigLayer[],
  stored: readonly LegacyLayer[],
): StoredCell {
  const top = layer.segments[0]![0]!;
  const outer = stored.find(({ name }) => name === top);
  if (!outer) throw fileProblem(`expected the arrays of layer ${JSON.stringify(top)} but found none`);
  if (outer.arrays === 9 && outer.cells.length === 0) throw kerasOne(layer.label);
  const inside = layers.filter(({ isGru, segments }) => isGru && segments[0]![0] === top);
  const saved = [...inside.filter(({ trainable }) => trainable), ...inside.filter(({ trainable }) => !trainable)];
  if (saved.length === outer.cells.length) return outer.cells[saved.indexOf(layer)]!;
  const named = outer.cells.filter(({ group }) => group.split("/").includes(layer.name));
  if (named.length === 1) return named[0]!;
  const found = `${outer.cells.length} in its arrays`;
  throw fileProblem(`expected ${saved.length} GRU layers in layer ${JSON.stringify(top)} but found ${found}`);
}
