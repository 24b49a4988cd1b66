#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

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

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#pragma GCC diagnostic ignored "-Wdouble-promotion"
namespace brindle::image::internal::stb {
#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#else
#include <stb_image.h>
#endif
}  // namespace brindle::image::internal::stb
#pragma GCC diagnostic pop

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
#undef STBI_NO_ZLIB
#pragma pop_macro("STBI_NO_ZLIB")
#undef stbi__errpuc
#pragma pop_macro("stbi__errpuc")
#undef stbi__errpf
#pragma pop_macro("stbi__errpf")
#undef stbi__err
#pragma pop_macro("stbi__err")

namespace brindle::image::internal {

/// Bytes in memory as stb reads them. It notes when more was asked for than there is: stb_image fills the missing part
/// of a JPEG with grey instead of calling it an error, and a whole file is never read past its end.
struct ByteReader {
  std::span<const std::uint8_t> bytes;
  std::size_t position = 0;
  bool past_end = false;

  int read(char* to, int count) {
    const std::size_t left = bytes.size() - position;
    if (left == 0) past_end = true;
    const std::size_t n = left < static_cast<std::size_t>(count) ? left : static_cast<std::size_t>(count);
    if (n) std::memcpy(to, bytes.data() + position, n);
    position += n;
    return static_cast<int>(n);
  }

  void skip(int count) {
    if (count < 0) {  // stb gives back what it has buffered
      const std::size_t back = static_cast<std::size_t>(-static_cast<std::int64_t>(count));
      position = back > position ? 0 : position - back;
      return;
    }
    const std::size_t left = bytes.size() - position;
    if (static_cast<std::size_t>(count) > left) past_end = true;
    position += static_cast<std::size_t>(count) > left ? left : static_cast<std::size_t>(count);
  }
};

}  // namespace brindle::image::internal

#endif  // BRINDLE_HAS_STB_IMAGE
