/**
 * The version of package.json. `npm run release` writes it, and `npm run lint` compares it with package.json. The code
 * cannot read that file, because a bundle has none.
 */
export const PACKAGE_VERSION = "0.1.0";
