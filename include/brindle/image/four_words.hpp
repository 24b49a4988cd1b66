// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>

// Four whole numbers at once, with the operations that loops over RGB pixels need; also for compilers without vector
// types.
namespace brindle::image::internal {

#if defined(__GNUC__) && !defined(__CUDACC__)
using FourWords = std::int32_t __attribute__((vector_size(16)));
#else
struct FourWords {
  std::int32_t at[4];

  FourWords& operator+=(const FourWords& b) {
    for (int i = 0; i < 4; ++i) at[i] += b.at[i];
    return *this;
  }
  friend FourWords operator*(std::int32_t a, const FourWords& b) {
    return {{a * b.at[0], a * b.at[1], a * b.at[2], a * b.at[3]}};
  }
};
#endif

inline FourWords four_words(const std::int32_t* from) {
  FourWords words;
  std::memcpy(&words, from, sizeof words);
  return words;
}

}  // namespace brindle::image::internal
