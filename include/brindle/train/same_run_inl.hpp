// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what same_run.hpp declares.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "brindle/core/checksum.hpp"
#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/core/tensor.hpp"
#include "brindle/train/run_identity.hpp"
#include "brindle/train/same_run.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

BRINDLE_INLINE void expect_same_run(const char* who, Team& team, const RunIdentity& run) {
  if (team.alone()) return;
  std::string lines;
  for (const auto& [name, text] : run) lines += name + '\0' + text + '\0';
  std::string theirs = lines;
  team.broadcast(theirs);
  std::map<std::string, std::string> first;
  for (std::size_t at = 0; at < theirs.size();) {
    const std::size_t middle = theirs.find('\0', at), end = theirs.find('\0', middle + 1);
    first[theirs.substr(at, middle - at)] = theirs.substr(middle + 1, end - middle - 1);
    at = end + 1;
  }
  std::string differences;
  for (const auto& [name, text] : run) {
    const auto found = first.find(name);
    const std::string other = found == first.end() ? "not there" : found->second;
    if (other != text) differences += "its " + name + " is " + text + ", that of rank 0 is " + other + "; ";
    if (found != first.end()) first.erase(found);
  }
  for (const auto& [name, text] : first) differences += "it has no " + name + ", that of rank 0 is " + text + "; ";
  team.together([&] {
    if (!differences.empty())
      raise<ValueError>(std::string(who) + ": a process is not of the same run: " + differences +
                        "start all processes with the same program, data and options on the same kind of machine");
  });
}

BRINDLE_INLINE void expect_same_weights(Team& team, const std::string& when, const std::string& checksum) {
  std::string first = checksum;
  team.broadcast(first);
  team.together([&] {
    if (checksum != first)
      raise<ValueError>("fit: " + when +
                        " a process has other weights than rank 0; change weights in all processes alike, in "
                        "callbacks that are called in all of them");
  });
}

template <class T>
void expect_same_batch(Team& team, In<T, Cpu> x, In<float, Cpu> labels, double learning_rate) {
  if (team.alone()) return;
  Checksum sum;
  sum.add_numbers(x.data, static_cast<std::size_t>(x.size()));
  sum.add_numbers(labels.data, static_cast<std::size_t>(labels.size()));
  struct Given {
    std::uint64_t sum;
    double rate;
    bool other_batch, other_rate;  // somebody's
  };
  const Given all = team.combined(Given{sum.value(), learning_rate, false, false}, [](const Given& a, const Given& b) {
    return Given{a.sum, a.rate, a.other_batch || b.other_batch || a.sum != b.sum,
                 a.other_rate || b.other_rate || a.rate != b.rate};
  });
  if (!all.other_batch && !all.other_rate) return;
  team.together([&] {
    const std::string who = "train_on_batch: processes were given other ";
    if (all.other_batch)
      raise<ValueError>(who + "batches, here one of " + std::to_string(x.shape[0]) +
                        " samples; give all of them the whole batch, with its samples in the same order");
    raise<ValueError>(who + "learning rates, here " + number_text(learning_rate) + "; set it in all of them");
  });
}

}  // namespace brindle::detail
