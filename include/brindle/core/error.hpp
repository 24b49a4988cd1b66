// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

#include "brindle/core/float_rules.hpp"

namespace brindle {

/// Everything that brindle throws derives from this; what() says who, what was expected, what came, and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sizes that do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An option or a number out of its range.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be read, written or understood. The message begins with the path.
class FileError : public Error {
 public:
  using Error::Error;
};

/// Data that cannot be trained on: no pictures, one class only, labels out of range.
class DataError : public Error {
 public:
  using Error::Error;
};

/// A loss or a weight that is no longer finite.
class NumericsError : public Error {
 public:
  using Error::Error;
};

namespace detail {

/// Throws E. Out of line and cold, so that a check costs a compare where it stands.
template <class E>
[[noreturn, gnu::noinline, gnu::cold]] void raise(const std::string& what) {
  throw E(what);
}

}  // namespace detail
}  // namespace brindle

/// Checked in builds without NDEBUG only; a program may define its own before it includes brindle.
#ifndef BRINDLE_ASSERT
#ifdef NDEBUG
#define BRINDLE_ASSERT(condition, text) static_cast<void>(0)
#else
#define BRINDLE_ASSERT(condition, text) \
  ((condition) ? static_cast<void>(0) : ::brindle::detail::raise<::brindle::Error>("assertion failed: " text))
#endif
#endif
