// The processes of one sweep, or of one run: alone, or as ranks of an MPI job (built with -DEARSHOT_MPI=ON; ranks_alone.cpp otherwise).
//
//   mpirun -n 4 earshot-sim sweep FILE --out DIR
//   mpirun -n 4 earshot-sim run FILE --partition
//
// In a sweep rank 0 has the desk and the folder: it hands a pair to each rank that asks, keeps the rows that come back, and runs pairs itself
// beside. The others need no disk but for the scenario. Tables have the same bytes with any number of ranks. When a rank is lost, MPI ends
// the job; doing it again resumes, so the pairs that were running are all that is lost.
//
// In a run each rank has an equal range of the peers, and all work on the same window of time (sim/partition.h). The whole is rank 0's to
// tell of. Results are the same with any number of ranks.
#pragma once

#include <cstdint>

#include "schema/result.h"
#include "sim/desk.h"
#include "sim/partition.h"
#include "sim/study.h"

namespace earshot::simtool {

class Ranks {
 public:
  /// Joins the job that launched us, if one did. Errors: kUnsupported: launched as a job of several, but built without MPI.
  static Result<Ranks> join();
  Ranks(Ranks&& other) noexcept : rank_(other.rank_), size_(other.size_), joined_(other.joined_) { other.joined_ = false; }
  Ranks& operator=(Ranks&&) = delete;
  ~Ranks();

  bool is_first() const { return rank_ == 0; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(size_); }

  /// At rank 0: works through the desk, with the other ranks and `threads` of our own.
  Result<void> run(const sim::Study& study, sim::Desk& desk, unsigned threads, bool through_the_wire);

  /// Our part of a run of which every rank has one. REQUIRES: no more ranks than peers. Only the main thread may call it.
  sim::WholeRun run_part(const sim::Scenario& scenario, const sim::World& world, const sim::SearchSettings& search, std::uint64_t seed,
                         sim::Simulation::Options options, const sim::CpuTime& cpu_time);

  /// At every other rank: runs what rank 0 hands out until there is no more.
  Result<void> serve(const sim::Study& study, bool through_the_wire);

 private:
  Ranks(int rank, int size, bool joined) : rank_(rank), size_(size), joined_(joined) {}
  int rank_;
  int size_;
  bool joined_;
};

}  // namespace earshot::simtool
