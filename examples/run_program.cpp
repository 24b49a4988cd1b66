// SPDX-License-Identifier: MIT
#include "run_program.hpp"

#include <brindle/core/error.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#ifdef _WIN32
#include <process.h>

#include <cstdint>
#else
#include <spawn.h>
#include <sys/wait.h>

extern char** environ;
#endif

namespace fs = std::filesystem;

namespace example {
namespace {

#ifdef _WIN32

/// An argument as it stands in a command line, which is all that a program of Windows gets: in quotes, backslashes
/// doubled in front of a quote only, as the runtime of the program takes them apart again.
std::wstring quoted(const std::wstring& argument) {
  std::wstring text = L"\"";
  std::size_t backslashes = 0;
  for (const wchar_t c : argument) {
    if (c == L'"') text.append(backslashes + 1, L'\\');
    backslashes = c == L'\\' ? backslashes + 1 : 0;
    text += c;
  }
  return text.append(backslashes, L'\\') + L"\"";
}

/// The exit code; -1 with the reason in errno where there is none.
std::intptr_t spawned(const fs::path& program, const std::vector<std::string>& arguments) {
  std::vector<std::wstring> words{quoted(program.wstring())};
  for (const std::string& argument : arguments) words.push_back(quoted(fs::path(argument).wstring()));
  std::vector<const wchar_t*> argv;
  for (const std::wstring& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  errno = 0;
  return ::_wspawnv(_P_WAIT, program.c_str(), argv.data());
}

#else

int spawned(const fs::path& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> words{program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  errno = ::posix_spawn(&child, program.c_str(), nullptr, nullptr, argv.data(), environ);
  if (errno != 0) return -1;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  errno = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif

}  // namespace

int run_program(const fs::path& program, const std::vector<std::string>& arguments, const fs::path& folder) {
  std::fflush(stdout);
  const fs::path here = fs::current_path();
  fs::current_path(folder);
  const auto code = spawned(program, arguments);
  const int error = errno;
  fs::current_path(here);
  // On Windows a program may end with -1, too.
  if (code == -1 && error != 0)
    brindle::detail::raise<brindle::FileError>(program.string() +
                                               ": cannot be run: " + std::generic_category().message(error));
  return static_cast<int>(code);
}

}  // namespace example
