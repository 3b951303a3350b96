import { fileError } from "../file_errors.js";
import type { LegacyLayer, StoredCell } from "../hdf5/outline.js";
import type { ConfigLayer } from "./config_tree.js";

/**
 * Returns the arrays of the GRU `layer`, one of all `layers`, in a legacy file.
 *
 * Keras lists the arrays of a top-level layer in order, all trainable ones before the others, and reads them in that
 * order. The arrays' names are TensorFlow's and may differ from the layers' names. They decide only where the order
 * cannot, which is in a layer that also has cells that are not GRU layers.
 *
 * Keras 1 stored the layers of a Sequential inside another model beside the outer one's layers.
 *
 * @throws GRUError `ERR_FILE_FORMAT` if there are none.
 */
export function legacyCell(
  layer: ConfigLayer,
  layers: readonly ConfigLayer[],
  stored: readonly LegacyLayer[],
): StoredCell {
  const filed = new Map(stored.map((one) => [one.name, one]));
  const depth = Math.max(
    0,
    layer.segments.findIndex(([name]) => filed.has(name!)),
  );
  const top = layer.segments[depth]![0]!;
  const outer = filed.get(top);
  if (!outer) throw fileError(`expected the arrays of layer ${JSON.stringify(top)} but found none`);
  const inside = layers.filter(({ isGru, segments }) => isGru && segments[depth]?.[0] === top);
  const saved = [...inside.filter(({ trainable }) => trainable), ...inside.filter(({ trainable }) => !trainable)];
  if (saved.length === outer.cells.length) return outer.cells[saved.indexOf(layer)]!;
  const named = outer.cells.filter(({ group }) => group.split("/").includes(layer.name));
  if (named.length === 1) return named[0]!;
  const found = `${outer.cells.length} in its arrays`;
  throw fileError(`expected ${saved.length} GRU layers in layer ${JSON.stringify(top)} but found ${found}`);
}
