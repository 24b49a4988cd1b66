// SPDX-License-Identifier: MIT
#pragma once

// The unit of the library for core/.

#ifndef BRINDLE_COMPILED
#define BRINDLE_COMPILED
#endif

#include "brindle/core/thread_pool_inl.hpp"
