// SPDX-License-Identifier: MIT
// As cuda_kernels_test.cpp, of the losses.
#include <catch2/catch.hpp>
#include <cstdint>

#include "brindle/ops/binary_crossentropy/cuda_kernels.hpp"
#include "brindle/ops/categorical_crossentropy/cuda_kernels.hpp"
#include "brindle/ops/cpu.hpp"
#include "brindle/ops/regression_error/cuda_kernels.hpp"
#include "brindle/ops/sparse_categorical_crossentropy/cuda_kernels.hpp"
#include "support/each_index.hpp"
#include "support/tensors.hpp"
#include "support/tolerance.hpp"

using namespace brindle;
using namespace brindle::test;
namespace kernel = brindle::ops::kernel;

namespace {

const Cpu one_thread{1};

}  // namespace

TEST_CASE("the GPU's losses and their gradients have the bits of the processor's", "[ops][cuda_kernels]") {
  const std::int64_t samples = 5, k = 3;
  const Tensor<float> z = random_tensor<float>({samples, k}, 9, -20, 20);
  const Tensor<float> p = random_tensor<float>({samples, k}, 10, -0.1, 1.1);
  const Tensor<float> t = random_tensor<float>({samples, k}, 11, 0, 1),
                      weight = random_tensor<float>({samples}, 12, 0, 2);
  Tensor<std::int32_t> classes({samples});
  for (std::int64_t i = 0; i < samples; ++i) classes[i] = static_cast<std::int32_t>(i % k);

  for (const bool with_weights : {false, true})
    for (const bool logits : {false, true}) {
      const Tensor<float>& x = logits ? z : p;
      const TensorView<const float> w = with_weights ? weight.view() : TensorView<const float>{};
      Tensor<float> each({samples}), dx({samples, k}), gpu_each = unwritten<float>({samples}),
                                                       gpu_dx = unwritten<float>({samples, k});
      for (const ops::BinaryCrossentropyOptions& o :
           {ops::BinaryCrossentropyOptions{}, {.keras2 = true}, {.label_smoothing = 0.2, .gamma = 2, .alpha = 0.3}}) {
        if (logits)
          ops::binary_crossentropy_logits<float>(one_thread, x, t, w, each, dx, o);
        else
          ops::binary_crossentropy<float>(one_thread, x, t, w, each, dx, o);
        each_index(samples, kernel::BinaryCrossentropySample<float>{x.data(), t.data(), w.data, gpu_each.data(),
                                                                    gpu_dx.data(), samples, k, logits, o});
        CHECK(same_bits(gpu_each, each));
        CHECK(same_bits(gpu_dx, dx));
      }
      for (const double smoothing : {0.0, 0.2}) {
        const ops::SparseCategoricalCrossentropyOptions o{smoothing};
        if (logits)
          ops::sparse_categorical_crossentropy_logits<float>(one_thread, x, classes, w, each, dx, o);
        else
          ops::sparse_categorical_crossentropy<float>(one_thread, x, classes, w, each, dx, o);
        each_index(samples, kernel::SparseCategoricalCrossentropySample<float>{
                                x.data(), classes.data(), w.data, gpu_each.data(), gpu_dx.data(), samples, k, logits,
                                static_cast<float>(smoothing)});
        CHECK(same_bits(gpu_each, each));
        CHECK(same_bits(gpu_dx, dx));
      }
      for (const ops::CategoricalCrossentropyOptions& o :
           {ops::CategoricalCrossentropyOptions{}, {.label_smoothing = 0.2, .gamma = 1.5, .alpha = 0.3}}) {
        if (logits)
          ops::categorical_crossentropy_logits<float>(one_thread, x, t, w, each, dx, o);
        else
          ops::categorical_crossentropy<float>(one_thread, x, t, w, each, dx, o);
        each_index(samples, kernel::CategoricalCrossentropySample<float>{x.data(), t.data(), w.data, gpu_each.data(),
                                                                         gpu_dx.data(), samples, k, logits, o});
        CHECK(same_bits(gpu_each, each));
        CHECK(same_bits(gpu_dx, dx));
      }
      using Error = ops::RegressionError;
      for (const Error error : {Error::squared, Error::absolute, Error::huber}) {
        const ops::RegressionErrorOptions o{error, 0.7};
        ops::regression_error<float>(one_thread, x, t, w, each, dx, o);
        each_index(samples, kernel::RegressionErrorSample<float>{x.data(), t.data(), w.data, gpu_each.data(),
                                                                 gpu_dx.data(), samples, k, o});
        CHECK(same_bits(gpu_each, each));
        CHECK(same_bits(gpu_dx, dx));
      }
    }

  const Tensor<float> labels = converted<float>(classes);
  Tensor<std::int32_t> numbers = unwritten<std::int32_t>({samples});
  each_index(samples, kernel::ClassNumbers<float>{labels.data(), numbers.data()});
  CHECK(same_bits(numbers, classes));
}
