// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what team.hpp declares.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brindle/core/error.hpp"
#include "brindle/core/function_ref.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/train/process_group.hpp"
#include "brindle/train/team.hpp"

namespace brindle::detail {

BRINDLE_INLINE Team::Team(std::shared_ptr<ProcessGroup> group) : group_(std::move(group)) {
  if (!group_) return;
  const int size = group_->size();
  if (size >= 1 && std::has_single_bit(static_cast<unsigned>(size))) return;
  group_->fails_together();  // the size is that of all
  raise<ValueError>("the number of processes must be a power of two, got " + std::to_string(size) + "; start " +
                    std::to_string(std::bit_floor(static_cast<unsigned>(std::max(size, 1)))) + " or " +
                    std::to_string(std::bit_ceil(static_cast<unsigned>(std::max(size, 1)))));
}

BRINDLE_INLINE void Team::exchange(int partner, std::span<const std::byte> send, std::span<std::byte> receive) {
  expect_together();
  const auto start = std::chrono::steady_clock::now();
  group_->exchange(partner, send, receive);
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

BRINDLE_INLINE void Team::part(const Meeting& where) {
  group_->parted_ = "processes that train together are in different calls: rank " + std::to_string(where.rank) +
                    " in " + where.call + ", rank " + std::to_string(where.other_rank) + " in " + where.other_call +
                    "; call fit(), evaluate(), predict() and optimizer_state() in all of them, not in one rank alone, "
                    "and not in a callback with once";
  group_->fails_together();
  raise<ValueError>(group_->parted_);
}

BRINDLE_INLINE void Team::expect_together() const {
  if (group_ && !group_->parted_.empty()) raise<ValueError>(group_->parted_);
}

BRINDLE_INLINE bool Team::ended(bool waits) {
  const auto start = std::chrono::steady_clock::now();
  const bool done = group_->ended(waits);
  if (waits) seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return done;
}

BRINDLE_INLINE bool Team::any(bool value) {
  return combined(value, [](bool a, bool b) { return a || b; });
}

BRINDLE_INLINE void Team::broadcast(std::string& bytes) {
  auto length =
      combined(static_cast<std::uint64_t>(bytes.size()), [](std::uint64_t lower, std::uint64_t) { return lower; });
  together([&] {
    if (!first()) bytes.assign(length, '\0');
  });
  for (int step = 1; step < size() && length > 0; step *= 2) {  // those below `step` have them
    if (rank() >= 2 * step) continue;
    const auto all = std::as_writable_bytes(std::span(bytes.data(), bytes.size()));
    if (rank() < step)
      exchange(rank() + step, all, {});
    else
      exchange(rank() - step, {}, all);
  }
}

BRINDLE_INLINE std::vector<std::string> Team::gather(const std::string& text) {
  std::vector<std::string> all(static_cast<std::size_t>(size()));
  std::vector<std::uint64_t> ends(all.size(), 0);  // first the lengths
  ends[static_cast<std::size_t>(rank())] = text.size();
  const auto lengths = std::as_writable_bytes(std::span(ends));
  gather(lengths, [](int r) { return static_cast<std::size_t>(r + 1) * sizeof(std::uint64_t); });
  std::uint64_t end = 0;
  for (std::uint64_t& e : ends) e = end += e;
  std::string bytes(end, '\0');
  std::copy(text.begin(), text.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(ends[static_cast<std::size_t>(rank())] - text.size()));
  gather(std::as_writable_bytes(std::span(bytes.data(), bytes.size())),
         [&](int r) { return static_cast<std::size_t>(ends[static_cast<std::size_t>(r)]); });
  for (std::size_t r = 0; r < all.size(); ++r) {
    const std::size_t begin = r == 0 ? 0 : ends[r - 1];
    all[r] = bytes.substr(begin, ends[r] - begin);
  }
  return all;
}

BRINDLE_INLINE void Team::gather(std::span<std::byte> all, FunctionRef<std::size_t(int)> end) {
  const auto part = [&](int first_rank, int count) {
    const std::size_t from = first_rank == 0 ? 0 : end(first_rank - 1);
    return all.subspan(from, end(first_rank + count - 1) - from);
  };
  for (int step = 1; step < size(); step *= 2) {
    const int have = rank() & ~(step - 1);  // the first of `step` processes whose parts are here
    exchange(rank() ^ step, part(have, step), part(have ^ step, step));
  }
}

/// The kinds of exceptions that keep their type on the way to another process.
BRINDLE_INLINE std::string message_of(const std::exception_ptr& error) {
  if (!error) return "";
  try {
    std::rethrow_exception(error);
  } catch (const ShapeError& e) {
    return std::string("S") + e.what();
  } catch (const ValueError& e) {
    return std::string("V") + e.what();
  } catch (const FileError& e) {
    return std::string("F") + e.what();
  } catch (const DataError& e) {
    return std::string("D") + e.what();
  } catch (const NumericsError& e) {
    return std::string("N") + e.what();
  } catch (const std::exception& e) {
    return std::string("E") + e.what();
  } catch (...) {
    return "Ean exception that is no std::exception";
  }
}

BRINDLE_INLINE void Team::rethrow_together(const std::exception_ptr& error) {
  if (alone()) {
    if (error) std::rethrow_exception(error);
    return;
  }
  if (!any(error != nullptr)) return;
  const std::vector<std::string> all = gather(message_of(error));
  std::vector<std::pair<std::string, std::string>> told;  // message, ranks
  for (std::size_t r = 0; r < all.size(); ++r) {
    if (all[r].empty()) continue;
    const auto same = std::find_if(told.begin(), told.end(), [&](const auto& t) { return t.first == all[r]; });
    if (same == told.end())
      told.emplace_back(all[r], std::to_string(r));
    else
      same->second += ", " + std::to_string(r);
  }
  std::string text;
  for (const auto& [message, ranks] : told) {
    text += (text.empty() ? "" : "; ") + message.substr(1);
    const bool everybody = told.size() == 1 && std::count(all.begin(), all.end(), message) == size();
    if (!everybody) text += " [rank " + ranks + " of " + std::to_string(size()) + "]";
  }
  group_->fails_together();
  switch (told.front().first[0]) {
    case 'S':
      raise<ShapeError>(text);
    case 'V':
      raise<ValueError>(text);
    case 'F':
      raise<FileError>(text);
    case 'D':
      raise<DataError>(text);
    case 'N':
      raise<NumericsError>(text);
    default:
      raise<Error>(text);
  }
}

}  // namespace brindle::detail
