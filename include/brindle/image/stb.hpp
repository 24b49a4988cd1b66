// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "brindle/core/adler32.hpp"

// The one inclusion of stb_image, in a namespace of its own.

#if __has_include(<stb/stb_image.h>) || __has_include(<stb_image.h>)
#define BRINDLE_HAS_STB_IMAGE 1
#else
#define BRINDLE_HAS_STB_IMAGE 0
#endif

#if BRINDLE_HAS_STB_IMAGE

// What stb_image.h includes, so that nothing of it lands in the namespace below.
#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
#include <emmintrin.h>
#elif defined(__ARM_NEON) || defined(_M_ARM64)
#include <arm_neon.h>
#endif

namespace brindle::image::internal {

/// Bytes that one block of stb's may have, on this thread: what the picture in work can need, so that a small file that
/// claims much, or unpacks without end, is stopped before it takes memory. stb reports it as "outofmem".
inline std::size_t& largest_block() {
  thread_local std::size_t bytes = 0;
  return bytes;
}

inline void* allocate_block(std::size_t bytes) { return bytes > largest_block() ? nullptr : std::malloc(bytes); }
inline void* reallocate_block(void* block, std::size_t bytes) {
  return bytes > largest_block() ? nullptr : std::realloc(block, bytes);
}

}  // namespace brindle::image::internal

// A program may use stb_image itself, before or after this header: our copy is static, in a namespace, and leaves no
// macro.
#pragma push_macro("STB_IMAGE_IMPLEMENTATION")
#pragma push_macro("STB_IMAGE_STATIC")
#pragma push_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma push_macro("STBIDEF")
#pragma push_macro("STBI_MALLOC")
#pragma push_macro("STBI_REALLOC")
#pragma push_macro("STBI_REALLOC_SIZED")
#pragma push_macro("STBI_FREE")
#pragma push_macro("STBI_ASSERT")
#pragma push_macro("STBI_NO_STDIO")
#pragma push_macro("STBI_NO_LINEAR")
#pragma push_macro("STBI_NO_HDR")
#pragma push_macro("STBI_NO_PSD")
#pragma push_macro("STBI_NO_TGA")
#pragma push_macro("STBI_NO_PIC")
#pragma push_macro("STBI_NO_PNM")
#pragma push_macro("STBI_NO_ZLIB")
#pragma push_macro("STBI_NO_BMP")
#pragma push_macro("STBI_NO_GIF")
#pragma push_macro("stbi__resample_row_h_2")
#pragma push_macro("stbi__resample_row_hv_2")
#pragma push_macro("stbi__resample_row_hv_2_simd")
#pragma push_macro("stbi__errpuc")
#pragma push_macro("stbi__errpf")
#pragma push_macro("stbi__err")
#undef STB_IMAGE_IMPLEMENTATION
#undef STB_IMAGE_STATIC
#undef STBI_INCLUDE_STB_IMAGE_H
#undef STBIDEF
#undef STBI_MALLOC
#undef STBI_REALLOC
#undef STBI_REALLOC_SIZED
#undef STBI_FREE
#undef STBI_ASSERT
#undef STBI_NO_STDIO
#undef STBI_NO_LINEAR
#undef STBI_NO_HDR
#undef STBI_NO_PSD
#undef STBI_NO_TGA
#undef STBI_NO_PIC
#undef STBI_NO_PNM
#undef STBI_NO_ZLIB
#undef STBI_NO_BMP
#undef STBI_NO_GIF
#undef stbi__resample_row_h_2
#undef stbi__resample_row_hv_2
#undef stbi__resample_row_hv_2_simd
#undef stbi__errpuc
#undef stbi__errpf
#undef stbi__err
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_MALLOC(bytes) ::brindle::image::internal::allocate_block(bytes)
#define STBI_REALLOC(block, bytes) ::brindle::image::internal::reallocate_block(block, bytes)
#define STBI_FREE(block) ::std::free(block)
#define STBI_ASSERT(condition) static_cast<void>(0)
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
// Read by bmp.hpp and gif.hpp.
#define STBI_NO_BMP
#define STBI_NO_GIF
// Formats without a signature, or with a history of faults, and none that a photo collection has.
#define STBI_NO_HDR
#define STBI_NO_PSD
#define STBI_NO_TGA
#define STBI_NO_PIC
#define STBI_NO_PNM

