/**
 * Makes `console.log` and `util.inspect` print objects of a class as `String(object)` does, for classes that hide what they
 * have.
 */
export function printAsText(type: { prototype: object }): void {
  const value = function (this: object) {
    return String(this);
  };
  Object.defineProperty(type.prototype, Symbol.for("nodejs.util.inspect.custom"), { value, configurable: true });
}
