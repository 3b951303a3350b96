// Writes docs/architecture.svg, which scripts/docs/rooms.mjs describes.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawArchitecture } from "./docs/architecture_svg.mjs";
import { root } from "./setup/shell.mjs";

writeFileSync(join(root, "docs/architecture.svg"), drawArchitecture());
