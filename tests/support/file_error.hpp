// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/core/error.hpp"

namespace brindle::test {

/// What the FileError of work() says; empty where there is none.
template <class Work>
std::string error_of(Work&& work) {
  try {
    work();
  } catch (const FileError& e) {
    return e.what();
  }
  return "";
}

}  // namespace brindle::test
