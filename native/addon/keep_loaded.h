#ifndef CUDNN_GRU_ADDON_KEEP_LOADED_H_
#define CUDNN_GRU_ADDON_KEEP_LOADED_H_

namespace cudnn_gru {

// Keeps this addon in the process until the process ends. Node.js unloads an
// addon when the last worker that loaded it ends, but threads of the addon run
// on.
void KeepLoaded();

}  // namespace cudnn_gru

#endif  // CUDNN_GRU_ADDON_KEEP_LOADED_H_
