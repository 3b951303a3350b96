/**
 * Returns the circles of a graph, each once, as a list of nodes. `edges` maps each node to the nodes that it leads to. A
 * target that is not a node of `edges` is ignored.
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
