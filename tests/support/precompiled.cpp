// SPDX-License-Identifier: MIT
// The unit that makes the precompiled header of the tests.
