#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

// Under the address sanitizer memory that cannot be had is refused as without it, so that its errors can be tested.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
