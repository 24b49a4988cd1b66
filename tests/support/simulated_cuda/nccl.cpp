// SPDX-License-Identifier: MIT
// NCCL's sending and receiving for threads of one program, each with a GPU of its own by its number: plain copies. What
// is received has arrived when ncclGroupEnd() returns; with NCCL it may come later.
#include <nccl.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "simulated_cuda.hpp"

namespace {

using Bytes = std::vector<std::byte>;

/// What the ranks of a communicator have in common.
struct Room {
  std::mutex mutex;
  std::condition_variable changed;
  int joined = 0;
  std::map<std::pair<int, int>, std::deque<Bytes>> sent;  // from, to
};

std::mutex rooms_mutex;
std::map<std::string, std::shared_ptr<Room>> rooms;
int rooms_made = 0;

template <class Condition>
bool waited(Room& room, const Condition& condition) {
  std::unique_lock<std::mutex> lock(room.mutex);
  return room.changed.wait_for(lock, std::chrono::seconds(60), condition);
}

}  // namespace

struct ncclComm {
  std::shared_ptr<Room> room;
  int rank, size, gpu;
};

namespace {

/// An ncclSend() or ncclRecv() of the group that is open.
struct Call {
  bool sends;
  void* data;
  std::size_t bytes;
  int peer;
  ncclComm_t communicator;
  cudaStream_t stream;
};
thread_local std::vector<Call> calls;
thread_local bool in_group = false;

ncclResult_t add(const Call& call) {
  const ncclComm& c = *call.communicator;
  if (!in_group || call.peer < 0 || call.peer >= c.size || call.peer == c.rank) return ncclInvalidUsage;
  if (simulated_cuda::gpu_here() != c.gpu || !simulated_cuda::on_gpu(call.data, call.bytes)) return ncclInvalidArgument;
  calls.push_back(call);
  return ncclSuccess;
}

}  // namespace

extern "C" {

const char* ncclGetErrorString(ncclResult_t code) {
  return code == ncclInvalidArgument ? "invalid argument" : code == ncclInvalidUsage ? "invalid usage" : "an error";
}
const char* ncclGetLastError(ncclComm_t) { return ""; }

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  const std::lock_guard<std::mutex> lock(rooms_mutex);
  const std::string name = std::to_string(++rooms_made);
  rooms[name] = std::make_shared<Room>();
  std::memset(id, 0, sizeof *id);
  std::memcpy(id->internal, name.data(), name.size());
  return ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t* communicator, int size, ncclUniqueId id, int rank) {
  std::shared_ptr<Room> room;
  {
    const std::lock_guard<std::mutex> lock(rooms_mutex);
    const auto found = rooms.find(id.internal);
    if (found == rooms.end() || rank < 0 || rank >= size) return ncclInvalidArgument;
    room = found->second;
  }
  {
    const std::lock_guard<std::mutex> lock(room->mutex);
    ++room->joined;
    room->changed.notify_all();
  }
  if (!waited(*room, [&] { return room->joined == size; })) return ncclSystemError;
  *communicator = new ncclComm{room, rank, size, simulated_cuda::gpu_here()};
  return ncclSuccess;
}
ncclResult_t ncclCommDestroy(ncclComm_t communicator) {
  delete communicator;
  return ncclSuccess;
}
ncclResult_t ncclCommAbort(ncclComm_t communicator) { return ncclCommDestroy(communicator); }
ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* code) {
  *code = ncclSuccess;
  return ncclSuccess;
}

ncclResult_t ncclGroupStart() {
  in_group = true;
  return ncclSuccess;
}
ncclResult_t ncclSend(const void* data, std::size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      cudaStream_t stream) {
  if (type != ncclInt8) return ncclInvalidArgument;
  return add({true, const_cast<void*>(data), count, peer, communicator, stream});
}
ncclResult_t ncclRecv(void* data, std::size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      cudaStream_t stream) {
  if (type != ncclInt8) return ncclInvalidArgument;
  return add({false, data, count, peer, communicator, stream});
}
ncclResult_t ncclGroupEnd() {
  const std::vector<Call> all = std::exchange(calls, {});
  in_group = false;
  for (const Call& c : all) {  // all are on their way before one is waited for
    if (!c.sends) continue;
    auto bytes = std::make_shared<Bytes>(c.bytes);
    simulated_cuda::enqueue(c.stream, [c, bytes] { std::memcpy(bytes->data(), c.data, c.bytes); });
    Room& room = *c.communicator->room;
    const std::lock_guard<std::mutex> lock(room.mutex);
    room.sent[{c.communicator->rank, c.peer}].push_back(std::move(*bytes));
    room.changed.notify_all();
  }
  for (const Call& c : all) {
    if (c.sends) continue;
    Room& room = *c.communicator->room;
    const std::pair<int, int> from{c.peer, c.communicator->rank};
    if (!waited(room, [&] { return !room.sent[from].empty(); })) return ncclSystemError;
    Bytes bytes;
    {
      const std::lock_guard<std::mutex> lock(room.mutex);
      bytes = std::move(room.sent[from].front());
      room.sent[from].pop_front();
    }
    if (bytes.size() != c.bytes) return ncclInvalidUsage;
    simulated_cuda::enqueue(c.stream, [c, bytes] { std::memcpy(c.data, bytes.data(), c.bytes); });
  }
  return ncclSuccess;
}

}  // extern "C"
