#include "cuda/streams.h"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "cuda/graphs.h"
#include "support/control.h"

namespace doubles {
namespace {

constexpr int kMostDevices = 8;

struct Context {
  int device;
  int sticky = 0;
};

struct Stream {
  void* context;
  bool blocking;
  std::deque<Work> queue;
};

// One record of an event, and when the stream got there.
struct Reached {
  bool yes = false;
  std::chrono::steady_clock::time_point when;
};

struct Event {
  void* context;
  bool timed;
  bool blocking;
  std::shared_ptr<Reached> reached;
  void* stream = nullptr;
};

struct World {
  Context contexts[kMostDevices];
  std::map<void*, std::unique_ptr<Stream>> streams;
  std::map<void*, std::unique_ptr<Event>> events;
};

World& Get() {
  static World* world = [] {
    World* made = new World;
    for (int i = 0; i < kMostDevices; ++i) made->contexts[i].device = i;
    return made;
  }();
  return *world;
}

Event& FindEvent(const char* function, void* event, void* context) {
  auto found = Get().events.find(event);
  if (found == Get().events.end())
    Violation(function, "the event is not a living one");
  if (found->second->context != context)
    Violation(function, "the event belongs to another context");
  return *found->second;
}

void Run(Context* context, const Work& work) {
  if (context->sticky != 0) return;
  context->sticky = work();
}

}  // namespace

void* ContextOf(int device) { return &Get().contexts[device]; }

int DeviceOf(void* context) { return static_cast<Context*>(context)->device; }

bool IsContext(void* context) {
  for (Context& one : Get().contexts)
    if (&one == context) return true;
  return false;
}

int StickyError(void* context) {
  return static_cast<Context*>(context)->sticky;
}

void* MakeStream(void* context, bool blocking) {
  auto stream = std::make_unique<Stream>(Stream{context, blocking, {}});
  void* key = stream.get();
  Get().streams.emplace(key, std::move(stream));
  Count("live.streams", 1);
  return key;
}

void DestroyStream(const char* function, void* stream, void* context) {
  if (stream == nullptr) Violation(function, "the legacy stream is destroyed");
  CheckStream(function, stream, context);
  Drain(stream, context);
  Get().streams.erase(stream);
  Count("live.streams", -1);
}

void CheckStream(const char* function, void* stream, void* context) {
  if (stream == nullptr) return;
  auto found = Get().streams.find(stream);
  if (found == Get().streams.end())
    Violation(function, "the stream is not a living one");
  if (found->second->context != context)
    Violation(function, "the stream belongs to another context");
  CheckCapturer(function, stream);
}

void Enqueue(void* stream, void* context, Work work) {
  if (Record(stream, work)) return;
  if (stream != nullptr) {
    Get().streams.at(stream)->queue.push_back(std::move(work));
    return;
  }
  for (auto& [key, one] : Get().streams)
    if (one->context == context && one->blocking) Drain(key, context);
  Run(static_cast<Context*>(context), work);
}

int Drain(void* stream, void* context) {
  while (!Advance(stream, context)) {
  }
  return StickyError(context);
}

int DrainAll(void* context) {
  for (auto& [key, stream] : Get().streams)
    if (stream->context == context) Drain(key, context);
  return StickyError(context);
}

bool Advance(void* stream, void* context) {
  if (stream == nullptr) {
    for (auto& [key, one] : Get().streams)
      if (one->context == context && one->blocking) Drain(key, context);
    return true;
  }
  std::deque<Work>& queue = Get().streams.at(stream)->queue;
  if (queue.empty()) return true;
  const Work work = std::move(queue.front());
  queue.pop_front();
  Run(static_cast<Context*>(context), work);
  return queue.empty();
}

void* MakeEvent(void* context, bool timed, bool blocking) {
  auto event = std::make_unique<Event>();
  event->context = context;
  event->timed = timed;
  event->blocking = blocking;
  void* key = event.get();
  Get().events.emplace(key, std::move(event));
  Count("live.events", 1);
  return key;
}

bool WaitsBlocking(const char* function, void* event, void* context) {
  return FindEvent(function, event, context).blocking;
}

void DestroyEvent(const char* function, void* event, void* context) {
  FindEvent(function, event, context);
  Get().events.erase(event);
  Count("live.events", -1);
}

void RecordEvent(const char* function, void* event, void* stream,
                 void* context) {
  Event& found = FindEvent(function, event, context);
  CheckStream(function, stream, context);
  found.reached = std::make_shared<Reached>();
  found.stream = stream;
  Enqueue(stream, context, [reached = found.reached] {
    reached->yes = true;
    reached->when = std::chrono::steady_clock::now();
    return 0;
  });
}

bool EventReached(const char* function, void* event, void* context, bool wait) {
  Event& found = FindEvent(function, event, context);
  if (found.reached == nullptr) return true;
  do {
    // A destroyed stream has run everything.
    if (Get().streams.count(found.stream) == 0) return true;
    if (found.reached->yes || StickyError(context) != 0) return true;
    Advance(found.stream, context);
  } while (wait);
  return found.reached->yes;
}

bool TimeBetween(const char* function, void* first, void* last, void* context,
                 float* milliseconds) {
  const Event& from = FindEvent(function, first, context);
  const Event& to = FindEvent(function, last, context);
  if (!from.timed || !to.timed)
    Violation(function, "an event was made without timing");
  if (from.reached == nullptr || to.reached == nullptr)
    Violation(function, "an event was never recorded");
  if (!from.reached->yes || !to.reached->yes) return false;
  *milliseconds = std::chrono::duration<float, std::milli>(to.reached->when -
                                                           from.reached->when)
                      .count();
  return true;
}

void StreamWaitsFor(const char* function, void* stream, void* event,
                    void* context) {
  Event& found = FindEvent(function, event, context);
  CheckStream(function, stream, context);
  if (found.reached == nullptr) return;
  Enqueue(stream, context,
          [reached = found.reached, other = found.stream, context] {
            while (!reached->yes && StickyError(context) == 0)
              if (Advance(other, context)) break;
            return 0;
          });
}

}  // namespace doubles
