// The choice between threads that meet at barriers and calls without barriers,
// with times that are made up.
#include "core/measured_choice.h"

#include <chrono>
#include <functional>

#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::MeasuredChoice;
using cudnn_gru::MeasuredChoices;
using cudnn_gru::Way;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

// How long calls of a unit of work take in either way, in microseconds.
struct Machine {
  long with = 500;
  long without = 1000;

  nanoseconds Time(Way way) const {
    return microseconds(way == Way::kBarriers ? with : without);
  }
};

struct Calls {
  int with = 0;
  int without = 0;
  long took = 0;  // microseconds
};

// Makes `count` calls as the choice has them.
Calls Run(MeasuredChoice& choice, const Machine& machine, int count) {
  Calls calls;
  for (int i = 0; i < count; ++i) {
    const Way way = choice.Next();
    const nanoseconds took = machine.Time(way);
    ++(way == Way::kBarriers ? calls.with : calls.without);
    calls.took += static_cast<long>(took.count() / 1000);
    choice.Note(way, took, 1);
  }
  return calls;
}

const Machine kIdle = {500, 1000};
const Machine kBusy = {5000, 1000};

TEST_CASE("an idle machine loses less than a hundredth to trials") {
  MeasuredChoice choice;
  CHECK(choice.Next() == Way::kBarriers);
  const Calls calls = Run(choice, kIdle, 5000);
  CHECK_MESSAGE((calls.without >= 3 && calls.took <= 5000 * 500 * 1.01),
                Format("%d of 5000 calls without barriers, %ld ms",
                       calls.without, calls.took / 1000));
}

TEST_CASE("calls on a busy machine soon leave the barriers") {
  MeasuredChoice choice;
  const Calls first = Run(choice, kBusy, 30);
  CHECK_MESSAGE(first.with <= 10,
                Format("%d of 30 calls met at barriers", first.with));
  const Calls later = Run(choice, kBusy, 2000);
  CHECK_MESSAGE((later.with >= 1 && later.took <= 2000 * 1000 * 1.035),
                Format("%d of 2000 calls met at barriers, %ld ms", later.with,
                       later.took / 1000));
}

TEST_CASE("a machine that becomes busy is noticed without a trial") {
  MeasuredChoice choice;
  Run(choice, kIdle, 500);
  const Calls calls = Run(choice, kBusy, 100);
  CHECK_MESSAGE(calls.with <= 8,
                Format("%d of 100 calls met at barriers", calls.with));
}

TEST_CASE("a machine that becomes idle is noticed by a trial") {
  MeasuredChoice choice;
  Run(choice, kBusy, 300);
  // A trial cost 4 ms, so that the next one comes after 256 ms at most.
  const Calls found = Run(choice, kIdle, 300);
  CHECK_MESSAGE(found.with >= 1, "no trial in 300 calls");
  const Calls calls = Run(choice, kIdle, 1000);
  CHECK_MESSAGE(calls.without <= 6,
                Format("%d of 1000 calls without barriers", calls.without));
}

TEST_CASE("one call that was held up changes nothing") {
  MeasuredChoice choice;
  Run(choice, kIdle, 500);
  choice.Note(Way::kBarriers, microseconds(100000), 1);
  const Calls calls = Run(choice, kIdle, 100);
  CHECK_MESSAGE(calls.without <= 1,
                Format("%d of 100 calls without barriers", calls.without));
}

TEST_CASE("times count for each unit of work") {
  MeasuredChoice choice;
  for (int i = 1; i <= 400; ++i) {
    const Way way = choice.Next();
    const int work = 1 + i % 97;
    choice.Note(way, work * kBusy.Time(way), work);
  }
  CHECK(choice.Next() == Way::kNoBarriers);
}

TEST_CASE("each size has its own choice, and new sizes replace old ones") {
  MeasuredChoices choices;
  const uint64_t busy = MeasuredChoices::SizeOf({1, 2, 3});
  CHECK(busy != MeasuredChoices::SizeOf({3, 2, 1}));
  const auto note = [&](uint64_t size, const Machine& machine) {
    for (int i = 0; i < 40; ++i) {
      const Way way = choices.Next(size);
      choices.Note(size, way, machine.Time(way), 1);
    }
  };
  note(busy, kBusy);
  CHECK(choices.Next(busy) == Way::kNoBarriers);
  for (uint64_t size = 1; size <= 63; ++size) note(size, kIdle);
  CHECK_MESSAGE(choices.Next(busy) == Way::kNoBarriers,
                "63 other sizes made it forget one");
  for (uint64_t size = 100; size < 200; ++size) note(size, kIdle);
  CHECK_MESSAGE(choices.Next(busy) == Way::kBarriers,
                "an old size is remembered for ever");
  choices.AlwaysBarriers();
  note(busy, kBusy);
  CHECK(choices.Next(busy) == Way::kBarriers);
}

}  // namespace
}  // namespace cudnn_gru_test
