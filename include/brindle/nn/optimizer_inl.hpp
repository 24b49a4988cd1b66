#pragma once

// Definitions of what optimizer.hpp declares.
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/core/number_text.hpp"
#include "brindle/nn/optimizer.hpp"

namespace brindle::detail {

BRINDLE_INLINE void check_learning_rate(const std::string& who, double rate) {
  if (!(rate >= 0 && rate <= 1e30))
    raise<ValueError>(who + ": learning_rate must be 0 to 1e30, got " + number_text(rate));
}

BRINDLE_INLINE void check_fraction(const std::string& who, const std::string& what, double value) {
  if (!(value >= 0 && value < 1))
    raise<ValueError>(who + ": " + what + " must be at least 0 and less than 1, got " + number_text(value));
}

}  // namespace brindle::detail
