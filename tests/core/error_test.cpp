// SPDX-License-Identifier: MIT
#include "brindle/core/error.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <type_traits>

#include "brindle/core/function_ref.hpp"

using namespace brindle;

TEST_CASE("every error is a brindle::Error and a std::runtime_error, with its text", "[core][error]") {
  const auto check = [](auto kind) {
    using E = typename decltype(kind)::type;
    CHECK_THROWS_AS(detail::raise<E>("who: what"), Error);
    CHECK_THROWS_AS(detail::raise<E>("who: what"), std::runtime_error);
    CHECK_THROWS_WITH(detail::raise<E>("who: what"), "who: what");
  };
  check(std::common_type<ShapeError>{});
  check(std::common_type<ValueError>{});
  check(std::common_type<FileError>{});
  check(std::common_type<DataError>{});
  check(std::common_type<NumericsError>{});
}

TEST_CASE("a FunctionRef calls what it borrows", "[core][function_ref]") {
  int calls = 0;
  auto add = [&](int n) { return calls += n; };
  const FunctionRef<int(int)> ref = add;
  CHECK(ref(2) == 2);
  CHECK(ref(3) == 5);
  const FunctionRef<int(int)> copy = ref;
  CHECK(copy(1) == 6);
}
