// The rules of #include in native/: which room may use which, and what a kernel unit may see at all.

/**
 * The rooms of native/, lowest first, and what each may include beside itself. A file belongs to the room with the
 * longest name that its path starts with.
 */
const rooms = {
  core: [],
  "cpu/kernels": ["core"],
  "cpu/dispatch": ["core", "cpu/kernels"],
  "cpu/weights": ["core", "cpu/kernels", "cpu/dispatch"],
  "cpu/activations": ["core", "cpu/kernels"],
  "cpu/reference": ["core", "cpu/weights", "cpu/activations"],
  "cpu/initializers": ["core", "cpu/kernels", "cpu/dispatch"],
  "cpu/forward": ["core", "cpu/kernels", "cpu/dispatch", "cpu/weights", "cpu/activations", "cpu/reference"],
  "cpu/backward": ["core", "cpu/kernels", "cpu/dispatch", "cpu/weights", "cpu/activations", "cpu/forward"],
  "cpu/stack": ["core", "cpu/kernels", "cpu/dispatch", "cpu/weights", "cpu/forward"],
  cpu: ["core", "cpu"],
  cudnn: ["core"],
  "cudnn/stack": ["core", "cudnn"],
  model: ["core", "cpu/kernels", "cpu/dispatch", "cpu/activations", "cpu/reference"],
  addon: ["core", "model"],
};

/**
 * Files that may include more than their room, and the headers. The addon computes calls through core/gru_backend.h:
 * backends.cc makes the backends of both paths, and no other file includes headers of both. The other files of the addon
 * serve functions that concern one path alone. The self-checks compare cuDNN with the scalar reference. A backend names
 * the maker of the object that computes whole stacks of its kind.
 */
const exceptions = {
  "native/addon/backends.cc": [
    "cpu/cpu_backend.h",
    "cpu/dispatch/dispatch.h",
    "cpu/weights/weights.h",
    "cudnn/backend_maker.h",
  ],
  "native/addon/cpu_settings.cc": ["cpu/dispatch/dispatch.h"],
  "native/addon/cudnn_info.cc": ["cudnn/cuda_info.h", "cudnn/runtime.h", "cudnn/stage_clock.h"],
  "native/addon/memory_usage.cc": ["cudnn/memory_pool.h"],
  "native/addon/native_matrix.cc": ["cpu/dispatch/dispatch.h"],
  "native/addon/native_program.cc": ["cpu/dispatch/dispatch.h"],
  "native/addon/random.cc": ["cpu/initializers/orthogonal.h"],
  "native/cudnn/cudnn_backend.cc": ["cudnn/stack/cudnn_stack.h"],
  "native/cudnn/self_check.cc": ["cpu/cpu_pass.h", "cpu/weights/weights.h"],
  "native/cudnn/stack/stack_self_check.cc": ["cpu/cpu_backend.h", "cpu/weights/weights.h"],
};

/**
 * All that the files of native/cpu/kernels may include from elsewhere. Each instruction set compiles them with flags of
 * its own, so a header with inline functions (the standard library's are) would give the linker several copies of one
 * function, of which it could keep the one that an older CPU cannot run.
 */
const plainHeaders =
  /^(stddef|stdint|immintrin|emmintrin|arm_neon|core\/activation|core\/half_kernels|core\/portable_math)\.h$/;

/** The room of a path relative to native/; `undefined` outside every room. */
function roomOf(path) {
  return Object.keys(rooms)
    .filter((room) => path.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function mayUse(room, target) {
  return room === target || rooms[room].some((allowed) => target === allowed || target.startsWith(`${allowed}/`));
}

/** What `lines` include: the line number, the name, and whether it is one of ours. */
export function includesOf(lines) {
  return lines.flatMap((line, at) => {
    const match = /^\s*#\s*include\s*([<"])([^>"]+)[>"]/.exec(line);
    return match ? [{ line: at + 1, name: match[2], ours: match[1] === '"' }] : [];
  });
}

/** The problems of one C++ file of native/, whose path is relative to the root. */
export function nativeProblems(file, lines) {
  const room = roomOf(file.slice("native/".length));
  if (room === undefined) return [`${file}: in no room that scripts/layers/native.mjs knows`];
  return includesOf(lines).flatMap(({ line, name }) => {
    if (exceptions[file]?.includes(name)) return [];
    const target = roomOf(name);
    const problems = [];
    if (target !== undefined && !mayUse(room, target)) problems.push(`${room} may not include ${name}`);
    if (/^(napi|node_api|js_native_api)/.test(name) && room !== "addon") {
      problems.push(`only native/addon may include ${name}`);
    }
    if (room === "cpu/kernels" && target !== room && !plainHeaders.test(name)) {
      problems.push(`kernel units include plain headers only, and ${name} is none that is known to be plain`);
    }
    return problems.map((problem) => `${file}:${line}: ${problem}`);
  });
}
