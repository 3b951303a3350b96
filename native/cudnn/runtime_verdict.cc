#include "cudnn/runtime_verdict.h"

#include <atomic>
#include <cstdint>

#include "cudnn/launch_graphs.h"
#include "cudnn/library_status.h"

namespace cudnn_gru {
namespace {

// How long a verdict that is not final counts.
constexpr std::chrono::milliseconds kRetryAfter{1000};

// The time that a test has set, or a number below zero.
std::atomic<int64_t> set_clock{-1};

std::chrono::milliseconds Now() {
  const int64_t set = set_clock.load();
  if (set >= 0) return std::chrono::milliseconds(set);
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

RuntimeVerdict Unmet(const std::string& reason, Validity validity) {
  return {false, reason, validity == Validity::kFinal};
}

Validity ValidityOf(const Status& failure) {
  const bool may_pass = failure.remedy() == Remedy::kAgain ||
                        failure.code() == StatusCode::kOutOfMemory;
  return may_pass ? Validity::kUntilRetry : Validity::kFinal;
}

RuntimeVerdict VerdictCache::Find(
    const Key& key, const std::function<RuntimeVerdict(bool met)>& judge) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto known = verdicts_.find(key);
  if (known != verdicts_.end() &&
      (known->second.verdict.final || Now() < known->second.at + kRetryAfter)) {
    return known->second.verdict;
  }
  const bool met = known != verdicts_.end() && known->second.verdict.met;
  RuntimeVerdict verdict = judge(met);
  if (met && !verdict.met) {
    verdict = {true, known->second.verdict.detail, verdict.final};
  }
  verdicts_[key] = {verdict, Now()};
  return verdict;
}

void SetRuntimeClock(std::chrono::milliseconds now) {
  set_clock.store(now.count());
}

WayTrials TryWays(Device& device, abi::cudnnDataType_t data_type, RnnKind kind,
                  const std::function<Status(const SelfCheckWay&)>& check) {
  WayTrials trials;
  // Notes a failure. Returns whether the trials may go on.
  const auto note = [&](const Status& failure, const std::string& label,
                        std::string* failures) {
    trials.device = device.CheckUsable();
    if (ValidityOf(failure) == Validity::kUntilRetry) trials.final = false;
    *failures += (failures->empty() ? "" : "; ") + label +
                 WithoutFullStop(failure.message());
    return trials.device.ok();
  };
  std::map<std::string, std::string> failures;  // by what does not work
  for (const Algorithm& algorithm : kPersistentAlgorithms) {
    if (!MayUse(algorithm.id, data_type)) continue;
    SelfCheckWay way;
    way.algorithm = algorithm;
    const Status status = check(way);
    if (status.ok()) {
      device.algorithms().Admit(algorithm, data_type, kind);
    } else if (!note(status,
                     algorithm.time_major ? "time-major: " : "batch-major: ",
                     &failures[NameOf(algorithm.id)])) {
      return trials;
    }
  }
  SelfCheckWay graphs;
  graphs.launches = SelfCheckWay::Launches::kGraphs;
  // A driver that lacks them will always do so, and is not asked again.
  const Status status =
      CudaGraph::Supported(device.driver())
          ? check(graphs)
          : Status(StatusCode::kCudnn, "the CUDA driver is too old for them.");
  if (status.ok()) {
    device.graphs().Admit(data_type, kind);
  } else if (!note(status, "", &failures["CUDA graphs"])) {
    return trials;
  }
  for (const auto& [what, why] : failures) {
    trials.without += ", without " + what + " (" + why + ")";
  }
  return trials;
}

}  // namespace cudnn_gru
