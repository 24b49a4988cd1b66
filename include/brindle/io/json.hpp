// SPDX-License-Identifier: MIT
#pragma once

#if !__has_include(<nlohmann/json.hpp>)
#error \
    "brindle: saved models and safetensors files need nlohmann/json on the include path (Debian: nlohmann-json3-dev, one header)"
#endif
#include <nlohmann/json.hpp>
