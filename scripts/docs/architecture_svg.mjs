// Draws docs/architecture.svg from the table of rooms.
import { halves, life, threads } from "./rooms.mjs";

const WIDTH = 980;
const CODE = { x: 16, width: 560 };
const LIFE = { x: 600, width: 364 };
const ROW = 30;
const GAP = 8;
const PAD = 10;
const TOP = 52;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** About the width in pixels of text of a system font. */
const widthOf = (text, size = 12) => text.length * size * 0.53;

function checkFits(text, width) {
  if (widthOf(text) > width)
    throw new Error(`docs/architecture.svg: no room for "${text}" in ${Math.round(width)} pixels`);
}

function text(x, y, content, attributes = "") {
  return `<text x="${x}" y="${y}"${attributes && ` ${attributes}`}>${content}</text>`;
}

const bold = (content, attributes = "") => `<tspan class="bold"${attributes}>${escaped(content)}</tspan>`;

/** Circles with the numbers of `hops`, the last at `right`. */
function badges(hops, right, middle) {
  return [...hops].reverse().map((hop, at) => {
    const x = right - at * 22;
    return `<circle class="hop" cx="${x}" cy="${middle}" r="9"/>${text(x, middle + 4, hop, 'class="number"')}`;
  });
}

/** The height of the rooms inside a room, above which its notes do not begin. */
const rowsHeight = ({ rows = [] }) => rows.reduce((sum, row) => sum + rowHeight(row) + GAP, rows.length > 0 ? 2 : 0);
const heightOf = (room) => ROW + rowsHeight(room) + (room.notes ?? []).length * 18;
const rowHeight = (row) => Math.max(...row.map(heightOf));

/** The rooms of `rows`, below each other from `y` on. */
function drawRows(rows, x, y, width) {
  const parts = [];
  let top = y;
  for (const row of rows) {
    const height = rowHeight(row);
    const shares = row.reduce((sum, room) => sum + (room.share ?? 1), 0);
    const free = width - GAP * (row.length - 1);
    let left = x;
    for (const room of row) {
      const part = (free * (room.share ?? 1)) / shares;
      parts.push(...drawRoom(room, Math.round(left), top, Math.round(part), height));
      left += part + GAP;
    }
    top += height + GAP;
  }
  return parts;
}

function drawRoom(room, x, y, width, height) {
  const name = room.name ?? `${room.path.split("/").slice(1).at(-1)}/`;
  const also = room.also?.map((path) => ` ${bold(`${path.split("/").at(-1)}/`, ` data-room="${path}"`)}`) ?? [];
  const about = room.about + (also.length > 0 ? "; exports in" : "");
  const hops = room.hops ?? [];
  checkFits(`${name} ${about}${" public/".repeat(also.length)}`, width - 2 * PAD - hops.length * 22);
  return [
    `<g data-room="${room.path}">`,
    `<rect class="${room.rows ? "group" : "room"}" x="${x}" y="${y}" width="${width}" height="${height}" rx="5"/>`,
    text(x + PAD, y + 20, `${bold(name)} ${escaped(about)}${also.join("")}`),
    ...(room.notes ?? []).map((note, at) =>
      text(x + PAD, y + rowsHeight(room) + 42 + at * 18, escaped(note), 'class="quiet"'),
    ),
    ...badges(hops, x + width - PAD - 6, y + ROW / 2),
    ...(room.rows ? drawRows(room.rows, x + PAD, y + ROW, width - 2 * PAD) : []),
    "</g>",
  ];
}

const halfHeight = (half) => 34 + half.rows.reduce((sum, row) => sum + rowHeight(row) + GAP, 0) + 4;

function drawHalf(half, y) {
  const height = halfHeight(half);
  return [
    `<rect class="half ${half.path}" x="${CODE.x}" y="${y}" width="${CODE.width}" height="${height}" rx="8"/>`,
    text(CODE.x + PAD, y + 22, `${bold(`${half.path}/`)} ${escaped(half.title)}`),
    ...drawRows(half.rows, CODE.x + PAD, y + 34, CODE.width - 2 * PAD),
  ];
}

function arrow(x, from, to, label) {
  return [
    `<path class="arrow" d="M${x} ${from} V${to}" marker-end="url(#tip)"/>`,
    text(x + 10, (from + to) / 2 + 4, label, 'class="quiet"'),
  ];
}

