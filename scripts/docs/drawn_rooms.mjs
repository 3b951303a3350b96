// Compares the rooms in docs/architecture.svg with the folders of lib/ and native/.
import { posix } from "node:path";

/** The folders of lib/ and native/ that directly hold source files. */
export function roomsOf(files) {
  const sources = files.filter((file) => /^(lib|native)\/.*\.(ts|cc|h|inc)$/.test(file));
  return [...new Set(sources.map((file) => posix.dirname(file)))].sort();
}

/** The rooms that a picture shows: elements with the attribute `data-room`. */
export function drawnRooms(svg) {
  return [...svg.matchAll(/\bdata-room="([^"]*)"/g)].map(([, room]) => room).sort();
}

/** Returns the problems of the picture `svg` of a repository that has `files`, as sentences. */
export function roomProblems(svg, files) {
  const rooms = roomsOf(files);
  const drawn = drawnRooms(svg);
  const advice = "change scripts/docs/rooms.mjs, then run node scripts/draw-architecture.mjs";
  return [
    ...rooms.filter((room) => !drawn.includes(room)).map((room) => `docs/architecture.svg lacks ${room}/: ${advice}`),
    ...drawn
      .filter((room) => !rooms.includes(room))
      .map((room) => `docs/architecture.svg shows ${room}/, which holds no source file: ${advice}`),
    ...drawn
      .filter((room, at) => drawn.indexOf(room) !== at)
      .map((room) => `docs/architecture.svg shows ${room}/ twice: ${advice}`),
  ];
}