// stb declares its functions extern "C": in one translation unit with a program's own copy their names would clash.
#define stbi__unpremultiply_on_load_thread brindle_stbi__unpremultiply_on_load_thread
#define stbi_convert_iphone_png_to_rgb brindle_stbi_convert_iphone_png_to_rgb
#define stbi_convert_iphone_png_to_rgb_thread brindle_stbi_convert_iphone_png_to_rgb_thread
#define stbi_convert_wchar_to_utf8 brindle_stbi_convert_wchar_to_utf8
#define stbi_failure_reason brindle_stbi_failure_reason
#define stbi_hdr_to_ldr_gamma brindle_stbi_hdr_to_ldr_gamma
#define stbi_hdr_to_ldr_scale brindle_stbi_hdr_to_ldr_scale
#define stbi_image_free brindle_stbi_image_free
#define stbi_info brindle_stbi_info
#define stbi_info_from_callbacks brindle_stbi_info_from_callbacks
#define stbi_info_from_file brindle_stbi_info_from_file
#define stbi_info_from_memory brindle_stbi_info_from_memory
#define stbi_is_16_bit brindle_stbi_is_16_bit
#define stbi_is_16_bit_from_callbacks brindle_stbi_is_16_bit_from_callbacks
#define stbi_is_16_bit_from_file brindle_stbi_is_16_bit_from_file
#define stbi_is_16_bit_from_memory brindle_stbi_is_16_bit_from_memory
#define stbi_is_hdr brindle_stbi_is_hdr
#define stbi_is_hdr_from_callbacks brindle_stbi_is_hdr_from_callbacks
#define stbi_is_hdr_from_file brindle_stbi_is_hdr_from_file
#define stbi_is_hdr_from_memory brindle_stbi_is_hdr_from_memory
#define stbi_ldr_to_hdr_gamma brindle_stbi_ldr_to_hdr_gamma
#define stbi_ldr_to_hdr_scale brindle_stbi_ldr_to_hdr_scale
#define stbi_load brindle_stbi_load
#define stbi_load_16 brindle_stbi_load_16
#define stbi_load_16_from_callbacks brindle_stbi_load_16_from_callbacks
#define stbi_load_16_from_memory brindle_stbi_load_16_from_memory
#define stbi_load_from_callbacks brindle_stbi_load_from_callbacks
#define stbi_load_from_file brindle_stbi_load_from_file
#define stbi_load_from_file_16 brindle_stbi_load_from_file_16
#define stbi_load_from_memory brindle_stbi_load_from_memory
#define stbi_load_gif_from_memory brindle_stbi_load_gif_from_memory
#define stbi_loadf brindle_stbi_loadf
#define stbi_loadf_from_callbacks brindle_stbi_loadf_from_callbacks
#define stbi_loadf_from_file brindle_stbi_loadf_from_file
#define stbi_loadf_from_memory brindle_stbi_loadf_from_memory
#define stbi_set_flip_vertically_on_load brindle_stbi_set_flip_vertically_on_load
#define stbi_set_flip_vertically_on_load_thread brindle_stbi_set_flip_vertically_on_load_thread
#define stbi_set_unpremultiply_on_load brindle_stbi_set_unpremultiply_on_load
#define stbi_set_unpremultiply_on_load_thread brindle_stbi_set_unpremultiply_on_load_thread
#define stbi_zlib_decode_buffer brindle_stbi_zlib_decode_buffer
#define stbi_zlib_decode_malloc brindle_stbi_zlib_decode_malloc
#define stbi_zlib_decode_malloc_guesssize brindle_stbi_zlib_decode_malloc_guesssize
#define stbi_zlib_decode_malloc_guesssize_headerflag brindle_stbi_zlib_decode_malloc_guesssize_headerflag
#define stbi_zlib_decode_noheader_buffer brindle_stbi_zlib_decode_noheader_buffer
#define stbi_zlib_decode_noheader_malloc brindle_stbi_zlib_decode_noheader_malloc

