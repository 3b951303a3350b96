// Which pages the system is asked to make huge, as it says itself.
#ifdef __linux__
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "core/huge_pages.h"
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

using cudnn_gru::AdviseHugePagesInside;
using cudnn_gru::kHugePage;

#ifdef __linux__

// Returns the flags of the mapping that `address` lies in, as in
// /proc/self/smaps, or nothing where the system does not say.
std::string FlagsAt(const char* address) {
  std::ifstream maps("/proc/self/smaps");
  const uintptr_t wanted = reinterpret_cast<uintptr_t>(address);
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long long start = 0;
    unsigned long long end = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx ", &start, &end) == 2) {
      here = start <= wanted && wanted < end;
    } else if (here && line.rfind("VmFlags:", 0) == 0) {
      return line + " ";
    }
  }
  return "";
}

bool IsAdvised(const char* address) {
  return FlagsAt(address).find(" hg ") != std::string::npos;
}

// Ten huge pages of address space, from the border of one.
class Pages {
 public:
  Pages()
      : mapped_(static_cast<char*>(mmap(nullptr, 11 * kHugePage,
                                        PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    const uintptr_t start = reinterpret_cast<uintptr_t>(mapped_);
    first_ = mapped_ + (kHugePage - start % kHugePage) % kHugePage;
  }
  ~Pages() { munmap(mapped_, 11 * kHugePage); }

  // Returns the start of a page.
  char* operator[](size_t page) const { return first_ + page * kHugePage; }

 private:
  char* mapped_;
  char* first_;
};

// Whether this system takes the advice at all.
bool Works() {
  const Pages pages;
  return madvise(pages[0], kHugePage, MADV_HUGEPAGE) == 0 &&
         IsAdvised(pages[0]);
}

TEST_CASE("the whole huge pages inside an array are asked for and no others") {
  if (!Works()) return Skip("this system has no huge pages for programs");
  const Pages pages;
  // From the end of page 1 to the middle of page 5.
  AdviseHugePagesInside(pages[2] - 16, 3 * kHugePage + kHugePage / 2);
  const bool advised[] = {false, false, true, true, true, false, false};
  for (size_t page = 0; page < 7; ++page) {
    CHECK_MESSAGE(IsAdvised(pages[page]) == advised[page],
                  Format("page %zu: %s", page, FlagsAt(pages[page]).c_str()));
  }
}

TEST_CASE("an array that fills its huge pages is asked for whole") {
  if (!Works()) return Skip("this system has no huge pages for programs");
  const Pages pages;
  AdviseHugePagesInside(pages[1], 2 * kHugePage);
  CHECK(!IsAdvised(pages[0]));
  CHECK(IsAdvised(pages[1]));
  CHECK(IsAdvised(pages[2] + kHugePage - 1));
  CHECK(!IsAdvised(pages[3]));
}

TEST_CASE("an array below four megabytes is left alone") {
  if (!Works()) return Skip("this system has no huge pages for programs");
  const Pages pages;
  AdviseHugePagesInside(pages[1], 2 * kHugePage - 1);
  CHECK(!IsAdvised(pages[1]));
}

#endif  // __linux__

TEST_CASE("what an array contains stays") {
  std::vector<char> array(6 * kHugePage, 7);
  AdviseHugePagesInside(array.data() + 100, array.size() - 100);
  const auto changed =
      std::count_if(array.begin(), array.end(), [](char c) { return c != 7; });
  CHECK_MESSAGE(changed == 0, Format("%td bytes changed", changed));
}

}  // namespace
}  // namespace cudnn_gru_test
