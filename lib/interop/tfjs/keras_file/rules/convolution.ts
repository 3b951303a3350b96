// Convolutions and pooling.

import { refused, shown } from "../refusal.js";
import { lastSize, size } from "./basic.js";
import { DROPS } from "./mask_rule.js";
import {
  type Argument,
  activation,
  activityRegularizer,
  type Config,
  channelsLast,
  type LayerRule,
  legacy,
  named,
  ofWeight,
  only,
  same,
  type Weight,
} from "./rule.js";

const PADDING = 'tfjs has "valid" and "same" only';

/** Padding that tfjs has too. */
const padding = (name: string): Argument => {
  const check = (value: unknown, where: string) => {
    if (value === "valid" || value === "same") return value;
    throw refused(where, `${name} ${shown(value)} is not supported: ${PADDING}`);
  };
  return { tfjs: name, toTfjs: (value, where) => check(value ?? "valid", where), toKeras: check };
};

function convolution(name: string, kernels: readonly string[]): LayerRule {
  return {
    keras: name,
    tfjs: name,
    args: named({
      ...(name === "DepthwiseConv2D" ? {} : { filters: same() }),
      kernel_size: same(),
      strides: same(),
      padding,
      data_format: channelsLast,
      dilation_rate: same(),
      activation: () => activation("activation"),
      use_bias: same(true),
      ...Object.assign({}, ...kernels.map((kernel) => ofWeight(kernel, "GlorotUniform"))),
      ...ofWeight("bias", "Zeros"),
      activity_regularizer: activityRegularizer,
    }),
    masks: DROPS,
    check: strideOrDilation,
  };
}

/** TensorFlow computes no convolution with both. */
function strideOrDilation({ strides, dilation_rate }: Config, where: string): void {
  const some = (value: unknown) => [value].flat().some((item) => typeof item === "number" && item !== 1);
  if (some(strides) && some(dilation_rate)) {
    throw refused(where, `strides ${shown(strides)} with dilation_rate ${shown(dilation_rate)} are not supported`);
  }
}

function kernelSizes(config: Config, rank: number): number[] {
  const { kernel_size } = config;
  return Array.isArray(kernel_size) ? kernel_size.map(size) : new Array<number>(rank).fill(size(kernel_size));
}

function bias({ use_bias }: Config, length: number): Weight[] {
  return use_bias === false ? [] : [{ name: "bias", shape: [length], trainable: true, part: "" }];
}

/** The factor by which the channels grow. */
const depthMultiplier = { depth_multiplier: same(1) };

/** One group of channels. */
const groups = { groups: only([1], "tfjs has convolutions of one group") };

/** Returns a convolution of `rank` dimensions. */
function plainConvolution(name: string, rank: number): LayerRule {
  const rule = convolution(name, ["kernel"]);
  return {
    ...rule,
    args: { ...rule.args, ...named(groups) },
    weights: (config, [input]) => [
      {
        name: "kernel",
        shape: [...kernelSizes(config, rank), lastSize(input), size(config.filters)],
        trainable: true,
        part: "",
      },
      ...bias(config, size(config.filters)),
    ],
  };
}

const transposed: LayerRule = {
  ...convolution("Conv2DTranspose", ["kernel"]),
  args: {
    ...convolution("Conv2DTranspose", ["kernel"]).args,
    ...named({
      dilation_rate: only([[1, 1], 1], "tfjs's layer ignores it"),
      output_padding: only([null], "tfjs's layer ignores it"),
      groups: legacy([1], "tfjs has convolutions of one group"),
    }),
  },
  weights: (config, [input]) => [
    {
      name: "kernel",
      shape: [...kernelSizes(config, 2), size(config.filters), lastSize(input)],
      trainable: true,
      part: "",
    },
    ...bias(config, size(config.filters)),
  ],
};

const separable: LayerRule = {
  ...convolution("SeparableConv2D", ["depthwise", "pointwise"]),
  args: {
    ...convolution("SeparableConv2D", ["depthwise", "pointwise"]).args,
    ...named({ ...depthMultiplier, groups: legacy([1], "tfjs has convolutions of one group") }),
  },
  weights(config, [input]) {
    const channels = lastSize(input);
    const deep = channels * size(config.depth_multiplier ?? 1);
    return [
      {
        name: "depthwise_kernel",
        shape: [...kernelSizes(config, 2), channels, size(config.depth_multiplier ?? 1)],
        trainable: true,
        part: "",
      },
      { name: "pointwise_kernel", shape: [1, 1, deep, size(config.filters)], trainable: true, part: "" },
      ...bias(config, size(config.filters)),
    ];
  },
};

const depthwise: LayerRule = {
  ...convolution("DepthwiseConv2D", ["depthwise"]),
  args: {
    ...convolution("DepthwiseConv2D", ["depthwise"]).args,
    ...named({ ...depthMultiplier, dilation_rate: only([[1, 1], 1], "tfjs's layer ignores it") }),
  },
  weights(config, [input]) {
    const channels = lastSize(input);
    const multiplier = size(config.depth_multiplier ?? 1);
    return [
      { name: "depthwise_kernel", shape: [...kernelSizes(config, 2), channels, multiplier], trainable: true, part: "" },
      ...bias(config, channels * multiplier),
    ];
  },
};

function pooling(name: string): LayerRule {
  const args = named({ pool_size: same(), strides: same(), padding, data_format: channelsLast });
  return { keras: name, tfjs: name, args, masks: DROPS };
}

function globalPooling(name: string): LayerRule {
  const args = named({ data_format: channelsLast, keepdims: only([false], "tfjs drops the dimension") });
  // In Keras the masked timesteps do not count in this average.
  const masks = name === "GlobalAveragePooling1D" ? { ...DROPS, reads: { keras: true, tfjs: false } } : DROPS;
  return { keras: name, tfjs: name, args, masks };
}

function spatial(name: string, args: Parameters<typeof named>[0]): LayerRule {
  return { keras: name, tfjs: name, args: named({ ...args, data_format: channelsLast }), masks: DROPS };
}

/** The rules of these layers. (tfjs has no SeparableConv1D, DepthwiseConv1D, ZeroPadding1D, Cropping1D or UpSampling1D.) */
export const CONVOLUTION_RULES: readonly LayerRule[] = [
  plainConvolution("Conv1D", 1),
  plainConvolution("Conv2D", 2),
  transposed,
  separable,
  depthwise,
  ...["MaxPooling1D", "AveragePooling1D", "MaxPooling2D", "AveragePooling2D"].map(pooling),
  ...["GlobalMaxPooling1D", "GlobalAveragePooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling2D"].map(
    globalPooling,
  ),
  spatial("ZeroPadding2D", { padding: same() }),
  spatial("Cropping2D", { cropping: same() }),
  spatial("UpSampling2D", { size: same(), interpolation: only(["nearest"], "tfjs's other one differs from Keras's") }),
];
