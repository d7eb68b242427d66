// Hands out the pairs of a study and takes back their rows: to threads, to MPI ranks, to one chunk of a job array. Who asks and in
// which order decides nothing about the tables.
//
// Rules:
//  1. Pairs go out by seed, then by point. Rationale: after the first seed every point has a result to look at, and a stop rule can
//     spare the later ones.
//  2. Rows may come back in any order, more than once (the first ones count) or never.
//  3. tables() has them by point, then by seed, without the runs that the stop rule spares (sweep.h).
// Memory: the rows of the whole study, some 20 kB a pair.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "schema/result.h"
#include "sim/study.h"

namespace earshot::sim {

/// Number `index` of `of` equal parts of a study, one for each task of a job array. With a stop rule a point stays in one part.
struct Chunk {
  std::uint32_t index = 0;
  std::uint32_t of = 1;
};

class Desk {
 public:
  /// Called with each pair that finishes, one call at a time: keeps the rows, says how far it is. An error ends the work.
  using Keep = std::function<Result<void>(const Pair&, const PairRows&)>;

  /// `study` must outlive the desk.
  Desk(const Study& study, Chunk chunk, Keep keep);

  /// Rows from an earlier, interrupted run.
  void recall(const Pair& pair, PairRows rows);

  /// The next pair to run; nothing when all are handed out or something has failed.
  std::optional<Pair> next();
  void finish(const Pair& pair, Result<PairRows> rows);

  /// Pairs that are done, and that are wanted as far as is known now. For Keep, and for when nobody works.
  struct Progress {
    std::size_t done = 0;
    std::size_t wanted = 0;
  };
  Progress progress() const;

  /// The first error, if there was one.
  Result<void> outcome() const;

  StudyTables tables() const;

 private:
  bool is_ours(const Pair& pair) const;
  void add(const Pair& pair, PairRows rows);
  void judge(std::uint32_t point);

  const Study& study_;
  Chunk chunk_;
  Keep keep_;
  mutable std::mutex mutex_;  // guards all that follows
  std::map<Pair, PairRows> rows_;
  std::vector<std::uint64_t> last_seed_;  // of each point: no later one is wanted
  Pair next_;
  std::optional<Error> error_;
};

/// Works through what the desk hands out, on so many threads; with one, none is started.
Result<void> run_study(const Study& study, Desk& desk, unsigned threads, bool through_the_wire);

}  // namespace earshot::sim
