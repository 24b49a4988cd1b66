// SPDX-License-Identifier: MIT
#pragma once

#include <catch2/catch.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/thread_group.hpp"

namespace brindle::test {

/// The one text that work(group) gives in all processes. Throws what leaves work() in one of them. machine: see
/// run_group().
template <class Work>
std::string from_all(int processes, const Work& work, int machine = 0) {
  std::vector<std::string> texts(static_cast<std::size_t>(processes));
  const auto errors = run_group(
      processes, [&](const Group& g) { texts[static_cast<std::size_t>(g->rank())] = work(g); }, nullptr, machine);
  for (const auto& error : errors)
    if (error) std::rethrow_exception(error);
  CHECK(std::set<std::string>(texts.begin(), texts.end()).size() == 1);
  return texts[0];
}

inline std::string message_of(const std::exception_ptr& error) {
  if (!error) return "no error";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  }
}

/// The one message with which the trainings of all processes end; E: what is thrown.
template <class E, class Work>
std::string failed_by(int processes, const Work& work, int machine = 0) {
  std::set<std::string> messages;
  for (const auto& error : run_group(processes, work, nullptr, machine)) {
    messages.insert(message_of(error));
    if (error) CHECK_THROWS_AS(std::rethrow_exception(error), E);
  }
  CHECK(messages.size() == 1);
  return *messages.begin();
}

}  // namespace brindle::test
