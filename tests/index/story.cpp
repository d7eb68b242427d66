// Forty-eight tracks that come, change and go.
#include "tests/index/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "schema/random.h"
#include "tests/index/fixtures.h"

namespace earshot::index {

namespace {

constexpr std::uint32_t kPool = 48;

Track version(std::uint32_t number, std::uint32_t step) {
  return track(number, fmt::format("Song{} | Version{} | Album{}", number, step, number % 5));
}

std::vector<std::uint32_t> drawn(Random& random) {
  std::vector<std::uint32_t> pool(kPool);
  std::iota(pool.begin(), pool.end(), 0);
  random.shuffle(std::span(pool));
  pool.resize(1 + random.below(4));
  return pool;
}

}  // namespace

Step step_of(std::uint64_t seed, std::uint32_t number) {
  Random random = Random::stream(seed, number, 0);
  const bool removes = random.chance(1, 5);
  Step step;
  for (const std::uint32_t drawn_number : drawn(random)) {
    if (removes) step.remove.push_back(content(drawn_number));
    if (!removes) step.add.push_back(version(drawn_number, number));
  }
  step.compact = random.chance(1, 40);
  return step;
}

bool perform(Index& index, const Step& step) {
  if (step.compact && !index.compact()) return false;
  return step.add.empty() ? index.remove(step.remove).has_value() : index.add(step.add).has_value();
}

void Expected::advance() {
  const Step step = step_of(seed_, steps_++);
  for (const ContentId& gone : step.remove)
    std::erase_if(tracks_, [&](const auto& entry) { return entry.second.content == gone; });
  for (const Track& added : step.add) {
    const auto number = static_cast<std::uint32_t>(std::stoul(added.title.substr(4)));
    tracks_[number] = added;
  }
}

void Expected::advance_to(std::uint32_t steps) {
  while (steps_ < steps) advance();
}

std::string Expected::difference(const Index& index) const {
  std::uint64_t noticed = 0;
  const std::string wrong = wrong_answer(index, noticed);
  return wrong.empty() && noticed > 0 ? fmt::format("{} errors", noticed) : wrong;
}

std::string Expected::wrong_answer(const Index& index, std::uint64_t& noticed) const {
  const auto notice = [&](const Error& error) {
    ++noticed;
    return error.code == ErrorCode::kCorrupt ? "" : error.what;
  };
  if (index.stats().tracks != tracks_.size())
    return fmt::format("{} tracks instead of {}", index.stats().tracks, tracks_.size());
  for (std::uint32_t number = 0; number < kPool; ++number) {
    const auto known = tracks_.find(number);
    const bool is_there = known != tracks_.end();
    const auto found = index.find(content(number));
    if (!found) {
      if (auto what = notice(found.error()); !what.empty()) return what;
    } else if (found->has_value() != is_there || (is_there && **found != known->second)) {
      return fmt::format("find of {}: {}", number, *found ? (*found)->artist : "nothing");
    }
    const auto answer = index.search(fmt::format("song{}", number), {.limit = 3, .budget = 60s});
    if (!answer) {
      if (auto what = notice(answer.error()); !what.empty()) return what;
    } else if (answer->tracks.size() != (is_there ? 1u : 0u) || (is_there && answer->tracks[0].track != known->second)) {
      return fmt::format("search for song{}: {} tracks", number, answer->tracks.size());
    }
  }
  return "";
}

std::filesystem::path rig_parent() {
  std::error_code error;
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::is_directory(memory, error) ? memory : std::filesystem::temp_directory_path();
}

std::uint32_t rounds(const char* name, std::uint32_t usual) {
  if (const char* wanted = std::getenv(name)) return static_cast<std::uint32_t>(std::strtoul(wanted, nullptr, 10));
#ifdef EARSHOT_SANITIZED
  return std::max(usual / 10, 1u);
#else
  return usual;
#endif
}

std::uint64_t rig_seed(std::uint64_t usual) {
  const char* wanted = std::getenv("EARSHOT_SEED");
  return wanted == nullptr ? usual : std::strtoull(wanted, nullptr, 10);
}

}  // namespace earshot::index
