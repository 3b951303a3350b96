/** Says on standard error what goes on, so that standard output holds the report alone. */
export function progress(message: string): void {
  console.error(`bench: ${message}`);
}
