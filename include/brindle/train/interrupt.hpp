// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>

#include "brindle/train/callback.hpp"

namespace brindle {

/// Turns the first Ctrl-C (SIGINT) into a wish that fit() ends after its step; the second one ends the program as
/// usual. A program makes one if it wants that; when it goes, Ctrl-C does what it did before.
///
///     const Interrupt interrupt;
///     trainer.fit(photos, {.callbacks = {pause_on(interrupt)}, .checkpoint = checkpoint("run.checkpoint")});
///     if (interrupt.requested()) ...
class Interrupt {
 public:
  Interrupt() : before_(std::signal(SIGINT, &note)) { requested_flag() = 0; }
  ~Interrupt() { std::signal(SIGINT, before_ == SIG_ERR ? SIG_DFL : before_); }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested() const { return requested_flag() != 0; }  ///< Ctrl-C was pressed since this object was made

 private:
  // All that a handler may touch.
  static volatile std::sig_atomic_t& requested_flag();
  static void note(int);

  void (*before_)(int);
};

/// Ends fit() after the step in which an interrupt came, with a checkpoint if it has one. The interrupt must outlive
/// the callback.
Callback pause_on(const Interrupt& interrupt);

}  // namespace brindle

#ifndef BRINDLE_COMPILED
#include "brindle/train/interrupt_inl.hpp"
#endif
