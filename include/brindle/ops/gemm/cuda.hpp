// SPDX-License-Identifier: MIT
#pragma once

#include <cublasLt.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <type_traits>

#include "brindle/core/cuda.hpp"
#include "brindle/ops/activation/cuda.hpp"
#include "brindle/ops/cuda_cudnn.hpp"
#include "brindle/ops/cuda_scratch.hpp"
#include "brindle/ops/gemm/cuda_product.hpp"
#include "brindle/ops/gemm/gemm.hpp"

namespace brindle::ops::kernel {

/// A matrix of floats as cuBLASLt sees it: columns of `rows` elements.
class CublasMatrix {
 public:
  CublasMatrix(std::int64_t rows, std::int64_t columns, std::int64_t stride) {
    BRINDLE_CUDA_CHECK(cublasLtMatrixLayoutCreate(&layout_, CUDA_R_32F, static_cast<std::uint64_t>(rows),
                                                  static_cast<std::uint64_t>(columns), stride));
  }
  CublasMatrix(const CublasMatrix&) = delete;
  CublasMatrix& operator=(const CublasMatrix&) = delete;
  ~CublasMatrix() { static_cast<void>(cublasLtMatrixLayoutDestroy(layout_)); }
  operator cublasLtMatrixLayout_t() const { return layout_; }

 private:
  cublasLtMatrixLayout_t layout_ = nullptr;
};

/// out (columns, rows) = in (rows, columns) transposed, both dense and row-major, by cuBLASLt.
inline void cublas_transpose(const Cuda& on, std::int64_t rows, std::int64_t columns, const float* in, float* out) {
  const auto lock = on.lock();
  const CublasMatrix from(columns, rows, columns), to(rows, columns, rows);
  cublasLtMatrixTransformDesc_t transform = nullptr;
  BRINDLE_CUDA_CHECK(cublasLtMatrixTransformDescCreate(&transform, CUDA_R_32F));
  const cublasOperation_t turned = CUBLAS_OP_T;
  const float one = 1, zero = 0;
  cublasStatus_t status =
      cublasLtMatrixTransformDescSetAttribute(transform, CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSA, &turned, sizeof turned);
  if (status == CUBLAS_STATUS_SUCCESS)
    status =
        cublasLtMatrixTransform(on.cublas(), transform, &one, in, from, &zero, nullptr, nullptr, out, to, on.stream());
  static_cast<void>(cublasLtMatrixTransformDescDestroy(transform));
  brindle::detail::check_cuda(status, "cublasLtMatrixTransform", __FILE__, __LINE__);
}

template <>
struct gemm<float, Cuda> {
  static std::int64_t workspace(const Cuda&, std::int64_t, std::int64_t, std::int64_t, const GemmOptions&) {
    CudaScratch scratch;
    scratch.take<std::byte>(library_bytes);
    return scratch.bytes();
  }

  static void run(const Cuda& on, const MatrixView<const float, Cuda>& a, const MatrixView<const float, Cuda>& b,
                  In<float, Cuda> bias, const MatrixView<float, Cuda>& c, const GemmOptions& o,
                  Workspace<Cuda> workspace) {
    const ColumnMajorProduct p = ColumnMajorProduct::of(a, b, c, o);
    if (p.k < 1) brindle::detail::raise<ShapeError>("gemm: on the GPU the sum needs at least one term, got none");
    CudaScratch scratch(workspace);
    auto* library = scratch.take<std::byte>(library_bytes);

    const auto lock = on.lock();
    const CublasMatrix first(p.first_rows, p.first_columns, p.first_stride);
    const CublasMatrix second(p.second_rows, p.second_columns, p.second_stride);
    const CublasMatrix result(p.m, p.n, p.c_stride);
    const cublasLtEpilogue_t wanted = epilogue(bias, o.activation);
    const Key key{p.m,
                  p.n,
                  p.k,
                  p.first_stride,
                  p.second_stride,
                  p.c_stride,
                  p.transpose_first,
                  p.transpose_second,
                  wanted,
                  o.accumulate,
                  alignment(a.data),
                  alignment(b.data),
                  alignment(c.data)};
    auto& plans = on.cache<Plans>().by_problem;
    auto found = plans.find(key);
    if (found == plans.end())
      found = plans.emplace(key, choose(on, p, wanted, bias.data, first, second, result, key)).first;
    const Plan& plan = found->second;
    const Operation operation(on.precision(), p, plan.epilogue, bias.data);
    const float one = 1, beta = o.accumulate ? 1.0f : 0.0f;
    BRINDLE_CUDA_CHECK(cublasLtMatmul(on.cublas(), operation, &one, b.data, first, a.data, second, &beta, c.data,
                                      result, c.data, result, &plan.algorithm, library,
                                      static_cast<std::size_t>(library_bytes), on.stream()));
    const bool bare = plan.epilogue == CUBLASLT_EPILOGUE_DEFAULT;
    if (bare && !bias.empty()) {
      TensorDescriptor matrix;
      describe_matrix(matrix, c.rows, c.columns, c.stride);
      cudnn_add_bias(on, c.columns, bias.data, matrix, c.data);
    }
    if (o.activation != ActivationFunction::linear && (bare || o.activation != ActivationFunction::relu))
      cuda_activation(on, o.activation, c.rows, c.columns, c.stride, c.data, c.data);
  }

