// A list of layers as Keras code; a test runs it and compares what Keras counts.
import { sources } from "./layers.mjs";

const CLASSES = { conv: "Conv2D", depthwise: "DepthwiseConv2D", max: "MaxPooling2D", average: "AveragePooling2D",
  norm: "BatchNormalization", relu: "ReLU", dropout: "Dropout", flatten: "Flatten", global: "GlobalAveragePooling2D",
  dense: "Dense", add: "Add", concatenate: "Concatenate" };

function parts({ kind, filters, units, size, stride, padding, multiplier = 1, bias }) {
  const pools = kind === "max" || kind === "average";
  return [
    filters ?? units ?? size, ...(filters ? [size] : []), ...(kind === "dropout" ? [0.5] : []),
    ...(stride && stride !== (pools ? size : 1) ? [`strides=${stride}`] : []),
    ...(padding === "same" ? ['padding="same"'] : []),
    ...(multiplier > 1 ? [`depth_multiplier=${multiplier}`] : []),
    ...(bias === false ? ["use_bias=False"] : []),
  ].filter((one) => one !== undefined).join(", ");
}

/** The code; a tensor has the number of its layer, and 0 is the input. */
export function kerasCode({ input, layers }, rows) {
  const taken = layers.flatMap((_, place) => sources(layers, place));
  const loose = layers.map((_, place) => place + 1).filter((number) => !taken.includes(number)).map((number) => `x${number}`);
  const lines = layers.map((layer, place) => {
    const from = sources(layers, place).map((number) => `x${number}`);
    const call = from.length > 1 ? `[${from.join(", ")}]` : from[0];
    return `x${place + 1} = layers.${CLASSES[layer.kind]}(${parts(layer)})(${call})  # ${rows[place].shape.join(" x ")}`;
  });
  const outputs = loose.length > 1 ? `[${loose.join(", ")}]` : loose[0] ?? "x0";
  return ["import keras", "from keras import layers", "", `x0 = keras.Input((${input.join(", ")}))`, ...lines,
    `model = keras.Model(x0, ${outputs})`].join("\n");
}
