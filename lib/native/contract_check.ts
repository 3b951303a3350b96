import { expectedText } from "../errors/messages.js";
import { PACKAGE_VERSION } from "../package_version.js";
import { ARGUMENTS, CALL_FLAGS } from "./contract.js";
import { INSTRUCTION_NAMES } from "./instruction_names.js";

/** The contract as the addon states it. */
export interface NativeContract {
  /** The version of the package that the binary was built for. Binaries that were built before it was stated have none. */
  readonly version?: string;
  readonly flags: Readonly<Record<string, number>>;
  readonly arguments: Readonly<Record<string, readonly string[]>>;
  /** The instructions of programs, and the functions of some of them. */
  readonly instructions: Readonly<Record<string, readonly string[]>>;
}

/**
 * Throws `ERR_NATIVE_LOAD` for a binary of another version of the package, which would mix up its arguments, and for one
 * whose contract differs from this one although its version is the same. `path` is the path of the binary.
 */
export function requireContract(contract: NativeContract | undefined, path: string): void {
  const difference = versionDifference(contract) ?? contractDifference(contract);
  if (difference === undefined) return;
  throw expectedText("ERR_NATIVE_LOAD", path, `a binary of cudnn-gru ${PACKAGE_VERSION}`, difference, {
    remedy: "Install cudnn-gru again, or build the binary of this version.",
  });
}

function versionDifference(contract: NativeContract | undefined): string | undefined {
  if (contract?.version === PACKAGE_VERSION) return undefined;
  return contract?.version === undefined ? "one that does not state its version" : `one of ${contract.version}`;
}

function contractDifference(contract: NativeContract | undefined): string | undefined {
  const own = linesOf({ flags: CALL_FLAGS, arguments: ARGUMENTS, instructions: INSTRUCTION_NAMES });
  const given = contract === undefined ? [] : linesOf(contract);
  const differing = own.find((line) => !given.includes(line)) ?? given.find((line) => !own.includes(line));
  return differing === undefined ? undefined : `one of that version which disagrees with it about ${differing}`;
}

function linesOf({ flags, arguments: functions, instructions }: NativeContract): string[] {
  return [
    ...Object.entries(flags).map(([name, bit]) => `the flag ${name} = ${bit}`),
    ...Object.entries(functions).map(([name, names]) => `${name}(${names.join(", ")})`),
    ...Object.entries(instructions).flatMap(([field, names]) =>
      names.map((name) => `the instruction's ${field} ${name}`),
    ),
  ];
}
