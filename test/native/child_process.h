#ifndef CUDNN_GRU_TEST_NATIVE_CHILD_PROCESS_H_
#define CUDNN_GRU_TEST_NATIVE_CHILD_PROCESS_H_

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <string>

namespace cudnn_gru_test {

// Runs `act` in a child process. Returns what it wrote to stderr and stdout, if
// `signal` ended it. A FAIL in `act` ends the child without that signal.
inline std::string DiesBy(int signal, const std::function<void()>& act) {
  int ends[2];
  if (pipe(ends) != 0) return "(no pipe)";
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    // A sanitizer has a handler of its own.
    std::signal(SIGSEGV, SIG_DFL);
    // doctest's exception must not lead the child into its parent's tests.
    try {
      act();
    } catch (...) {
    }
    std::fflush(nullptr);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof(buffer))) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != signal)
    return "(not ended by the signal) " + text;
  return text;
}

}  // namespace cudnn_gru_test

#endif  // CUDNN_GRU_TEST_NATIVE_CHILD_PROCESS_H_
