#include "cudnn/descriptor_cache.h"

#include <algorithm>
#include <utility>

#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

constexpr size_t kMostSets = 16;

}  // namespace

Status DescriptorCache::Find(const Device& device, abi::cudnnHandle_t handle,
                             const DescriptorSet::Key& key, const int* lengths,
                             DescriptorSet** found) {
  DescriptorSet* set = Reuse(key, lengths);
  if (set == nullptr) {
    auto made = std::make_unique<DescriptorSet>(key);
    CUDNN_GRU_RETURN_IF_ERROR(made->Make(device));
    MakeRoom(kMostSets - 1);
    sets_.push_back(std::move(made));
    set = sets_.back().get();
  }
  if (!set->HasLengths(lengths)) {
    CUDNN_GRU_RETURN_IF_ERROR(set->SetLengths(device, handle, lengths));
  }
  set->in_use = true;
  *found = set;
  return Status();
}

// Returns a set that already has these lengths, else one whose lengths may be
// changed, else null. Moves the set to the end, since it is now the last used.
DescriptorSet* DescriptorCache::Reuse(const DescriptorSet::Key& key,
                                      const int* lengths) {
  auto found = sets_.end();
  for (auto each = sets_.begin(); each != sets_.end(); ++each) {
    if (!((*each)->key() == key)) continue;
    if ((*each)->HasLengths(lengths)) {
      found = each;
      break;
    }
    if (!(*each)->in_use) found = each;
  }
  if (found == sets_.end()) return nullptr;
  std::rotate(found, found + 1, sets_.end());
  return sets_.back().get();
}

void DescriptorCache::EndCall() {
  for (const auto& each : sets_) each->in_use = false;
  MakeRoom(kMostSets);
  LimitGraphs();
}

void DescriptorCache::LimitGraphs() {
  size_t held = 0;
  for (auto each = sets_.rbegin(); each != sets_.rend(); ++each) {
    held += (*each)->graph_sizes();
    if (held <= kMostInGraphs) continue;
    held -= (*each)->graph_sizes();
    (*each)->ClearGraphs();
  }
}

void DescriptorCache::MakeRoom(size_t most) {
  for (auto each = sets_.begin(); sets_.size() > most && each != sets_.end();) {
    each = (*each)->in_use ? each + 1 : sets_.erase(each);
  }
}

}  // namespace cudnn_gru
