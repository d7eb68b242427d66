// The processes of one sweep: alone, or as ranks of an MPI job (built with -DEARSHOT_MPI=ON; ranks_alone.cpp otherwise).
//
//   mpirun -n 4 earshot-sim sweep FILE --out DIR
//
// Rank 0 has the desk and the folder: it hands a pair to each rank that asks, keeps the rows that come back, and runs pairs itself
// beside. The others need no disk but for the scenario. Tables have the same bytes with any number of ranks. When a rank is lost, MPI ends
// the job; doing it again resumes, so the pairs that were running are all that is lost.
#pragma once

#include "schema/result.h"
#include "sim/desk.h"
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

  /// At rank 0: works through the desk, with the other ranks and `threads` of our own.
  Result<void> run(const sim::Study& study, sim::Desk& desk, unsigned threads, bool through_the_wire);

  /// At every other rank: runs what rank 0 hands out until there is no more.
  Result<void> serve(const sim::Study& study, bool through_the_wire);

 private:
  Ranks(int rank, int size, bool joined) : rank_(rank), size_(size), joined_(joined) {}
  int rank_;
  int size_;
  bool joined_;
};

}  // namespace earshot::simtool
