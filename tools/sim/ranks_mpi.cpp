// Ranks over MPI. The only file that includes mpi.h.
//
// Messages: a rank sends kIdle (empty), kRows (a journal line) or kFailed (a text) to rank 0, each of which asks for work; rank 0
// answers kPair (point, seed) or kNoMore (empty).
#include <mpi.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "schema/check.h"
#include "sim/journal.h"
#include "sim/parcel.h"
#include "tools/sim/ranks.h"

namespace earshot::simtool {

namespace {

enum Tag : int { kIdle = 1, kRows, kFailed, kPair, kNoMore };

void send(int to, Tag tag, const std::string& text) {
  MPI_Send(text.data(), static_cast<int>(text.size()), MPI_CHAR, to, tag, MPI_COMM_WORLD);
}

std::string received_text(const MPI_Status& status) {
  int size = 0;
  MPI_Get_count(&status, MPI_CHAR, &size);
  std::string text(static_cast<std::size_t>(size), '\0');
  MPI_Recv(text.data(), size, MPI_CHAR, status.MPI_SOURCE, status.MPI_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return text;
}

/// Rank 0's answer to one message. False: the sender was told that there is no more.
bool answer(sim::Desk& desk, const MPI_Status& status) {
  const std::string text = received_text(status);
  if (status.MPI_TAG == kRows) {
    auto pair = sim::pair_from_line(text);
    if (pair) {
      desk.finish(pair->first, std::move(pair->second));
    } else {
      desk.finish({}, fail(ErrorCode::kCorrupt, "rank {} sent what are no rows", status.MPI_SOURCE));
    }
  } else if (status.MPI_TAG == kFailed) {
    desk.finish({}, fail(ErrorCode::kInvalid, "{}", text));
  }
  const auto next = desk.next();
  const std::array<std::uint64_t, 2> work{next ? next->point : 0, next ? next->seed : 0};
  MPI_Send(work.data(), next ? 2 : 0, MPI_UINT64_T, status.MPI_SOURCE, next ? kPair : kNoMore, MPI_COMM_WORLD);
  return next.has_value();
}

/// Where the ranks of one run meet.
class RankMeeting final : public sim::Meeting {
 public:
  RankMeeting(int rank, int size) : rank_(rank), size_(static_cast<std::size_t>(size)) {}

  Instant earliest(Instant ours) override {
    const std::int64_t mine = ours.time_since_epoch().count();
    std::int64_t least = 0;
    MPI_Allreduce(&mine, &least, 1, MPI_INT64_T, MPI_MIN, MPI_COMM_WORLD);
    return Instant(Duration(least));
  }

  std::vector<sim::Crossing> exchange(std::vector<std::vector<sim::Crossing>>& outgoing) override {
    Bytes sent;
    std::vector<int> sizes;
    for (std::vector<sim::Crossing>& crossings : outgoing) {
      const Bytes parcel = sim::packed(crossings);
      crossings.clear();
      sizes.push_back(count_of(parcel.size()));
      sent.insert(sent.end(), parcel.begin(), parcel.end());
    }
    std::vector<int> coming(size_);
    MPI_Alltoall(sizes.data(), 1, MPI_INT, coming.data(), 1, MPI_INT, MPI_COMM_WORLD);
    const std::vector<int> from = places(sizes), to = places(coming);
    Bytes received(static_cast<std::size_t>(to.back()));
    MPI_Alltoallv(sent.data(), sizes.data(), from.data(), MPI_BYTE, received.data(), coming.data(), to.data(), MPI_BYTE, MPI_COMM_WORLD);
    std::vector<sim::Crossing> ours;
    sim::unpack(received, ours);
    return ours;
  }

  std::vector<sim::PartOutcome> gather(sim::PartOutcome ours) override {
    const Bytes parcel = rank_ == 0 ? Bytes() : sim::packed(ours);
    const int size = count_of(parcel.size());
    std::vector<int> sizes(size_);
    MPI_Gather(&size, 1, MPI_INT, sizes.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
    const std::vector<int> to = places(sizes);
    Bytes received(static_cast<std::size_t>(to.back()));
    MPI_Gatherv(parcel.data(), size, MPI_BYTE, received.data(), sizes.data(), to.data(), MPI_BYTE, 0, MPI_COMM_WORLD);
    std::vector<sim::PartOutcome> all;
    if (rank_ != 0) return all;
    all.push_back(std::move(ours));
    for (std::size_t i = 1; i < size_; ++i) {
      all.push_back(sim::outcome_from(ByteView(received).subspan(static_cast<std::size_t>(to[i]), static_cast<std::size_t>(sizes[i]))));
    }
    return all;
  }

 private:
  /// MPI 3 counts with int: 2 GiB a rank and window, some ten million messages that cross.
  static int count_of(std::size_t size) {
    EARSHOT_CHECK(size <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    return static_cast<int>(size);
  }

  /// Where each begins when they lie one behind the other, and last where all end.
  static std::vector<int> places(const std::vector<int>& sizes) {
    std::vector<int> places{0};
    std::size_t end = 0;
    for (const int size : sizes) places.push_back(count_of(end += static_cast<std::size_t>(size)));
    return places;
  }

  int rank_;
  std::size_t size_;
};

}  // namespace

Result<Ranks> Ranks::join() {
  bool launched = false;
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK", "PMI_RANK"}) launched = launched || std::getenv(name) != nullptr;
  if (!launched) return Ranks(0, 1, false);
  int provided = 0, rank = 0, size = 1;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS || provided < MPI_THREAD_FUNNELED) {
    return fail(ErrorCode::kUnsupported, "this MPI does not go together with threads (MPI_THREAD_FUNNELED)");
  }
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return Ranks(rank, size, true);
}

Ranks::~Ranks() {
  if (joined_) MPI_Finalize();
}

Result<void> Ranks::run(const sim::Study& study, sim::Desk& desk, unsigned threads, bool through_the_wire) {
  if (size_ == 1) return sim::run_study(study, desk, threads, through_the_wire);
  // Our own runs are in threads beside, because only the main thread may talk to the others.
  std::jthread own([&] { (void)sim::run_study(study, desk, threads, through_the_wire); });
  for (int working = size_ - 1; working > 0;) {
    MPI_Status status;
    int waiting = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &waiting, &status);
    if (waiting == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // a blocking wait of MPI would burn a core that could run a pair
    } else if (!answer(desk, status)) {
      --working;
    }
  }
  own.join();
  return desk.outcome();
}

sim::WholeRun Ranks::run_part(const sim::Scenario& scenario, const sim::World& world, const sim::SearchSettings& search, std::uint64_t seed,
                              sim::Simulation::Options options, const sim::CpuTime& cpu_time) {
  if (size_ == 1) return sim::run_on_threads(scenario, world, search, seed, options, /*parts=*/1, cpu_time);
  options.parts = size();
  options.part = static_cast<std::uint32_t>(rank_);
  options.apart = true;
  RankMeeting meeting(rank_, size_);
  return sim::run_part(scenario, world, search, seed, options, meeting, cpu_time);
}

Result<void> Ranks::serve(const sim::Study& study, bool through_the_wire) {
  for (send(0, kIdle, "");;) {
    std::array<std::uint64_t, 2> work{};
    MPI_Status status;
    MPI_Recv(work.data(), 2, MPI_UINT64_T, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
    if (status.MPI_TAG == kNoMore) return {};
    const sim::Pair pair{static_cast<std::uint32_t>(work[0]), work[1]};
    const auto rows = sim::run_pair(study, pair, through_the_wire);
    if (!rows) {
      send(0, kFailed, rows.error().what);
    } else {
      std::string line = sim::journal_line(pair, *rows);
      line.pop_back();
      send(0, kRows, line);
    }
  }
}

}  // namespace earshot::simtool
