// SPDX-License-Identifier: MIT
#include <cublasLt.h>

#include <cstdint>
#include <cstring>

#include "simulated_cuda.hpp"

struct cublasLtContext {};

// The real types are opaque blocks of words; what this simulation needs is kept in the first ones.
namespace {

struct Layout {
  std::uint64_t rows, columns;
  std::int64_t stride;
};
struct Operation {
  cublasOperation_t a = CUBLAS_OP_N, b = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const float* bias = nullptr;
};
struct Preference {
  std::uint64_t workspace = 0;
  std::uint32_t alignment[4] = {256, 256, 256, 256};
};
struct Transform {
  cublasOperation_t a = CUBLAS_OP_N;
};

const Layout& of(cublasLtMatrixLayout_t l) { return *reinterpret_cast<const Layout*>(l); }

std::size_t bytes(const Layout& l) {
  return (static_cast<std::size_t>(l.stride) * (l.columns - 1) + l.rows) * sizeof(float);
}
bool aligned(const void* p, std::uint32_t to) { return reinterpret_cast<std::uintptr_t>(p) % to == 0; }

}  // namespace

extern "C" {

const char* cublasLtGetStatusString(cublasStatus_t) { return "an invalid value"; }
const char* cublasLtGetStatusName(cublasStatus_t) { return "CUBLAS_STATUS_INVALID_VALUE"; }

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = reinterpret_cast<cublasLtHandle_t>(new cublasLtContext);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete reinterpret_cast<cublasLtContext*>(handle);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type, std::uint64_t rows,
                                          std::uint64_t columns, std::int64_t stride) {
  if (type != CUDA_R_32F || rows == 0 || columns == 0 || stride < static_cast<std::int64_t>(rows))
    return CUBLAS_STATUS_INVALID_VALUE;
  *layout = reinterpret_cast<cublasLtMatrixLayout_t>(new Layout{rows, columns, stride});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete reinterpret_cast<Layout*>(layout);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* desc, cublasComputeType_t, cudaDataType_t) {
  *desc = reinterpret_cast<cublasLtMatmulDesc_t>(new Operation);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc) {
  delete reinterpret_cast<Operation*>(desc);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t what,
                                              const void* value, std::size_t size) {
  auto& o = *reinterpret_cast<Operation*>(desc);
  const auto take = [&](auto& to) {
    if (size != sizeof to) return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(&to, value, size);
    return CUBLAS_STATUS_SUCCESS;
  };
  switch (what) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return take(o.a);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return take(o.b);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return take(o.epilogue);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return take(o.bias);
    default:
      return CUBLAS_STATUS_INVALID_VALUE;
  }
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = reinterpret_cast<cublasLtMatmulPreference_t>(new Preference);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete reinterpret_cast<Preference*>(preference);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t what, const void* value,
                                                    std::size_t size) {
  auto& p = *reinterpret_cast<Preference*>(preference);
  if (what == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES && size == 8) {
    std::memcpy(&p.workspace, value, size);
    return CUBLAS_STATUS_SUCCESS;
  }
  const int which = static_cast<int>(what) - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
  if (which < 0 || which > 3 || size != 4) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&p.alignment[which], value, size);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatmulPreference_t preference, int,
                                              cublasLtMatmulHeuristicResult_t* results, int* count) {
  if (simulated_cuda::refusals().epilogues &&
      reinterpret_cast<const Operation*>(desc)->epilogue != CUBLASLT_EPILOGUE_DEFAULT)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  std::memset(results, 0, sizeof *results);
  std::memcpy(&results->algo, reinterpret_cast<const Preference*>(preference), sizeof(Preference));
  *count = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t desc, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_desc, const void* b, cublasLtMatrixLayout_t b_desc,
                              const void* beta, const void* c, cublasLtMatrixLayout_t, void* d,
                              cublasLtMatrixLayout_t d_desc, const cublasLtMatmulAlgo_t* algo, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  const auto o = *reinterpret_cast<const Operation*>(desc);
  const Layout la = of(a_desc), lb = of(b_desc), ld = of(d_desc);
  const auto chosen = *reinterpret_cast<const Preference*>(algo);
  const float scale = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  const std::uint64_t m = o.a == CUBLAS_OP_T ? la.columns : la.rows, k = o.a == CUBLAS_OP_T ? la.rows : la.columns;
  const std::uint64_t n = o.b == CUBLAS_OP_T ? lb.rows : lb.columns, kb = o.b == CUBLAS_OP_T ? lb.columns : lb.rows;
  const bool has_bias = (o.epilogue & CUBLASLT_EPILOGUE_BIAS) != 0;
  if (k != kb || m != ld.rows || n != ld.columns || c != d || workspace_bytes < chosen.workspace ||
      !aligned(a, chosen.alignment[0]) || !aligned(b, chosen.alignment[1]) || !aligned(d, chosen.alignment[3]) ||
      !aligned(workspace, 256) || !simulated_cuda::on_gpu(a, bytes(la)) || !simulated_cuda::on_gpu(b, bytes(lb)) ||
      !simulated_cuda::on_gpu(d, bytes(ld)) || !simulated_cuda::on_gpu(workspace, workspace_bytes) ||
      (has_bias && !aligned(o.bias, 16)) || (has_bias && !simulated_cuda::on_gpu(o.bias, m * sizeof(float))))
    return CUBLAS_STATUS_INVALID_VALUE;
  simulated_cuda::enqueue(stream, [=] {
    std::memset(workspace, 0xFF, 4096);
    const auto* x = static_cast<const float*>(a);
    const auto* y = static_cast<const float*>(b);
    auto* z = static_cast<float*>(d);
    const auto sa = static_cast<std::uint64_t>(la.stride), sb = static_cast<std::uint64_t>(lb.stride),
               sd = static_cast<std::uint64_t>(ld.stride);
    for (std::uint64_t j = 0; j < n; ++j)
      for (std::uint64_t i = 0; i < m; ++i) {
        double sum = 0;
        for (std::uint64_t t = 0; t < k; ++t)
          sum += double(o.a == CUBLAS_OP_T ? x[t + i * sa] : x[i + t * sa]) *
                 double(o.b == CUBLAS_OP_T ? y[j + t * sb] : y[t + j * sb]);
        float value = scale * static_cast<float>(sum) + (keep != 0 ? keep * z[i + j * sd] : 0.0f);
        if (has_bias) value += o.bias[i];
        if ((o.epilogue & CUBLASLT_EPILOGUE_RELU) != 0) value = value < 0 ? 0 : value;
        z[i + j * sd] = value;
      }
  });
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixTransformDescCreate(cublasLtMatrixTransformDesc_t* desc, cudaDataType) {
  *desc = reinterpret_cast<cublasLtMatrixTransformDesc_t>(new Transform);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixTransformDescDestroy(cublasLtMatrixTransformDesc_t desc) {
  delete reinterpret_cast<Transform*>(desc);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixTransformDescSetAttribute(cublasLtMatrixTransformDesc_t desc,
                                                       cublasLtMatrixTransformDescAttributes_t what, const void* value,
                                                       std::size_t size) {
  auto& t = *reinterpret_cast<Transform*>(desc);
  if (what != CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSA || size != sizeof t.a) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&t.a, value, size);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixTransform(cublasLtHandle_t, cublasLtMatrixTransformDesc_t desc, const void* alpha,
                                       const void* a, cublasLtMatrixLayout_t a_desc, const void*, const void* b,
                                       cublasLtMatrixLayout_t, void* c, cublasLtMatrixLayout_t c_desc,
                                       cudaStream_t stream) {
  const Layout from = of(a_desc), to = of(c_desc);
  if (reinterpret_cast<const Transform*>(desc)->a != CUBLAS_OP_T || *static_cast<const float*>(alpha) != 1 || b ||
      from.rows != to.columns || from.columns != to.rows || !simulated_cuda::on_gpu(a, bytes(from)) ||
      !simulated_cuda::on_gpu(c, bytes(to)))
    return CUBLAS_STATUS_INVALID_VALUE;
  simulated_cuda::enqueue(stream, [=] {
    const auto sf = static_cast<std::uint64_t>(from.stride), st = static_cast<std::uint64_t>(to.stride);
    for (std::uint64_t j = 0; j < to.columns; ++j)
      for (std::uint64_t i = 0; i < to.rows; ++i)
        static_cast<float*>(c)[i + j * st] = static_cast<const float*>(a)[j + i * sf];
  });
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"
