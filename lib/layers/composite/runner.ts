import type { Runner } from "./computed.js";
import { oneByOne } from "./one_by_one.js";
import type { PreparedComposite } from "./prepare.js";

/** Returns the way in which a prepared call is computed. */
export function runnerFor(_: PreparedComposite): Runner {
  return oneByOne;
}
