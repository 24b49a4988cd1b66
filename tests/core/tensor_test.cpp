// SPDX-License-Identifier: MIT
#include "brindle/core/tensor.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <type_traits>
#include <utility>

using namespace brindle;
using Catch::Contains;

static_assert(!std::is_copy_constructible_v<Tensor<float>> && !std::is_copy_assignable_v<Tensor<float>>);
static_assert(std::is_nothrow_move_constructible_v<Tensor<float>>);
static_assert(std::is_convertible_v<TensorView<float>, TensorView<const float>>);
static_assert(!std::is_convertible_v<TensorView<const float>, TensorView<float>>);
static_assert(!std::is_convertible_v<TensorView<float>, TensorView<double>>);

TEST_CASE("a new tensor is zero and aligned to 64 bytes", "[core][tensor]") {
  for (const std::int64_t size : {0, 1, 3, 17, 150, 100000}) {
    const Tensor<float> t(Shape{size});
    CHECK(reinterpret_cast<std::uintptr_t>(t.data()) % 64 == 0);
    CHECK(t.bytes() == static_cast<std::size_t>(size) * 4);
    for (const float value : t.span()) REQUIRE(value == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(Tensor<std::uint8_t>::uninitialized({size}).data()) % 64 == 0);
  }
}

TEST_CASE("moving a tensor takes its elements along and leaves an empty one", "[core][tensor]") {
  Tensor<double> a({2, 3});
  a[5] = 7;
  const double* data = a.data();
  Tensor<double> b = std::move(a);
  CHECK(b.data() == data);
  CHECK(b[5] == 7);
  CHECK(a.empty());  // NOLINT: what is left is defined
  CHECK(a.size() == 0);
  Tensor<double> c({4});
  c = std::move(b);
  CHECK(c.data() == data);
  CHECK(c.shape() == Shape{2, 3});
}

TEST_CASE("clone copies the elements, and an empty tensor is cloned to an empty one", "[core][tensor]") {
  Tensor<float> a({2, 2});
  a[3] = 5;
  Tensor<float> b = a.clone();
  a[3] = 6;
  CHECK(b[3] == 5);
  CHECK(b.shape() == a.shape());
  CHECK(Tensor<float>().clone().empty());
}

TEST_CASE("a view is cut along its first axis and takes other sizes", "[core][tensor]") {
  Tensor<float> t({4, 3});
  for (std::int64_t i = 0; i < 12; ++i) t[i] = static_cast<float>(i);
  const TensorView<float> part = t.view().slice(1, 3);
  CHECK(part.shape == Shape{2, 3});
  CHECK(part[0] == 3);
  CHECK(part.reshape({6})[5] == 8);
  CHECK(t.view().slice(4, 4).size() == 0);
  CHECK(TensorView<float>().empty());
  CHECK(TensorView<float>().span().empty());
}

TEST_CASE("views refuse other numbers of elements and entries that are not there", "[core][tensor][errors]") {
  Tensor<float> t({4, 3});
  CHECK_THROWS_WITH(t.view().reshape({5, 2}), Contains("(4, 3)") && Contains("(5, 2)"));
  CHECK_THROWS_WITH(t.view().slice(2, 5), Contains("[2, 5)") && Contains("(4, 3)"));
  CHECK_THROWS_AS(t.view().slice(-1, 2), ShapeError);
  CHECK_THROWS_AS(t.view().slice(3, 2), ShapeError);
  CHECK_THROWS_AS((TensorView<float>(t.data(), Shape{}).slice(0, 1)), ShapeError);
}

TEST_CASE("a tensor larger than memory is refused with its size", "[core][tensor][errors]") {
  const std::int64_t large = std::int64_t{1} << 31;
  CHECK_THROWS_WITH((Tensor<double>({large, large})), Contains("(2147483648, 2147483648)"));
  // Refused by the system, or, with pointers of 32 bits, before it is asked.
  CHECK_THROWS_WITH((Tensor<double>({large, large / 16})), Contains("bytes") || Contains("larger than memory can be"));
}

TEST_CASE("a view counts more than 2^31 elements", "[core][tensor]") {
  const std::int64_t rows = 3, row = std::int64_t{1} << 31;
  static std::uint8_t start = 0;
  const TensorView<std::uint8_t> v(&start, {rows, row});
  CHECK(v.size() == 3 * row);
  CHECK(reinterpret_cast<std::uintptr_t>(v.slice(2, 3).data) - reinterpret_cast<std::uintptr_t>(&start) ==
        static_cast<std::uintptr_t>(2 * row));
}