#include "brindle/image/stb_begin.inc"
namespace brindle::image::internal::stb {

// Four functions of stb's are not as libjpeg's or do not look closely enough. Its file stays as it is: functions of
// ours take their place by the rules of the language, and image/decode_test.cpp fails if a later version goes around
// them.
//
// A macro with parameters stands for a name only where a parenthesis follows: stb's definitions get another name, and
// where stb takes the address, to call it for each row, it finds ours, declared here.
static unsigned char* stbi__resample_row_h_2(unsigned char*, unsigned char*, unsigned char*, int, int);
static unsigned char* stbi__resample_row_hv_2(unsigned char*, unsigned char*, unsigned char*, int, int);
static unsigned char* stbi__resample_row_hv_2_simd(unsigned char*, unsigned char*, unsigned char*, int, int);
#define stbi__resample_row_h_2(out, near_row, far_row, width, factor) \
  stb_resample_row_h_2(out, near_row, far_row, width, factor)
#define stbi__resample_row_hv_2(out, near_row, far_row, width, factor) \
  stb_resample_row_hv_2(out, near_row, far_row, width, factor)
#define stbi__resample_row_hv_2_simd(out, near_row, far_row, width, factor) \
  stb_resample_row_hv_2_simd(out, near_row, far_row, width, factor)
// An overload that fits the one call in the PNG decoder better than stb's own.
static char* brindle_stbi_zlib_decode_malloc_guesssize_headerflag(char*, unsigned, unsigned, int*, bool);

#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#else
#include <stb_image.h>
#endif

#undef stbi__resample_row_h_2
#undef stbi__resample_row_hv_2
#undef stbi__resample_row_hv_2_simd

/// Rows of one or two samples are repeated, not blended, as libjpeg does (jdsample.c, downsampled_width > 2).
static unsigned char* repeat_samples(unsigned char* out, const unsigned char* row, int width) {
  for (int i = 0; i < width; ++i) out[2 * i] = out[2 * i + 1] = row[i];
  return out;
}

/// Chroma of a row, two samples from one: 3 parts of the near sample and 1 of the one beside it. stb has these weights
/// the wrong way round for the last but one.
static unsigned char* stbi__resample_row_h_2(unsigned char* out, unsigned char* near_row, unsigned char* far_row,
                                             int width, int factor) {
  if (width <= 2) return repeat_samples(out, near_row, width);
  stb_resample_row_h_2(out, near_row, far_row, width, factor);
  out[2 * width - 2] = static_cast<unsigned char>((3 * near_row[width - 1] + near_row[width - 2] + 2) >> 2);
  return out;
}

/// The same with the row above or below blended too.
/// @{
static unsigned char* stbi__resample_row_hv_2(unsigned char* out, unsigned char* near_row, unsigned char* far_row,
                                              int width, int factor) {
  if (width <= 2) return repeat_samples(out, near_row, width);
  return stb_resample_row_hv_2(out, near_row, far_row, width, factor);
}
#if defined(STBI_SSE2) || defined(STBI_NEON)
static unsigned char* stbi__resample_row_hv_2_simd(unsigned char* out, unsigned char* near_row, unsigned char* far_row,
                                                   int width, int factor) {
  if (width <= 2) return repeat_samples(out, near_row, width);
  return stb_resample_row_hv_2_simd(out, near_row, far_row, width, factor);
}
#endif
/// @}

/// As stb's, and the checksum must be that of the data. Data without one are left to those who call.
static char* brindle_stbi_zlib_decode_malloc_guesssize_headerflag(char* buffer, unsigned length, unsigned guess,
                                                                  int* out_length, bool header) {
  stbi__zbuf z;
  char* out = static_cast<char*>(stbi__malloc(guess));
  if (out == nullptr) return nullptr;
  z.zbuffer = reinterpret_cast<stbi_uc*>(buffer);
  z.zbuffer_end = z.zbuffer + length;
  if (!stbi__do_zlib(&z, out, static_cast<int>(guess), 1, header ? 1 : 0)) {
    STBI_FREE(z.zout_start);
    return nullptr;
  }
  *out_length = static_cast<int>(z.zout - z.zout_start);
  // Of the bytes that it took, whole ones may not be used yet.
  const stbi_uc* end = z.zbuffer - z.num_bits / 8;
  if (header && z.zbuffer_end - end >= 4) {
    const std::uint32_t stored =
        std::uint32_t{end[0]} << 24 | std::uint32_t{end[1]} << 16 | std::uint32_t{end[2]} << 8 | end[3];
    if (stored != ::brindle::detail::adler32_of(
                      {reinterpret_cast<const std::uint8_t*>(z.zout_start), static_cast<std::size_t>(*out_length)})) {
      STBI_FREE(z.zout_start);
      stbi__err("its pixels do not have their checksum", "");
      return nullptr;
    }
  }
  return z.zout_start;
}

}  // namespace brindle::image::internal::stb
#include "brindle/image/stb_end.inc"

