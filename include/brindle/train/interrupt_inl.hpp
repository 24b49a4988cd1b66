// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what interrupt.hpp declares.
#include <csignal>

#include "brindle/core/inline.hpp"
#include "brindle/train/callback.hpp"
#include "brindle/train/interrupt.hpp"

namespace brindle {

BRINDLE_INLINE volatile std::sig_atomic_t& Interrupt::requested_flag() {
  static volatile std::sig_atomic_t flag = 0;
  return flag;
}

BRINDLE_INLINE void Interrupt::note(int) {
  requested_flag() = 1;
  std::signal(SIGINT, SIG_DFL);
}

BRINDLE_INLINE Callback pause_on(const Interrupt& interrupt) {
  const auto look = [&interrupt](FitState& s) { s.pause = s.pause || interrupt.requested(); };
  Callback callback;
  callback.step = look;
  callback.keeps_weights = true;
  callback.epoch = look;
  return callback;
}

}  // namespace brindle
