// SPDX-License-Identifier: MIT
// Times training steps of several processes, for scaling.py, and shows that the weights are those of one process:
//
//     mpirun -n 4 processes_bench WORKLOAD [leaves 4] [batch 32] [steps 12] [threads 1] [side] [CHECKPOINT]
//
// WORKLOAD: baseline, vgg16 (fine-tuning from block4_conv1 on), efficientnet_lite0, resnet50. A JSON line of process 0:
// the median of the steps behind the first two, the share of them in which it exchanged and waited, bytes of what is
// summed, peak memory of the process with its part of what several have, checksums of the weights and of the history.
// Without mpirun it is one process. With a checkpoint it is about bits, not time: it validates, writes one behind each
// step, and goes on from what is there.
#include <algorithm>
#include <brindle/brindle.hpp>
#include <brindle/distributed.hpp>
#include <brindle/models/efficientnet_lite0.hpp>
#include <brindle/models/resnet.hpp>
#include <brindle/models/vgg16.hpp>
#include <brindle/train/checkpoint.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/measure.hpp"
#include "support/networks.hpp"

using namespace brindle;

namespace {

/// A base with one dense layer behind it.
Model<float> with_head(Model<float> base) {
  const Shape input = base.input_shape();
  Sequential<float> head(Cpu{1}, base.output_shape());
  if (base.output_shape().rank() > 1) head.add(GlobalAveragePooling2D{});
  head.add(Dense{1, sigmoid});
  head.initialize(2);
  return {base.device(), input, [&](auto x) { return x.then(std::move(base), std::move(head)); }};
}

Model<float> network(const std::string& name, const Cpu& on, std::int64_t side) {
  if (name == "baseline") {
    auto model = bench::baseline(on, side ? side : 150);
    model.initialize(1);
    return model;
  }
  if (name == "vgg16") {
    Model<float> model = with_head(models::vgg16<float>(on, {side ? side : 150, side ? side : 150, 3}));
    model.freeze_before("block4_conv1");
    return model;
  }
  const Shape input{side ? side : 224, side ? side : 224, 3};
  if (name == "efficientnet_lite0") return with_head(models::efficientnet_lite0<float>(on, input));
  if (name == "resnet50") return with_head(models::resnet50<float>(on, input));
  detail::raise<ValueError>("processes_bench: no workload \"" + name + "\"");
}

void run(const std::shared_ptr<MpiGroup>& group, const std::vector<std::string>& words) {
  const auto number = [&](std::size_t i, std::int64_t otherwise) {
    return words.size() > i ? static_cast<std::int64_t>(std::atoll(words[i].c_str())) : otherwise;
  };
  const std::int64_t leaves = number(2, 4), batch = number(3, 32), steps = number(4, 12), threads = number(5, 1);
  Model<float> model = network(words[1], Cpu{static_cast<int>(threads)}, number(6, 0));
  Tensor<float> x(model.input_shape().batch(batch)), labels({batch, 1});
  const Random random{0, stream_id("benchmark"), 0};
  for (std::int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(random.uniform(static_cast<std::uint64_t>(i)));
  for (std::int64_t i = 0; i < batch; ++i) labels[i] = static_cast<float>(i % 2);
  const data::InMemory data(std::move(x), std::vector<float>(labels.span().begin(), labels.span().end()));

  Trainer trainer{model,
                  RMSprop{.learning_rate = 1e-5},
                  BinaryCrossentropy{},
                  {.leaves = leaves, .group = group->size() > 1 ? group : nullptr}};
  std::vector<double> times;
  double last = bench::now();
  Callback clock;
  clock.keeps_weights = true;
  clock.step = [&](FitState&) {
    times.push_back(bench::now() - last);
    last = bench::now();
  };
  FitOptions options{.batch = batch, .epochs = 1, .steps_per_epoch = steps, .callbacks = {clock}};
  if (words.size() > 7) {
    options.epochs = 2;
    options.validation = data;
    options.checkpoint = checkpoint(words[7], {.every_seconds = 1e-9, .resume = true});
  }
  const History history = trainer.fit(data, options);
  double all = 0;
  for (const double t : times) all += t;
  if (times.empty()) times.push_back(0);  // the checkpoint was that of the end
  times.erase(times.begin(),
              times.begin() + std::min<std::ptrdiff_t>(2, static_cast<std::ptrdiff_t>(times.size()) - 1));
  std::sort(times.begin(), times.end());
  Checksum sum;
  for (const auto& layer : model.layers())
    for (const auto& p : std::as_const(*layer).parameters())
      sum.add_numbers(p.value.data(), static_cast<std::size_t>(p.value.size()));
  Checksum figures;
  for (const auto* numbers : {&history.loss, &history.accuracy, &history.val_loss, &history.val_accuracy})
    figures.add_numbers(numbers->data(), numbers->size());
  group->wait();
  const double peak = bench::peak_memory_part_mb();
  group->wait();
  if (group->rank() == 0)
    std::printf(
        "{\"work\": \"%s\", \"processes\": %d, \"threads\": %lld, \"leaves\": %lld, \"batch\": %lld, \"ms\": %.4g, "
        "\"best_ms\": %.4g, \"waited\": %.3f, \"summed_mb\": %.4g, \"rss_peak_mb\": %.4g, \"weights\": \"%s\", "
        "\"history\": \"%s\"}\n",
        words[1].c_str(), group->size(), static_cast<long long>(threads), static_cast<long long>(leaves),
        static_cast<long long>(batch), 1e3 * times[times.size() / 2], 1e3 * times[0],
        all > 0 ? trainer.exchange_seconds() / all : 0, 4e-6 * static_cast<double>(model.trainable_parameter_count()),
        peak, sum.text().c_str(), figures.text().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "processes_bench WORKLOAD [leaves] [batch] [steps] [threads] [side] [checkpoint]\n");
    return EXIT_FAILURE;
  }
  const auto group = std::make_shared<MpiGroup>();
  try {
    run(group, {argv, argv + argc});
    return EXIT_SUCCESS;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "processes_bench: %s\n", e.what());
    group->end_all(EXIT_FAILURE);
  }
}
