/** How often a line is printed where the output is a file or a pipe, and how often the line of a terminal changes. */
const PLAIN_MS = 5000;
const TERMINAL_MS = 250;

/**
 * Reads one line of a build's output. Returns `{ file, files }` for ninja's counter, `{ percent }` for that of CMake's
 * makefiles, `{ started: true }` where node-gyp's makefile begins to compile a file, and null for any other line.
 */
export function positionIn(line) {
  const counter = /^\[(\d+)\/(\d+)\] /.exec(line);
  if (counter) return { file: Number(counter[1]), files: Number(counter[2]) };
  const share = /^\[ *(\d+)%\] /.exec(line);
  if (share) return { percent: Number(share[1]) };
  return /^ +C(XX|C)\(target\) /.test(line) ? { started: true } : null;
}

/** Counts the files that the output of `make --dry-run` would compile. */
export function filesToCompile(output) {
  return output.match(/ C(XX|C)\(target\) /g)?.length ?? 0;
}

/**
 * Says how far a build is, from its output. `label` begins each line. `files` is the number of files to compile, or 0 if
 * it is not known. On a terminal one line changes in place; elsewhere there is a new line every few seconds, and none
 * for a build that takes less.
 *
 * @param {string} label
 * @param {{ files?: number, stream?: { isTTY?: boolean, write(text: string): unknown }, clock?: () => number }} options
 */
export function newProgress(label, { files = 0, stream = process.stderr, clock = () => performance.now() } = {}) {
  const start = clock();
  const interval = stream.isTTY ? TERMINAL_MS : PLAIN_MS;
  // A terminal shows the first file at once.
  let shown = stream.isTTY ? Number.NEGATIVE_INFINITY : start;
  let written = false;
  let started = 0;
  let last = null;

  const textOf = (position) => {
    const seconds = Math.round((clock() - start) / 1000);
    if (position.percent !== undefined) return `${label}: ${position.percent} %, ${seconds} s`;
    const of = position.files > 0 ? ` of ${position.files}` : "";
    return `${label}: file ${position.file}${of}, ${seconds} s`;
  };
  const show = () => {
    if (!last || clock() - shown < interval) return;
    shown = clock();
    written = true;
    stream.write(stream.isTTY ? `\r\x1b[K${textOf(last)}` : `${textOf(last)}\n`);
  };
  return {
    /** Takes the next line of the output. */
    line(text) {
      const position = positionIn(text);
      if (!position) return;
      if (position.started) started += 1;
      last = position.started ? { file: started, files } : position;
      show();
    },
    /** Says again how far the build is, with the time that has passed: one file may take a minute. */
    tick: show,
    /** Ends the line of a terminal. Returns the number of seconds that have passed. */
    end() {
      if (written && stream.isTTY) stream.write("\r\x1b[K");
      return Math.round((clock() - start) / 1000);
    },
  };
}
