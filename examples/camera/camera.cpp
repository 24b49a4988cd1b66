// SPDX-License-Identifier: MIT
// Says what a camera sees, for as long as it runs.
//
//     camera pets.safetensors             300 frames of a camera that is made up
//     camera pets.safetensors folder      the pictures of a folder, as if a camera had taken them
//
// One thread takes frames as they come and keeps the newest; the other classifies it. When the classifier is slower
// than the camera, frames are left out and the answer is never old.
#include <algorithm>
#include <brindle/inference.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

/// The newest frame, handed from the thread that takes it to the one that looks at it.
template <class Frame>
class Newest {
 public:
  void put(Frame frame) {
    const std::lock_guard<std::mutex> lock(mutex_);
    frame_ = std::move(frame);
    changed_.notify_one();
  }
  void end() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    changed_.notify_one();
  }
  /// Waits for a frame that was not taken yet; none when the camera has ended.
  std::optional<Frame> take() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return frame_ || ended_; });
    return std::exchange(frame_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Frame> frame_;
  bool ended_ = false;
};

/// Frame number `number` of a camera that is not there: 480x640, a bright disc that wanders.
brindle::image::Picture made_up(int number, std::int64_t channels) {
  brindle::image::Picture frame(480, 640, channels);
  const std::int64_t x = 40 + number * 7 % 560, y = 240;
  for (std::int64_t row = 0; row < frame.height; ++row)
    for (std::int64_t column = 0; column < frame.width; ++column)
      *frame.at(row, column) = (row - y) * (row - y) + (column - x) * (column - x) < 3600 ? 230 : 30;
  return frame;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: camera MODEL [FOLDER]\n");
    return 2;
  }
  try {
    const brindle::Classifier classifier(argv[1]);
    std::vector<std::filesystem::path> files;
    if (argc > 2) {
      for (const auto& entry : std::filesystem::directory_iterator(argv[2])) files.push_back(entry.path());
      std::sort(files.begin(), files.end());
    }

    Newest<int> newest;  // a real camera hands over pictures; here the number says which
    const int count = files.empty() ? 300 : static_cast<int>(files.size());
    std::thread camera([&] {
      for (int i = 0; i < count; ++i) {
        newest.put(i);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      newest.end();
    });

    int seen = 0;
    std::string last;
    const auto start = std::chrono::steady_clock::now();
    while (const auto number = newest.take()) {
      try {
        const brindle::models::Classification c =
            files.empty() ? classifier.classify(made_up(*number, classifier.input_shape()[2]))
                          : classifier.classify_file(files[static_cast<std::size_t>(*number)]);
        ++seen;
        if (c.name != last) std::printf("frame %d: %s, %.3f\n", *number, c.name.c_str(), c.probability);
        last = c.name;
      } catch (const brindle::FileError& e) {  // one bad frame does not end the program
        std::fprintf(stderr, "frame %d: %s\n", *number, e.what());
      }
    }
    camera.join();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%d of %d frames classified, %.0f a second\n", seen, count, seen / seconds.count());
    return seen > 0 ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "camera: %s\n", e.what());
    return 1;
  }
}
