#pragma once

// How functions that are no templates are defined in the *_inl.hpp files: once in every unit of a header-only program,
// which the linker makes one; once in the library of a program of the compiled form (BRINDLE_COMPILED). A program of
// that form may include them, too, for the templates among them (brindle/definitions.hpp).
#if defined(BRINDLE_COMPILED) && !defined(BRINDLE_DEFINITIONS)
#define BRINDLE_INLINE
#else
#define BRINDLE_INLINE inline
#endif
