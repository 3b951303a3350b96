import type { WeightData } from "../../formats/keras_files/gru_variables.js";
import type { WeightGroup } from "../../formats/keras_files/weight_groups.js";
import type { SafetensorsTensor } from "../../formats/safetensors/safetensors.js";
import { unsupported } from "../graph/entry.js";
import type { Layer } from "../layers/layer.js";
import type { WeightSlot } from "../layers/weight_slot.js";

/** Returns the weights of all layers in the groups of a Keras 3 weights file. Throws `ERR_UNSUPPORTED`. */
export function weightGroups(model: Layer): WeightGroup[] {
  return model.all().flatMap((layer) => {
    const { place, name } = layer.entry;
    return [...new Set(layer.slots.map(({ group }) => group))].map((group) => ({
      path: [place.group, group].filter((part) => part !== "").join("/"),
      name,
      weights: layer.slots.filter((slot) => slot.group === group).map((slot) => weightOf(layer, slot)),
    }));
  });
}

/** Returns the weights of all layers by the layer's path and the weight's Keras name, such as `encoder/gru/kernel`. */
export function namedTensors(model: Layer): [name: string, tensor: SafetensorsTensor][] {
  const used = new Set<string>();
  return model.all().flatMap((layer) =>
    layer.slots
      .filter(({ isUnused }) => !isUnused)
      .map((slot): [string, SafetensorsTensor] => {
        const { shape, dtype, data } = slot.data;
        const parts = [layer.path, ...slot.group.split("/"), slot.name].filter(
          (part) => part !== "" && part !== "cell",
        );
        const plain = parts.join("/");
        let name = plain;
        for (let number = 1; used.has(name); number += 1) name = `${plain}_${number}`;
        used.add(name);
        return [name, { shape, dtype: SAFETENSORS_DTYPES[dtype], data } as SafetensorsTensor];
      }),
  );
}

const SAFETENSORS_DTYPES = { float32: "F32", float64: "F64", float16: "F16", bfloat16: "BF16" } as const;

/** Returns the value of a weight. The number of samples that a Normalization was adapted to has no effect. */
function weightOf(layer: Layer, slot: WeightSlot): WeightData {
  if (!slot.isUnused) return slot.data;
  if (slot.name === "count") return { shape: [], dtype: "float32", data: Float32Array.of(0) };
  throw unsupported(layer.entry, `its weight ${slot.name} is only for training and cannot be converted`);
}
