// SPDX-License-Identifier: MIT
#include <cstdint>
#include <exception>
#include <string>
#include <thread>

#include "brindle/core/cuda_graph.hpp"
#include "brindle/core/cuda_launch.hpp"
#include "cuda/gpu.hpp"

using namespace brindle;
using namespace brindle::test;
using Catch::Contains;

namespace {

struct AddOne {
  std::int32_t* x;
  BRINDLE_HOST_DEVICE void operator()(std::int64_t i) const { x[i] += 1; }
};

}  // namespace

TEST_CASE("tensors come back from the GPU as they went", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  CHECK_FALSE(on.gpu_name().empty());
  for (const Shape& shape : {Shape{1}, Shape{3, 5, 7}, Shape{0, 4}, Shape{1 << 20}}) {
    const Tensor<float> x = random_tensor<float>(shape, 1);
    const Tensor<float, Cuda> there = x.to<Cuda>();
    CHECK(same_bits(there.to<Cpu>(), x));
    CHECK(same_bits(there.clone().to<Cpu>(), x));
  }
  const Tensor<float, Cuda> zeros({17});
  CHECK(same_bits(zeros.to<Cpu>(), Tensor<float>({17})));
  CHECK(Tensor<float, Cuda>{}.to<Cpu>().empty());
}

TEST_CASE("a kernel reaches every index once", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  for (const std::int64_t n : {1, 255, 256, 257, 1 << 18, (1 << 22) + 1}) {
    Tensor<std::int32_t, Cuda> x({n});
    launch(on, n, AddOne{x.data()});
    const Tensor<std::int32_t> back = x.to<Cpu>();
    std::int64_t ones = 0;
    for (const std::int32_t v : back.span()) ones += v == 1;
    CHECK(ones == n);
  }
  launch(on, 0, AddOne{nullptr});
  on.wait();
}

TEST_CASE("work that is recorded runs when it is replayed, as often as that", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on = Cuda().with_step(nullptr);
  Tensor<std::int32_t, Cuda> x({300});
  launch(on, x.size(), AddOne{x.data()});
  detail::CudaGraph graph;
  CHECK_FALSE(graph.recorded());
  graph.record(on, [&] {
    launch(on, x.size(), AddOne{x.data()});
    launch(on, x.size(), AddOne{x.data()});
  });
  CHECK(graph.recorded());
  CHECK(x.to<Cpu>()[299] == 1);
  for (int i = 0; i < 3; ++i) graph.replay(on);
  CHECK(x.to<Cpu>()[299] == 7);
  CHECK_THROWS_WITH(graph.record(Cuda(), [] {}), Contains("expected a context of with_step()"));
}

TEST_CASE("other threads use the GPU and the same context while one thread records", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda all;
  const Cuda on = all.with_step(nullptr);
  Tensor<std::int32_t, Cuda> x({300}), other({5});
  const Tensor<float> a = random_tensor<float>({4, 4}, 1);
  ops::relu<float>(all, a.to<Cuda>(), Tensor<float, Cuda>({4, 4}).view());  // the libraries are ready
  detail::CudaGraph graph;
  graph.record(on, [&] {
    launch(on, x.size(), AddOne{x.data()});
    std::exception_ptr failed;
    std::thread([&] {
      try {
        all.use();
        launch(all, other.size(), AddOne{other.data()});
        Tensor<float, Cuda> y({4, 4});
        ops::relu<float>(all, a.to<Cuda>(), y);
        CHECK(y.to<Cpu>().size() == 16);
        CHECK(other.to<Cpu>()[4] == 1);
      } catch (...) {
        failed = std::current_exception();
      }
    }).join();
    if (failed) std::rethrow_exception(failed);
    launch(on, x.size(), AddOne{x.data()});
  });
  CHECK(x.to<Cpu>()[0] == 0);
  graph.replay(on);
  CHECK(x.to<Cpu>()[0] == 2);
  CHECK(other.to<Cpu>()[4] == 1);
}

TEST_CASE("what a recording forbids is an error with the call in it, and the context works on", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on = Cuda().with_step(nullptr);
  Tensor<std::int32_t, Cuda> x({3});
  detail::CudaGraph graph;
  CHECK_THROWS_WITH(graph.record(on, [&] { on.wait(); }),
                    Contains("cudaStreamSynchronize(") && Contains("core/cuda.hpp:") && Contains("(cudaError"));
  CHECK_FALSE(graph.recorded());
  launch(on, x.size(), AddOne{x.data()});
  CHECK(x.to<Cpu>()[2] == 1);
}

TEST_CASE("the end of the GPU's memory says what was asked for and what is free", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  const Cuda on;
  const Shape huge{1, 1024, 1024, 1024, 1024};  // 4 TB of floats
  CHECK_THROWS_AS((Tensor<float, Cuda>::uninitialized(huge)), CudaError);
  CHECK_THROWS_WITH((Tensor<float, Cuda>::uninitialized(huge)),
                    Contains("out of memory") && Contains("asked for 4398046511104 bytes") && Contains("are free"));
  CHECK_NOTHROW((Tensor<float, Cuda>::uninitialized({1000})));
}

TEST_CASE("a GPU that is not there is named", "[cuda]") {
  BRINDLE_TEST_NEEDS_GPU();
  CHECK_THROWS_WITH(Cuda(Cuda::Options{.gpu = 4711}), Contains("expected a GPU from 0 to") && Contains("4711"));
  CHECK_THROWS_WITH(parse_precision("half"), Contains("float32, tf32 or bf16"));
  for (const Precision p : {Precision::float32, Precision::tf32, Precision::bf16})
    CHECK(parse_precision(to_string(p)) == p);
}
