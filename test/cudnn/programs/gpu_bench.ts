// The benchmark on a GPU, as its own program, with this one's arguments.
await import("../../../bench/gpu/main.mjs" as string);
