// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace example {

/// Runs a program in a folder with these arguments, and waits for its end. Its exit code; on Linux and its like 128 and
/// the signal's number where a signal ended it. What this program has printed stands before what that one prints.
/// Throws FileError, beginning with the program, where it cannot be started.
int run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                const std::filesystem::path& folder);

}  // namespace example
