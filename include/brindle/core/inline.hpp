// SPDX-License-Identifier: MIT
#pragma once

// How functions that are no templates are defined in the *_inl.hpp files: once in every unit of a header-only program,
// which the linker makes one; once in the library of a program of the compiled form (BRINDLE_COMPILED). A unit of that
// form may see them, too, for the templates among them: core/inline_again.inc.
#ifdef BRINDLE_COMPILED
#define BRINDLE_INLINE
#else
#define BRINDLE_INLINE inline
#endif
