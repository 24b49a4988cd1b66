// SPDX-License-Identifier: MIT
#include "brindle/core/function_ref.hpp"

#include <catch2/catch.hpp>
#include <memory>

using namespace brindle;

namespace {

int twice(int x) { return 2 * x; }

int call(FunctionRef<int(int)> f) { return f(21); }

}  // namespace

TEST_CASE("a FunctionRef borrows a lambda, a function by its name and what was made const", "[core]") {
  int calls = 0;
  CHECK(call([&](int x) { return ++calls + x; }) == 22);
  CHECK(calls == 1);
  CHECK(call(twice) == 42);
  CHECK(call(&twice) == 42);
  const auto fixed = [](int x) { return x; };
  CHECK(call(fixed) == 21);
  // A move-only argument arrives.
  const FunctionRef<int(std::unique_ptr<int>)> take = [](std::unique_ptr<int> p) { return *p; };
  CHECK(take(std::make_unique<int>(7)) == 7);
}
