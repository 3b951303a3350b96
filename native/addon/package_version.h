#ifndef CUDNN_GRU_ADDON_PACKAGE_VERSION_H_
#define CUDNN_GRU_ADDON_PACKAGE_VERSION_H_

namespace cudnn_gru {

// The version of package.json, which the addon exports, so that the TypeScript
// side can refuse a binary of another version. `npm run release` writes it, and
// `npm run lint` compares it with package.json. It is a header rather than a
// compiler flag, so that every build has it and a new version compiles one file
// anew.
inline constexpr char kPackageVersion[] = "0.1.0";

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_PACKAGE_VERSION_H_
