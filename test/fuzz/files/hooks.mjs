const SUBSTITUTE = new URL("./in_process_worker.mjs", import.meta.url);

/** Gives the package's file readers the substitute of `node:worker_threads`; each worker, named by its query, one of its own. */
export function resolve(specifier, context, nextResolve) {
  if (/^(node:)?worker_threads$/.test(specifier) && /\/dist\/formats\//.test(context.parentURL ?? "")) {
    const url = new URL(SUBSTITUTE);
    url.search = new URL(context.parentURL).search;
    return { url: url.href, shortCircuit: true };
  }
  return nextResolve(specifier, context);
}
