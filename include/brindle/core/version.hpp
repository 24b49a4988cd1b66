// SPDX-License-Identifier: MIT
#pragma once

// The only place of the version: CMake reads these three lines.
#define BRINDLE_VERSION_MAJOR 0
#define BRINDLE_VERSION_MINOR 2
#define BRINDLE_VERSION_PATCH 0
