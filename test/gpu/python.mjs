// The cuDNN of the Python that PyTorch is measured with, so that both are measured with the same one.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const PROGRAM = `
import importlib.util
found = importlib.util.find_spec("nvidia.cudnn")
print("\\n".join(found.submodule_search_locations) if found else "")
`;

/** The folder of libcudnn_adv.so.9 that this Python's packages hold; null without one. Which Python was asked, too. */
export function pythonCudnn() {
  const python = process.env.CUDNN_GRU_PYTHON || "python3";
  const { stdout } = spawnSync(python, ["-c", PROGRAM], { encoding: "utf8", timeout: 30_000 });
  const folders = (stdout ?? "").split("\n").map((package_) => join(package_, "lib"));
  return { python, cudnn: folders.find((folder) => existsSync(join(folder, "libcudnn_adv.so.9"))) ?? null };
}