#undef stbi__unpremultiply_on_load_thread
#undef stbi_convert_iphone_png_to_rgb
#undef stbi_convert_iphone_png_to_rgb_thread
#undef stbi_convert_wchar_to_utf8
#undef stbi_failure_reason
#undef stbi_hdr_to_ldr_gamma
#undef stbi_hdr_to_ldr_scale
#undef stbi_image_free
#undef stbi_info
#undef stbi_info_from_callbacks
#undef stbi_info_from_file
#undef stbi_info_from_memory
#undef stbi_is_16_bit
#undef stbi_is_16_bit_from_callbacks
#undef stbi_is_16_bit_from_file
#undef stbi_is_16_bit_from_memory
#undef stbi_is_hdr
#undef stbi_is_hdr_from_callbacks
#undef stbi_is_hdr_from_file
#undef stbi_is_hdr_from_memory
#undef stbi_ldr_to_hdr_gamma
#undef stbi_ldr_to_hdr_scale
#undef stbi_load
#undef stbi_load_16
#undef stbi_load_16_from_callbacks
#undef stbi_load_16_from_memory
#undef stbi_load_from_callbacks
#undef stbi_load_from_file
#undef stbi_load_from_file_16
#undef stbi_load_from_memory
#undef stbi_load_gif_from_memory
#undef stbi_loadf
#undef stbi_loadf_from_callbacks
#undef stbi_loadf_from_file
#undef stbi_loadf_from_memory
#undef stbi_set_flip_vertically_on_load
#undef stbi_set_flip_vertically_on_load_thread
#undef stbi_set_unpremultiply_on_load
#undef stbi_set_unpremultiply_on_load_thread
#undef stbi_zlib_decode_buffer
#undef stbi_zlib_decode_malloc
#undef stbi_zlib_decode_malloc_guesssize
#undef stbi_zlib_decode_malloc_guesssize_headerflag
#undef stbi_zlib_decode_noheader_buffer
#undef stbi_zlib_decode_noheader_malloc

#pragma pop_macro("STB_IMAGE_IMPLEMENTATION")
#pragma pop_macro("STB_IMAGE_STATIC")
#pragma pop_macro("STBI_INCLUDE_STB_IMAGE_H")
#pragma pop_macro("STBIDEF")
#pragma pop_macro("STBI_MALLOC")
#pragma pop_macro("STBI_REALLOC")
#pragma pop_macro("STBI_REALLOC_SIZED")
#pragma pop_macro("STBI_FREE")
#pragma pop_macro("STBI_ASSERT")
#pragma pop_macro("STBI_NO_STDIO")
#pragma pop_macro("STBI_NO_LINEAR")
#pragma pop_macro("STBI_NO_HDR")
#pragma pop_macro("STBI_NO_PSD")
#pragma pop_macro("STBI_NO_TGA")
#pragma pop_macro("STBI_NO_PIC")
#pragma pop_macro("STBI_NO_PNM")
#pragma pop_macro("STBI_NO_BMP")
#pragma pop_macro("STBI_NO_GIF")
#undef stbi__resample_row_h_2
#pragma pop_macro("stbi__resample_row_h_2")
#undef stbi__resample_row_hv_2
#pragma pop_macro("stbi__resample_row_hv_2")
#undef stbi__resample_row_hv_2_simd
#pragma pop_macro("stbi__resample_row_hv_2_simd")
#undef STBI_NO_ZLIB
#pragma pop_macro("STBI_NO_ZLIB")
#undef stbi__errpuc
#pragma pop_macro("stbi__errpuc")
#undef stbi__errpf
#pragma pop_macro("stbi__errpf")
#undef stbi__err
#pragma pop_macro("stbi__err")

#endif  // BRINDLE_HAS_STB_IMAGE
