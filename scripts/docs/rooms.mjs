// The rooms of lib/ and native/ as docs/architecture.svg shows them: this table is the one place to change when a folder
// comes, goes or moves. `node scripts/draw-architecture.mjs` then draws the picture again.

/**
 * The two halves, top to bottom. `rows` are drawn in order, and imports and includes point only downwards, from a row to
 * rows below it. A room has the path of its folder, a few words, and `hops`, the numbers in `life` of what happens there.
 * `rows` inside a room are its own rooms; `also` are rooms that are named in its text; `share` is its part of the width.
 */
export const halves = [
  {
    path: "lib",
    title: "TypeScript, compiled to dist/",
    rows: [
      [
        { path: "lib/cli", about: "the command line" },
        {
          path: "lib/interop/tfjs",
          name: "interop/tfjs/",
          about: "the layer for tfjs",
          rows: [
            [
              {
                path: "lib/interop/tfjs/keras_file",
                about: "kerasFile",
                rows: [[{ path: "lib/interop/tfjs/keras_file/rules", about: "which layers are equal?" }]],
              },
            ],
          ],
        },
      ],
      [{ path: "lib", name: "index.ts", about: "everything that users import" }],
      [
        { path: "lib/training", about: "optimizers", also: ["lib/training/public"], share: 3 },
        { path: "lib/serving", about: "batches of requests", share: 2.2 },
      ],
      [
        {
          path: "lib/models",
          about: "whole Keras models",
          rows: [
            [
              {
                path: "lib/models/export",
                about: "to other formats",
                rows: [[{ path: "lib/models/export/keras2", about: "Keras 2's models as Keras 3's" }]],
              },
            ],
            [
              { path: "lib/models/run", about: "predict", share: 3 },
              { path: "lib/models/layers", about: "Keras's layers", share: 4 },
              { path: "lib/models/operations", about: "operations", share: 4 },
            ],
            [
              { path: "lib/models/emit", about: "", share: 2 },
              { path: "lib/models/compile", about: "programs", share: 4 },
              { path: "lib/models/graph", about: "from files", share: 4 },
            ],
          ],
        },
      ],
      [
        {
          path: "lib/layers",
          about: "the GRU class: a table of contents for its rooms",
          hops: [1],
          rows: [
            [{ path: "lib/layers/composite", about: "several layers as one call: Bidirectional, GRUStack" }],
            [
              { path: "lib/layers/async", about: "limit, order, abort", share: 3 },
              { path: "lib/layers/gradients", about: "passes, losses", share: 3 },
            ],
            [
              { path: "lib/layers/call", about: "one call", hops: [3, 8], share: 3 },
              { path: "lib/layers/state", about: "state, stream", share: 3 },
              { path: "lib/layers/weights", about: "load, save", share: 3 },
            ],
          ],
        },
      ],
      [
        { path: "lib/backend", about: "which path computes?", hops: [3] },
        { path: "lib/variables", about: "weights and their versions" },
      ],
      [
        { path: "lib/arguments", about: "validation", hops: [2], share: 13 },
        {
          path: "lib/formats",
          about: "model files",
          share: 20,
          rows: [
            [
              { path: "lib/formats/keras_files", about: "", share: 9 },
              { path: "lib/formats/hdf5", about: "", share: 6 },
              { path: "lib/formats/safetensors", about: "", share: 9 },
            ],
          ],
        },
      ],
      [
        { path: "lib/keras", about: "vocabularies", also: ["lib/keras/public"], share: 3 },
        { path: "lib/tensor", about: "Tensor and its text", share: 2.2 },
      ],
      [{ path: "lib/options", about: "reads an object of named arguments" }],
      [{ path: "lib/native", about: "types of the addon; the only code that loads it", hops: [4] }],
      [{ path: "lib/errors", about: "GRUError and its one message shape" }],
    ],
  },
  {
    path: "native",
    title: "C++17, one addon with and without a GPU",
    rows: [
      [{ path: "native/addon", about: "Node-API glue, the only code that includes napi.h", hops: [5] }],
      [
        {
          path: "native/model",
          about: "whole models: instructions, memory, threads",
          rows: [[{ path: "native/model/instructions", about: "one file for each" }]],
        },
      ],
      [
        {
          path: "native/cpu",
          about: "for the CPU",
          share: 11,
          rows: [
            [
              { path: "native/cpu/backward", about: "gradients" },
              { path: "native/cpu/stack", about: "many layers" },
            ],
            [{ path: "native/cpu/forward", about: "the loop over time", hops: [7] }],
            [{ path: "native/cpu/reference", about: "slow and obvious, for tests" }],
            [{ path: "native/cpu/initializers", about: "orthogonal matrices" }],
            [
              { path: "native/cpu/weights", about: "packed" },
              { path: "native/cpu/activations", about: "by row" },
            ],
            [{ path: "native/cpu/dispatch", about: "which instruction set?" }],
            [{ path: "native/cpu/kernels", about: "one body, one unit for each set" }],
          ],
        },
        {
          path: "native/cudnn",
          about: "for cuDNN",
          share: 7,
          hops: [7],
          rows: [[{ path: "native/cudnn/stack", about: "layers in one" }]],
          notes: [
            "libraries opened at run time",
            "no SDK at build time",
            "devices and their memory",
            "the choice of algorithm",
            "descriptors, kept for later",
            "forward and backward calls",
            "a self-check before first use",
          ],
        },
      ],
      [{ path: "native/core", about: "the backend seam, the call, threads, memory", hops: [6] }],
    ],
  },
];

/** The life of one call. The number of a hop is its place in this list, and stands on the rooms where it happens. */
export const life = [
  [
    "gru.call(inputs, options)",
    "The layer refuses a call after dispose(), or from inside its own activation, regularizer or initializer.",
  ],
  ["The arguments are read", "Kinds, shapes and values of inputs, mask, lengths and state are checked once, here."],
  [
    "The call is prepared",
    "prepareCall chooses the path, builds the layer if need be, and draws dropout masks. It returns one value that nothing changes.",
  ],
  [
    "The addon is called",
    "Weights that changed are packed. One place states the order of the arguments. Typed arrays cross without a copy.",
  ],
  ["Memory safety", "The addon checks kinds and lengths of the arrays again, and products that overflow."],
  [
    "The backend",
    "A flag of the call picks the path, and nothing asks afterwards which one it is. One file of the addon knows both.",
  ],
  [
    "The computation",
    "CPU: the time loop, with kernels for this CPU and a team of threads. cuDNN: copy to the device, cudnnRNNForward, copy back.",
  ],
  ["The result", "Losses are computed, then tensors are made. Only then does the carried state change."],
];

/** Which threads compute. */
export const threads = [
  ["call", "All hops are on the JavaScript thread. In hop 7 a large call has a team of helpers."],
  [
    "callAsync",
    "Mask, lengths and state are copied in hop 2, inputs in hop 3. Hop 7 is on a thread of the executor, hop 8 is on the JavaScript thread again.",
  ],
  ["The executor", "It computes asynchronous calls in the order in which they came. It is not libuv's pool."],
  [
    "The team",
    "It helps one call at a time, an asynchronous one only if no other call runs or waits. Each helper takes rows of the batch, or units of the layer.",
  ],
];
