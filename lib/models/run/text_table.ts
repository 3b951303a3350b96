/** Returns rows of columns as lines. The last column is aligned to the right, the others to the left. */
export function textTable(rows: readonly (readonly string[])[]): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => (row[at] as string).length)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === columns - 1 ? cell.padStart(widths[at] as number) : cell.padEnd(widths[at] as number)))
      .join("  ")
      .trimEnd(),
  );
}
