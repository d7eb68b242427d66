// A story of changes that repeats from its seed, and what an index must hold after so many of its steps: for rigs that
// kill, cut the power and flip bits. Slow and obvious.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "index/index.h"

namespace earshot::index {

struct Step {
  std::vector<Track> add;  // one change, unless empty
  std::vector<ContentId> remove;
  bool compact = false;  // changes nothing that can be seen
};

/// Step `number` of the story of `seed`: adds or replaces up to four tracks, or removes some.
Step step_of(std::uint64_t seed, std::uint32_t number);

/// True when the change was acknowledged.
bool perform(Index& index, const Step& step);

class Expected {
 public:
  explicit Expected(std::uint64_t seed) : seed_(seed) {}

  std::uint32_t steps() const { return steps_; }
  void advance();
  void advance_to(std::uint32_t steps);

  /// What differs between `index` and this, "" when nothing does. Errors of the index count as differences.
  std::string difference(const Index& index) const;

  /// The same, but errors of the code kCorrupt are noticed damage, not a difference; `noticed` counts them.
  std::string wrong_answer(const Index& index, std::uint64_t& noticed) const;

 private:
  std::uint64_t seed_;
  std::uint32_t steps_ = 0;
  std::map<std::uint32_t, Track> tracks_;  // by number
};

/// Where rigs work: in memory where the machine has such a folder, since a kill or a cut of theirs never reaches the disk.
std::filesystem::path rig_parent();

/// How often a rig does its thing: the environment variable `name`, else `usual`, a tenth of it under sanitizers.
std::uint32_t rounds(const char* name, std::uint32_t usual);

/// EARSHOT_SEED, else `usual`.
std::uint64_t rig_seed(std::uint64_t usual);

}  // namespace earshot::index
