// A reporter for node --test: one line of JSON for each test that ended, at once, so that a killed run leaves them.
export default async function* reporter(source) {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const { name, skip, details } = data;
    if (details?.type === "suite" && type === "test:pass") continue;
    const error = details?.error?.cause ?? details?.error;
    const failed = type === "test:fail";
    // A suite that fails because of a test in it has nothing of its own to say.
    if (failed && details.error?.failureType === "subtestsFailed") continue;
    const result = failed ? "failed" : skip === undefined || skip === false ? "passed" : "skipped";
    const reason = failed ? String(error?.message ?? error) : typeof skip === "string" ? skip : undefined;
    yield `${JSON.stringify({ name, result, milliseconds: details?.duration_ms, reason })}\n`;
  }
}
