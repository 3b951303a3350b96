import type { Runner } from "./computed.js";
import { inOneCall, runsInOneCall } from "./native_stack.js";
import { oneByOne } from "./one_by_one.js";
import type { PreparedComposite } from "./prepare.js";

/** True when tests have asked for every call to be computed layer by layer. */
let alwaysOneByOne = false;

/**
 * Makes every call of this thread compute layer by layer, until it is called with `false`. It is for tests only, so the
 * package does not export it.
 */
export function computeOneByOne(always: boolean): void {
  alwaysOneByOne = always;
}

/** Returns the way in which a prepared call is computed. Both ways have the same results, bit for bit. */
export function runnerFor(prepared: PreparedComposite): Runner {
  return !alwaysOneByOne && runsInOneCall(prepared) ? inOneCall : oneByOne;
}
