// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "brindle/report/colour.hpp"
#include "brindle/report/drawing.hpp"

namespace brindle::report {

/// The colour scale viridis: equal steps look equally large, in grey and to colour-blind people too.
///
/// share: 0 (dark violet) to 1 (yellow), cut off outside. Every eighth value of the table that Stefan van der Walt and
/// Nathaniel Smith published for matplotlib under CC0 (bids.github.io/colormap); between them it is off by 2 of 255 at
/// most.
Rgb viridis(double share);

/// A bar of viridis with words at its ends: what the colours of a map mean.
Drawing colour_scale_drawing(const std::string& low, const std::string& high);

}  // namespace brindle::report

#ifndef BRINDLE_COMPILED
#include "brindle/report/colour_scale_inl.hpp"
#endif
