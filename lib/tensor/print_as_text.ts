/**
 * Makes `console.log` and `util.inspect` print objects of a class as `String(object)` does. It is for classes whose
 * fields are private, which would otherwise print as empty.
 */
export function printAsText(type: { prototype: object }): void {
  const value = function (this: object) {
    return String(this);
  };
  Object.defineProperty(type.prototype, Symbol.for("nodejs.util.inspect.custom"), { value, configurable: true });
}
