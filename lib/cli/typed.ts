import { GRUError } from "../errors/gru_error.js";
import { incompleteError, maybeCause } from "../errors/messages.js";
import { readSource, type Source } from "../formats/source.js";

/** An error in what the user typed, whatever the files hold. It makes the exit status 2, and any other error makes it 1. */
export class UsageError extends GRUError {}

/**
 * Returns what the user typed for an argument of the library, as messages show it, or `undefined` to keep the name of
 * the argument.
 */
export type TypedName = (argument: string) => string | undefined;

/** The name of a model file in messages. */
export const typedModel: TypedName = (argument) => (argument === "source" ? "`MODEL`" : undefined);

/** Runs `judge`, which looks at what the user typed and opens no file. Its errors become usage errors. */
export function judging<T>(judge: () => T, typed: TypedName = () => undefined): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof GRUError)) throw error;
    throw new UsageError(error.code, renamed(error, typed).message, { cause: error });
  }
}

/** Runs `body`. Errors that name an argument of the library name what the user typed instead. */
export async function naming<T>(typed: TypedName, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw error instanceof GRUError ? renamed(error, typed) : error;
  }
}

function renamed(error: GRUError, typed: TypedName): GRUError {
  const found = /^(Expected .*? for )`([^`]+)`(?= (?:but received|of) )/s.exec(error.message);
  const [start = "", before, argument] = found ?? [];
  const name = argument === undefined ? undefined : typed(argument);
  if (name === undefined) return error;
  return incompleteError(error.code, `${before}${name}${error.message.slice(start.length)}`, maybeCause(error.cause));
}

/** Returns the model file that the user typed. Throws a {@link UsageError} for a text that can be no path. */
export function modelSource(path: string): Source {
  return judging(() => readSource(path), typedModel);
}
