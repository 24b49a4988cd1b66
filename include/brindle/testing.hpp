// SPDX-License-Identifier: MIT
#pragma once

// Checks for layers, losses and optimizers of one's own, for the tests of a program; they need no test framework.
// Include it beside brindle/brindle.hpp.
#include "brindle/testing/check_gradient.hpp"
#include "brindle/testing/check_layer.hpp"
#include "brindle/testing/check_loss.hpp"
#include "brindle/testing/check_optimizer.hpp"
#include "brindle/testing/lone_layer.hpp"
#include "brindle/testing/samples.hpp"
