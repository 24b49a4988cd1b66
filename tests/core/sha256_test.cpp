// SPDX-License-Identifier: MIT
#include "brindle/core/sha256.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace brindle;

namespace {

std::string sum_of(const std::string& text) {
  Sha256 sum;
  sum.add(text);
  return sum.text();
}

}  // namespace

TEST_CASE("SHA-256 of the standard's examples is the standard's", "[core][sha256]") {
  CHECK(sum_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sum_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sum_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sum_of(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 of parts is that of the whole, wherever it is cut, and goes on after it was asked",
          "[core][sha256]") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += static_cast<char>(i * 37);
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string whole = sum_of(text.substr(0, length));
    for (const std::size_t cut : {std::size_t{0}, length / 3, length / 2, length}) {
      Sha256 sum;
      sum.add(text.substr(0, cut));
      CHECK(sum.text() == sum_of(text.substr(0, cut)));
      sum.add(text.substr(cut, length - cut));
      CHECK(sum.text() == whole);
    }
  }
}
