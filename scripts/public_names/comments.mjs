// Answers questions about the declarations of a TypeScript program: their names, and whether they have a comment.
import { SyntaxKind } from "typescript/unstable/ast";
import { SymbolFlags } from "typescript/unstable/sync";

/** The names of members that have none in the source. */
const nameless = new Map([
  [SyntaxKind.CallSignature, "(call)"],
  [SyntaxKind.Constructor, "constructor"],
  [SyntaxKind.ConstructSignature, "new"],
  [SyntaxKind.IndexSignature, "[index]"],
]);

/** The comments and names in one project of TypeScript's API. */
export class Comments {
  #project;

  constructor(project) {
    this.#project = project;
  }

  /** The nodes that declare a symbol. */
  declarationsOf(symbol) {
    return symbol.declarations.map((handle) => handle.resolve(this.#project)).filter((node) => node !== undefined);
  }

  nameOf(member) {
    return nameless.get(member.kind) ?? member.name.getText();
  }

  isPrivate(node) {
    const isMarked = node.modifiers?.some((modifier) => modifier.kind === SyntaxKind.PrivateKeyword);
    return isMarked || node.name?.kind === SyntaxKind.PrivateIdentifier;
  }

  /** True for a declaration of the file itself, as opposed to a parameter, a type parameter or a member. */
  isTopLevel(node) {
    return node.kind === SyntaxKind.SourceFile || this.#commentedNode(node).parent?.kind === SyntaxKind.SourceFile;
  }

  /** True when a comment with at least one word of text stands directly above `node`. A comment of tags only has none. */
  hasOwn(node) {
    const { jsDoc = [] } = this.#commentedNode(node);
    return jsDoc.some(({ comment = [] }) => comment.some(({ text }) => /\w/.test(text)));
  }

  /** The declarations that share their comment with `member`: a getter and its setter are one name. */
  pairOf(member) {
    const isAccessor = (node) => node.kind === SyntaxKind.GetAccessor || node.kind === SyntaxKind.SetAccessor;
    if (!isAccessor(member)) return [member];
    return this.declarationsOf(this.#project.checker.getSymbolAtLocation(member.name)).filter(isAccessor);
  }

  /** True when `member` overrides or implements a member that has a comment, which generators then print. */
  isInherited(member) {
    if (member.name === undefined) return false;
    const { escapedName } = this.#project.checker.getSymbolAtLocation(member.name);
    return this.#basesOf(member.parent).some((base) => this.#hasCommentIn(base, escapedName));
  }

  /** True when the member called `name` has a comment in the class or interface `type` or above it. */
  #hasCommentIn(type, name) {
    const member = type.getMembers().get(name) ?? type.getExports().get(name);
    if (member && this.declarationsOf(member).some((node) => this.hasOwn(node))) return true;
    const bases = this.declarationsOf(type).flatMap((node) => this.#basesOf(node));
    return bases.some((base) => this.#hasCommentIn(base, name));
  }

  /** The classes and interfaces that a class or interface extends or implements. */
  #basesOf(node) {
    const types = (node.heritageClauses ?? []).flatMap((clause) => [...clause.types]);
    return types.flatMap(({ expression }) => {
      const symbol = this.#project.checker.getSymbolAtLocation(expression);
      if (symbol === undefined) return [];
      return [symbol.flags & SymbolFlags.Alias ? this.#project.checker.getAliasedSymbol(symbol) : symbol];
    });
  }

  /** The node above which the comment of a declaration stands: a variable's is above its whole statement. */
  #commentedNode(node) {
    if (node.kind === SyntaxKind.VariableDeclaration) return node.parent.parent;
    return node.kind === SyntaxKind.NamespaceExport ? node.parent : node;
  }
}
