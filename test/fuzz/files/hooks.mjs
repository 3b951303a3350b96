const SUBSTITUTE = new URL("./in_process_worker.mjs", import.meta.url);

/** Resolves `node:worker_threads` to the substitute for the package's file readers. Each worker, named by its query, has its own. */
export function resolve(specifier, context, nextResolve) {
  if (/^(node:)?worker_threads$/.test(specifier) && /\/dist\/formats\//.test(context.parentURL ?? "")) {
    const url = new URL(SUBSTITUTE);
    url.search = new URL(context.parentURL).search;
    return { url: url.href, shortCircuit: true };
  }
  return nextResolve(specifier, context);
}
