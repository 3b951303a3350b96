/**
 * The circles of a graph, each once, as the list of its nodes. `edges` gives for each node the nodes it leads to; what
 * is no node of `edges` is passed over.
 */
export function circlesOf(edges) {
  const circles = [];
  const done = new Set();
  const path = [];
  const visit = (node) => {
    const at = path.indexOf(node);
    if (at >= 0) circles.push(path.slice(at));
    if (at >= 0 || done.has(node) || !edges.has(node)) return;
    path.push(node);
    for (const next of edges.get(node)) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of edges.keys()) visit(node);
  return circles;
}
