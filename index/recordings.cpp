// Most tracks differ in length, so few texts are compared.
#include "index/recordings.h"

#include <algorithm>
#include <vector>

#include "index/described.h"

namespace earshot::index {

namespace {

// The first byte of a text's normalized form, where that is plain to see; else 0. What follows an ASCII character may
// change it, unless it is ASCII too.
char first_of_normalized(const std::string& text) {
  const auto is_ascii = [](char byte) { return static_cast<signed char>(byte) >= 0; };
  if (text.empty() || !is_ascii(text[0]) || text[0] <= ' ' || (text.size() > 1 && !is_ascii(text[1]))) return 0;
  return text[0] >= 'A' && text[0] <= 'Z' ? static_cast<char>(text[0] + ('a' - 'A')) : text[0];
}

// Normalizing takes as long as the rest of a search, so most texts that differ are told apart by how they begin.
bool is_same_text(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const char first = first_of_normalized(a);
  const char other = first_of_normalized(b);
  if (first != 0 && other != 0 && first != other) return false;
  return normalized(a) == normalized(b);
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
