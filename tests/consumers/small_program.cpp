// SPDX-License-Identifier: MIT
// What shows that a way of including the library has its headers, Eigen and threads, and compiles in a second.
#include <brindle/core/version.hpp>
#include <brindle/ops/add/add.hpp>
#include <brindle/ops/cpu.hpp>
#include <cstdio>

using namespace brindle;

int main() {
  const Cpu on(2);
  Tensor<float> a({100, 1000}), b({100, 1000}), y({100, 1000});
  for (std::int64_t i = 0; i < y.size(); ++i) a[i] = static_cast<float>(i), b[i] = static_cast<float>(2 * i);
  ops::add<float>(on, a, b, y);
  for (std::int64_t i = 0; i < y.size(); ++i)
    if (y[i] != a[i] + b[i]) return 1;
  std::printf("brindle %d.%d.%d adds\n", BRINDLE_VERSION_MAJOR, BRINDLE_VERSION_MINOR, BRINDLE_VERSION_PATCH);
  return 0;
}