 private:
  static constexpr std::int64_t library_bytes = 32 << 20;  // what cuBLAS's documentation advises for Hopper

  using Key = std::array<std::int64_t, 13>;
  struct Plan {
    cublasLtMatmulAlgo_t algorithm;
    cublasLtEpilogue_t epilogue;  // the wanted one, or none
  };
  struct Plans {
    std::map<Key, Plan> by_problem;
  };

  // What cuBLASLt does to the product before it writes it. It reads the bias 16 bytes at once.
  static cublasLtEpilogue_t epilogue(In<float, Cuda> bias, ActivationFunction f) {
    const bool relu = f == ActivationFunction::relu;
    if (bias.empty()) return relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT;
    if (alignment(bias.data) < 16) return CUBLASLT_EPILOGUE_DEFAULT;
    return relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
  }

  // cuBLASLt takes faster kernels where arrays begin at multiples of 16 bytes and more.
  static std::int64_t alignment(const void* p) {
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    std::int64_t bytes = 256;
    while (address % static_cast<std::uintptr_t>(bytes) != 0) bytes /= 2;
    return bytes;
  }

  class Operation {
   public:
    Operation(Precision precision, const ColumnMajorProduct& p, cublasLtEpilogue_t epilogue, const float* bias) {
      const cublasComputeType_t compute = precision == Precision::tf32   ? CUBLAS_COMPUTE_32F_FAST_TF32
                                          : precision == Precision::bf16 ? CUBLAS_COMPUTE_32F_FAST_16BF
                                                                         : CUBLAS_COMPUTE_32F;
      BRINDLE_CUDA_CHECK(cublasLtMatmulDescCreate(&handle_, compute, CUDA_R_32F));
      set(CUBLASLT_MATMUL_DESC_TRANSA, p.transpose_first ? CUBLAS_OP_T : CUBLAS_OP_N);
      set(CUBLASLT_MATMUL_DESC_TRANSB, p.transpose_second ? CUBLAS_OP_T : CUBLAS_OP_N);
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
      if (bias && epilogue != CUBLASLT_EPILOGUE_DEFAULT) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() { static_cast<void>(cublasLtMatmulDescDestroy(handle_)); }
    operator cublasLtMatmulDesc_t() const { return handle_; }

   private:
    template <class V>
    void set(cublasLtMatmulDescAttributes_t what, V value) {
      BRINDLE_CUDA_CHECK(cublasLtMatmulDescSetAttribute(handle_, what, &value, sizeof value));
    }
    cublasLtMatmulDesc_t handle_ = nullptr;
  };

  // Its algorithm for the product with the epilogue, else for the product alone.
  static Plan choose(const Cuda& on, const ColumnMajorProduct& p, cublasLtEpilogue_t wanted, const float* bias,
                     const CublasMatrix& first, const CublasMatrix& second, const CublasMatrix& result,
                     const Key& key) {
    cublasLtMatmulPreference_t preference = nullptr;
    BRINDLE_CUDA_CHECK(cublasLtMatmulPreferenceCreate(&preference));
    const std::unique_ptr<std::remove_pointer_t<cublasLtMatmulPreference_t>, PreferenceEnd> owner(preference);
    const auto set = [&](cublasLtMatmulPreferenceAttributes_t what, auto value) {
      BRINDLE_CUDA_CHECK(cublasLtMatmulPreferenceSetAttribute(preference, what, &value, sizeof value));
    };
    set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::uint64_t>(library_bytes));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, static_cast<std::uint32_t>(key[11]));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, static_cast<std::uint32_t>(key[10]));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, static_cast<std::uint32_t>(key[12]));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, static_cast<std::uint32_t>(key[12]));
    for (const cublasLtEpilogue_t epilogue : {wanted, CUBLASLT_EPILOGUE_DEFAULT}) {
      const Operation operation(on.precision(), p, epilogue, bias);
      cublasLtMatmulHeuristicResult_t best{};
      int count = 0;
      const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(on.cublas(), operation, first, second, result,
                                                                   result, preference, 1, &best, &count);
      if (status == CUBLAS_STATUS_NOT_SUPPORTED || (status == CUBLAS_STATUS_SUCCESS && count == 0)) continue;
      brindle::detail::check_cuda(status, "cublasLtMatmulAlgoGetHeuristic", __FILE__, __LINE__);
      return {best.algo, epilogue};
    }
    brindle::detail::raise<CudaError>("cuBLASLt has no algorithm for a product of " + std::to_string(key[1]) + " x " +
                                      std::to_string(key[0]) + " with a sum over " + std::to_string(key[2]));
  }

  struct PreferenceEnd {
    void operator()(cublasLtMatmulPreference_t p) const { static_cast<void>(cublasLtMatmulPreferenceDestroy(p)); }
  };
};

}  // namespace brindle::ops::kernel
