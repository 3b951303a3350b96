/**
 * A vitest reporter whose last word is `N passed, N failed` (and `, N skipped` where tests were skipped). A file that
 * could not be loaded and an error outside every test count as one failure each, so that no failing run reports none.
 */
export default class CountsReporter {
  onTestRunEnd(testModules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const testModule of testModules) {
      let failures = 0;
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        if (state === "failed") failures++;
        else count[state === "passed" ? "passed" : "skipped"]++;
      }
      // A failed module without a failed test: a collection error, or a failing hook.
      count.failed += Math.max(failures, testModule.state() === "failed" ? 1 : 0);
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
    // Other reporters print their summaries at the end of the run too; at exit nothing comes after.
    process.once("exit", () => console.log(`${count.passed} passed, ${count.failed} failed${skipped}`));
  }
}
