import { type Libc, libcOf } from "./libc.js";

/** A machine, as far as it decides which binary a process can load. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** The C library on Linux; `null` if it is not known, and elsewhere. */
  readonly libc: Libc | null;
}

let machine: Machine | undefined;

/** Returns the machine of this process, which the first call finds out. */
export function thisMachine(): Machine {
  const { platform, arch } = process;
  machine ??= { platform, arch, libc: platform === "linux" ? libcOf(process.execPath) : null };
  return machine;
}

/** Returns the names of the targets whose binaries may work on `machine`, best first. */
export function targetsFor({ platform, arch, libc }: Machine): string[] {
  const name = `${platform}-${arch}`;
  if (platform !== "linux" || libc === "glibc") return [name];
  return libc === "musl" ? [`${name}-musl`] : [name, `${name}-musl`];
}

/** Returns a machine's name for messages, such as "linux-x64 (musl)". */
export function machineText({ platform, arch, libc }: Machine): string {
  const name = `${platform}-${arch}`;
  return platform === "linux" ? `${name} (${libc ?? "unknown C library"})` : name;
}
