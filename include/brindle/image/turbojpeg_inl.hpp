// SPDX-License-Identifier: MIT
#pragma once

// Definitions of what turbojpeg.hpp declares.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "brindle/core/error.hpp"
#include "brindle/core/inline.hpp"
#include "brindle/image/turbojpeg.hpp"

// Defined by the CMake target brindle::turbojpeg, for all units of a program or for none: it changes what functions do,
// not what a class contains. In the compiled form that of the library counts, and no other unit sees this file.
#ifdef BRINDLE_TURBOJPEG
#include <turbojpeg.h>
#endif

namespace brindle::image::internal {

BRINDLE_INLINE void check_decoder([[maybe_unused]] const std::string& who, [[maybe_unused]] Decoder decoder) {
#ifndef BRINDLE_TURBOJPEG
  if (decoder != Decoder::stb)
    detail::raise<ValueError>(who + ": decoder is " + to_string(decoder) +
                              ", and brindle was compiled without libjpeg-turbo; install it (Debian: apt-get install "
                              "libturbojpeg0-dev) and link brindle::turbojpeg, which defines BRINDLE_TURBOJPEG");
#endif
}

BRINDLE_INLINE std::optional<Picture> read_by_turbojpeg(const PictureFile& file, [[maybe_unused]] const Size2& least) {
#ifdef BRINDLE_TURBOJPEG
  struct Close {
    void operator()(void* handle) const { tjDestroy(handle); }
  };
  thread_local std::unique_ptr<void, Close> handle;
  if (!handle) handle.reset(tjInitDecompress());
  if (!handle) detail::raise<Error>(file.name + ": libjpeg-turbo ran out of memory");
  const auto check = [&](int result) {
    if (result == 0) return;
    const std::string said = tjGetErrorStr2(handle.get());
    handle.reset();  // it may be in the middle of the file
    file.broken("libjpeg-turbo says \"" + said + "\"");
  };
  const auto bytes = static_cast<unsigned long>(file.bytes.size());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  check(tjDecompressHeader3(handle.get(), file.bytes.data(), bytes, &width, &height, &subsampling, &colours));
  file.check_size(width, height);
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) return std::nullopt;
  const tjscalingfactor by{1, static_cast<int>(jpeg_reduction(height, width, least))};
  Picture picture(TJSCALED(height, by), TJSCALED(width, by), 3);
  check(tjDecompress2(handle.get(), file.bytes.data(), bytes, picture.pixels.data(), static_cast<int>(picture.width),
                      static_cast<int>(3 * picture.width), static_cast<int>(picture.height), TJPF_RGB,
                      TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS));
  return picture;
#else
  detail::raise<FileError>(file.name +
                           ": is to be decoded by libjpeg-turbo, as the description of the input says, and brindle was "
                           "compiled without it; install it (Debian: apt-get install libturbojpeg0-dev) and link "
                           "brindle::turbojpeg, which defines BRINDLE_TURBOJPEG");
#endif
}

}  // namespace brindle::image::internal
