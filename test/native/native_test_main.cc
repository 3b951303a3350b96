// The main function of every native test program. It adds to doctest that a
// test case without a single check fails, unless it said why it was skipped,
// and that a program in which every case was skipped ends with 77, which ctest
// reports as skipped.
#define DOCTEST_CONFIG_IMPLEMENT
// A crash belongs to the sanitizers and to the core dump; ctest names the case.
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#include "native_test.h"

namespace cudnn_gru_test {
namespace {

constexpr int kSkipped = 77;

bool tests_run = false;
bool case_is_skipped = false;
const char* case_name = "";
int cases_that_checked = 0;
int cases_that_checked_nothing = 0;
int cases_skipped = 0;

class CheckCounter : public doctest::IReporter {
 public:
  explicit CheckCounter(const doctest::ContextOptions&) {}

  // Not called when the program lists its test cases or prints its help.
  void test_run_start() override { tests_run = true; }
  void test_case_start(const doctest::TestCaseData& test_case) override {
    case_is_skipped = false;
    case_name = test_case.m_name;
  }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (stats.numAssertsCurrentTest > 0) {
      ++cases_that_checked;
    } else if (case_is_skipped) {
      ++cases_skipped;
    } else {
      ++cases_that_checked_nothing;
      std::printf("The test case \"%s\" checked nothing.\n", case_name);
    }
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("checks", 1, CheckCounter);

}  // namespace

void Skip(const std::string& reason) {
  case_is_skipped = true;
  std::printf("skipped: %s\n", reason.c_str());
}

}  // namespace cudnn_gru_test

int main(int argc, char** argv) {
  using namespace cudnn_gru_test;
  doctest::Context context;
  // A broken kernel fails thousands of checks; the first ones tell which.
  context.setOption("abort-after", 20);
  context.applyCommandLine(argc, argv);
  const int result = context.run();
  if (result != 0 || !tests_run) return result;
  if (cases_that_checked_nothing > 0) return 1;
  if (cases_that_checked > 0) return 0;
  if (cases_skipped > 0) return kSkipped;
  std::puts("No test case has the name that was asked for.");
  return 1;
}
