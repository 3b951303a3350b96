import { loadKerasModel } from "cudnn-gru/models";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { type GoldenModel, goldenModels } from "../golden/models/models.js";

// biome-ignore lint/suspicious/noExplicitAny: tests change any part of a model's config
export type Json = any;

const all = goldenModels();

/** The golden model of this name. */
export function golden(name: string): GoldenModel {
  const found = all.find((model) => model.name === name);
  if (found === undefined) throw new Error(`There is no golden model ${name}.`);
  return found;
}

/** Returns a `.keras` file whose config `change` has changed. */
export function edited({ bytes }: GoldenModel, change: (config: Json) => void): Uint8Array {
  const entries = unzipSync(bytes);
  const config = JSON.parse(strFromU8(entries["config.json"] as Uint8Array));
  change(config);
  return zipSync({ ...entries, "config.json": strToU8(JSON.stringify(config)) });
}

/** Makes the layers of a Keras class in `config` layers of the package `mine`, whose weights have the same places. */
export function asMine(config: Json, className: string): void {
  for (const layer of config.config.layers) {
    if (layer.class_name !== className) continue;
    layer.module = "mine";
    layer.registered_name = `mine>${className}`;
  }
}

export { loadKerasModel };
