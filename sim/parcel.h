// What the parts of one run say to each other when they are in different processes: messages that cross, and at the end what each
// part leaves behind.
//
// Format: numbers and flat structs as they lie in memory, lists as a count of 8 bytes and their elements; a message as its frame
// (overlay/wire.h). Rationale: the processes are one job that runs one program on machines of one kind, and nothing else ever reads a
// parcel; a frame is what a message becomes anyway where memory is not shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "schema/bytes.h"
#include "sim/census.h"
#include "sim/flight.h"
#include "sim/results.h"
#include "sim/run_record.h"

namespace earshot::sim {

class ParcelWriter {
 public:
  template <class T>
  void operator()(const T& thing) requires std::is_trivially_copyable_v<T> {
    add(&thing, sizeof(T));
  }
  template <class T>
  void operator()(const std::vector<T>& things) requires std::is_trivially_copyable_v<T> {
    (*this)(things.size());
    add(things.data(), things.size() * sizeof(T));
  }

  Bytes take() { return std::move(bytes_); }

 private:
  void add(const void* data, std::size_t size) {
    const auto* const first = static_cast<const std::uint8_t*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }

  Bytes bytes_;
};

/// Takes out in the order in which was put in. What does not fit is our own mistake, and ends the program.
class ParcelReader {
 public:
  explicit ParcelReader(ByteView bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }

  template <class T>
  void operator()(T& thing) requires std::is_trivially_copyable_v<T> {
    copy(&thing, sizeof(T));
  }
  template <class T>
  void operator()(std::vector<T>& things) requires std::is_trivially_copyable_v<T> {
    std::size_t count = 0;
    (*this)(count);
    things.resize(count);
    copy(things.data(), count * sizeof(T));
  }

 private:
  void copy(void* to, std::size_t size);

  ByteView rest_;
};

Bytes packed(const std::vector<Crossing>& crossings);
/// Behind what is in `crossings` already.
void unpack(ByteView parcel, std::vector<Crossing>& crossings);

/// What a part leaves behind.
struct PartOutcome {
  RunRecord record;
  RunCost cost;
  std::vector<std::uint32_t> parents;  // Components::parents of its peers
};

Bytes packed(const PartOutcome& outcome);
PartOutcome outcome_from(ByteView parcel);

}  // namespace earshot::sim
