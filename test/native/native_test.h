#ifndef CUDNN_GRU_TEST_NATIVE_NATIVE_TEST_H_
#define CUDNN_GRU_TEST_NATIVE_NATIVE_TEST_H_

#include <doctest/doctest.h>

#include <cstdarg>
#include <cstdio>
#include <string>

// What every native test includes: doctest, and the little that it lacks.
namespace cudnn_gru_test {

// Returns a message with numbers in printf's format, because doctest prints too
// few digits. CHECK_MESSAGE makes its message only when the check fails.
__attribute__((format(printf, 1, 2))) inline std::string Format(
    const char* format, ...) {
  char text[1024];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return text;
}

// Whether a sanitizer is on, under which everything takes twenty times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Says why the current test case cannot run on this machine. The case returns
// after this call. Without it, a case that checks nothing fails.
void Skip(const std::string& reason);

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_NATIVE_TEST_H_
