// Finds the public names that have no comment. TypeScript's own parser and checker read the published declarations. Their
// API is still marked unstable, so package.json names one exact version of TypeScript.
import { dirname } from "node:path";
import { SyntaxKind } from "typescript/unstable/ast";
import { API, SymbolFlags } from "typescript/unstable/sync";
import { Comments } from "./comments.mjs";

/** The members that a documentation generator prints one by one. */
const memberKinds = new Set([
  SyntaxKind.CallSignature,
  SyntaxKind.Constructor,
  SyntaxKind.ConstructSignature,
  SyntaxKind.EnumMember,
  SyntaxKind.GetAccessor,
  SyntaxKind.IndexSignature,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.PropertySignature,
  SyntaxKind.SetAccessor,
]);

/**
 * The public names without a comment, as sorted lines `file: name`. `entries` are the absolute paths of the declaration
 * files (.d.ts) that users import. Public are their exports, the members of those, and every declaration of the same
 * package that one of these refers to. Only files in the folder of the first entry belong to the package.
 */
export function uncommentedNames(entries) {
  const api = new API({ cwd: dirname(entries[0]) });
  try {
    const project = api.updateSnapshot({ openFiles: entries }).getDefaultProjectForFile(entries[0]);
    const walk = new PublicNames(project, `${dirname(entries[0]).replaceAll("\\", "/")}/`);
    for (const entry of entries) walk.visitModule(project.program.getSourceFile(entry), "");
    return walk.uncommented();
  } finally {
    api.close();
  }
}

/** Walks from the exports of modules to everything they refer to, and keeps the names without a comment. */
class PublicNames {
  #project;
  #folder;
  #comments;
  #visited = new Set();
  #uncommented = new Set();

  constructor(project, folder) {
    this.#project = project;
    this.#folder = folder;
    this.#comments = new Comments(project);
  }

  uncommented() {
    return [...this.#uncommented].sort();
  }

  /** Visits the exports of a module. `prefix` is `a.b.` for the module that users see as `a.b`. */
  visitModule(file, prefix) {
    const { checker } = this.#project;
    for (const exported of checker.getExportsOfModule(checker.getSymbolAtLocation(file))) {
      this.#visitSymbol(exported, `${prefix}${exported.name}`);
    }
  }

  /** Visits the declarations of a symbol, once, unless they belong to another package. */
  #visitSymbol(symbol, name) {
    const target = this.#targetOf(symbol);
    if (this.#visited.has(target.id)) return;
    this.#visited.add(target.id);
    const nodes = this.#comments.declarationsOf(target).filter((node) => this.#isOurs(node));
    const [first] = nodes;
    if (first?.kind === SyntaxKind.SourceFile) return this.#visitNamespace(symbol, first, name);
    // A class and its type, or a variable and its type, are one name: one comment is enough. Functions and their
    // overloads are printed one by one.
    const functions = nodes.filter((node) => node.kind === SyntaxKind.FunctionDeclaration);
    if (functions.length > 0) for (const node of functions) this.#requireComment(node, name, [node]);
    else if (first) this.#requireComment(first, name, nodes);
    for (const node of nodes) this.#visitContent(node, name);
  }

  /** Visits `export * as name from "file"`, whose comment stands above that line. */
  #visitNamespace(symbol, file, name) {
    const lines = this.#comments.declarationsOf(this.#aliasBeforeLast(symbol));
    this.#requireComment(lines[0], name, lines);
    this.visitModule(file, `${name}.`);
  }

  /** Visits the members below `node`, and the declarations that it refers to. */
  #visitContent(node, name) {
    node.forEachChild((child) => {
      if (this.#comments.isPrivate(child)) return;
      let childName = name;
      if (memberKinds.has(child.kind)) {
        childName = `${name}.${this.#comments.nameOf(child)}`;
        if (!this.#comments.isInherited(child)) this.#requireComment(child, childName, this.#comments.pairOf(child));
      } else if (child.kind === SyntaxKind.Identifier) {
        this.#visitReference(child);
      }
      this.#visitContent(child, childName);
    });
  }

  #visitReference(identifier) {
    const symbol = this.#project.checker.getSymbolAtLocation(identifier);
    if (symbol === undefined) return;
    const target = this.#targetOf(symbol);
    const isTopLevel = this.#comments.declarationsOf(target).some((node) => this.#comments.isTopLevel(node));
    if (isTopLevel) this.#visitSymbol(target, target.name);
  }

  /** Keeps `name` unless one of `nodes` has a comment. */
  #requireComment(node, name, nodes) {
    if (nodes.some((one) => this.#comments.hasOwn(one))) return;
    this.#uncommented.add(`${node.getSourceFile().fileName.slice(this.#folder.length)}: ${name}`);
  }

  #targetOf(symbol) {
    return symbol.flags & SymbolFlags.Alias ? this.#project.checker.getAliasedSymbol(symbol) : symbol;
  }

  /** The last of the exports and imports that lead from `symbol` to what it stands for. */
  #aliasBeforeLast(symbol) {
    const next = this.#project.checker.getImmediateAliasedSymbol(symbol);
    return next.flags & SymbolFlags.Alias ? this.#aliasBeforeLast(next) : symbol;
  }

  #isOurs(node) {
    return node.getSourceFile().fileName.startsWith(this.#folder);
  }
}
