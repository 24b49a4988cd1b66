#pragma once

// The definitions of the templates of io/: see brindle/definitions.hpp.
#include "brindle/core/inline.hpp"
#ifdef BRINDLE_COMPILED  // what is no template is in the library, too
#undef BRINDLE_INLINE
#define BRINDLE_INLINE inline
#endif

#include "brindle/io/features_inl.hpp"
#include "brindle/io/load_keras_inl.hpp"
#include "brindle/io/load_weights_inl.hpp"
#include "brindle/io/npz_inl.hpp"
#include "brindle/io/safetensors_inl.hpp"
#include "brindle/io/saved_model_inl.hpp"
#include "brindle/io/weight_file_inl.hpp"

#ifdef BRINDLE_COMPILED
#define BRINDLE_INSTANTIATION extern
#include "brindle/io/instantiations.inc"
#undef BRINDLE_INSTANTIATION
#endif
