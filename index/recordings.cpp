// Most tracks differ in length, so few texts are compared.
#include "index/recordings.h"

#include <algorithm>
#include <vector>

#include "index/described.h"

namespace earshot::index {

namespace {

bool is_same_text(const std::string& a, const std::string& b) {
  return a == b || normalized(a) == normalized(b);
}

bool is_same_recording(const Track& a, const Track& b) {
  return a.content == b.content || (is_same_text(a.title, b.title) && is_same_text(a.artist, b.artist));
}

}  // namespace

void group_recordings(std::span<Found> tracks) {
  struct Timed {
    std::uint32_t seconds;
    std::uint32_t number;
  };
  std::vector<Timed> timed;
  timed.reserve(tracks.size());
  for (std::uint32_t i = 0; i < tracks.size(); ++i) {
    tracks[i].group = i;
    timed.push_back({tracks[i].track.duration_ms / 1000, i});
  }
  std::sort(timed.begin(), timed.end(), [](const Timed& a, const Timed& b) {
    return a.seconds != b.seconds ? a.seconds < b.seconds : a.number < b.number;
  });
  for (std::size_t begin = 0; begin < timed.size();) {
    std::size_t end = begin + 1;
    while (end < timed.size() && timed[end].seconds == timed[begin].seconds) ++end;
    for (std::size_t i = begin + 1; i < end; ++i) {
      for (std::size_t j = begin; j < i; ++j) {
        const std::uint32_t first = timed[j].number;
        if (tracks[first].group != first) continue;
        if (!is_same_recording(tracks[first].track, tracks[timed[i].number].track)) continue;
        tracks[timed[i].number].group = first;
        break;
      }
    }
    begin = end;
  }
}

}  // namespace earshot::index
