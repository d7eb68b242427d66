// Does a stranger's track answer a question? Judged in bounded time, and alike each time.
//
//   input = question LF title LF artist LF album LF genre LF publisher LF licence LF year ...   (numbers as octets)
#include <array>
#include <cstdint>
#include <string>

#include "index/rematch.h"
#include "schema/bytes.h"
#include "schema/check.h"
#include "schema/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  std::string_view rest = as_text({data, size});
  const auto line = [&rest] {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string text(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return text;
  };
  const std::string question = line();
  if (question.size() > limits::kMaxQueryText) return 0;
  Track track;
  for (std::string* text : {&track.title, &track.artist, &track.album, &track.genre, &track.publisher, &track.licence}) *text = line();
  std::array<std::uint8_t, 4> numbers{};
  for (std::size_t i = 0; i < numbers.size() && i < rest.size(); ++i) numbers[i] = static_cast<std::uint8_t>(rest[i]);
  track.year = static_cast<std::uint16_t>(1900 + numbers[0]);
  track.duration_ms = numbers[1] * 2000u;
  track.bitrate_kbps = numbers[2] * 2u;
  track.codec = static_cast<Codec>(numbers[3] % 7);
  track = tidied(track);
  index::Rematch rematch(question);
  const bool first = rematch.holds(track);
  EARSHOT_CHECK(rematch.holds(track) == first);
  EARSHOT_CHECK(index::Rematch(question).holds(track) == first);
  return 0;
}