/** `content` in lines of at most `width` pixels. */
function wrapped(content, width) {
  const lines = [""];
  for (const word of content.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (widthOf(longer) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** The column on the right, and how far down it goes. */
function drawLife() {
  const parts = [];
  let y = TOP + 6;
  const paragraph = (heading, content, x) => {
    parts.push(text(x, y + 14, bold(heading)));
    for (const line of wrapped(content, LIFE.x + LIFE.width - x)) {
      y += 16;
      parts.push(text(x, y + 14, escaped(line)));
    }
  };
  life.forEach(([heading, content], at) => {
    if (at > 0) parts.push(`<path class="thread" d="M${LIFE.x + 9} ${y - 10} V${y}"/>`);
    const start = y;
    parts.push(...badges([at + 1], LIFE.x + 9, y + 10));
    paragraph(heading, content, LIFE.x + 30);
    if (at < life.length - 1) parts.push(`<path class="thread" d="M${LIFE.x + 9} ${start + 22} V${y + 18}"/>`);
    y += 28;
  });
  y += 14;
  parts.push(text(LIFE.x, y + 14, bold("On which threads")));
  y += 22;
  for (const [heading, content] of threads) {
    paragraph(heading, content, LIFE.x);
    y += 26;
  }
  return { parts, bottom: y };
}

const STYLE = `
    text { fill: #1f2328; font-size: 12px; }
    .bold { font-weight: 600; }
    .title { font-size: 14px; font-weight: 600; }
    .quiet { fill: #59636e; }
    .page { fill: #ffffff; }
    .half { stroke-width: 1.2; }
    .lib { fill: #ddf4ff; stroke: #0969da; }
    .native { fill: #fff8c5; stroke: #9a6700; }
    .room { fill: #ffffff; stroke: #8c959f; }
    .group { fill: none; stroke: #8c959f; }
    .arrow, .thread { stroke: #59636e; stroke-width: 1.5; fill: none; }
    .tip { fill: #59636e; }
    .hop { fill: #1a7f37; }
    .number { fill: #ffffff; font-weight: 600; text-anchor: middle; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .quiet { fill: #9198a1; }
      .page { fill: #0d1117; }
      .lib { fill: #0c2d4a; stroke: #4493f8; }
      .native { fill: #3a2d0b; stroke: #d29922; }
      .room { fill: #0d1117; stroke: #656c76; }
      .group { stroke: #9198a1; }
      .arrow, .thread { stroke: #9198a1; }
      .tip { fill: #9198a1; }
      .hop { fill: #238636; }
      .number { fill: #ffffff; }
    }`;

/** The text of docs/architecture.svg. */
export function drawArchitecture() {
  const [lib, native] = halves;
  const nativeTop = TOP + halfHeight(lib) + 36;
  const border = TOP + halfHeight(lib);
  const column = drawLife();
  const height = Math.max(nativeTop + halfHeight(native), column.bottom) + 16;
  const parts = [
    text(CODE.x, 24, "Rooms of the code", 'class="title"'),
    text(CODE.x, 42, "Imports and includes point only downwards. Numbers are the hops of a call.", 'class="quiet"'),
    text(LIFE.x, 24, "The life of one call", 'class="title"'),
    ...drawHalf(lib, TOP),
    ...arrow(CODE.x + CODE.width / 2, border + 2, nativeTop - 3, "Node-API: typed arrays and numbers"),
    ...drawHalf(native, nativeTop),
    ...column.parts,
  ];
  return `<!-- Drawn by scripts/draw-architecture.mjs from scripts/docs/rooms.mjs: change that table, and draw again. -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"
     font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">
  <title>The rooms of cudnn-gru's code, and the life of one call</title>
  <desc>On the left the folders of lib/ and native/, from what users import down to the ground floor. On the right the
    hops of one call in their order; their numbers stand on the rooms where they happen.</desc>
  <style>${STYLE}
  </style>
  <defs>
    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">
      <path class="tip" d="M0 0 L10 5 L0 10 z"/>
    </marker>
  </defs>
  <rect class="page" width="${WIDTH}" height="${height}"/>
  ${parts.join("\n  ")}
</svg>
`;
}
