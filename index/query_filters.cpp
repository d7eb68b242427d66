// Names, ranges and values.
#include "index/query_filters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace earshot::index {

namespace {

constexpr std::array<std::pair<std::string_view, Field>, 5> kFields = {{{"title", Field::kTitle},
                                                                        {"artist", Field::kArtist},
                                                                        {"album", Field::kAlbum},
                                                                        {"genre", Field::kGenre},
                                                                        {"publisher", Field::kPublisher}}};

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return small;
}

// Takes digits off the front.
std::optional<std::uint32_t> take_number(std::string_view& in) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(in.data(), in.data() + in.size(), number);
  if (error != std::errc()) return std::nullopt;
  in.remove_prefix(static_cast<std::size_t>(end - in.data()));
  return number;
}

std::optional<std::uint32_t> year_of(std::string_view text) {
  const auto year = take_number(text);
  return text.empty() ? year : std::nullopt;
}

std::optional<std::uint32_t> kbps_of(std::string_view text) {
  const auto kbps = take_number(text);
  return text.empty() || text == "k" || text == "kbps" ? kbps : std::nullopt;
}

// 4:30 and 1:02:03: each part is worth sixty of the next.
std::optional<std::uint32_t> clock_seconds_of(std::string_view text) {
  std::uint64_t seconds = 0;
  while (true) {
    const auto part = take_number(text);
    if (!part) return std::nullopt;
    seconds = seconds * 60 + *part;
    if (seconds > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    if (text.empty()) return static_cast<std::uint32_t>(seconds);
    if (text[0] != ':') return std::nullopt;
    text.remove_prefix(1);
  }
}

// 90, 90s, 4m30s, 1h5m; a number without a unit behind one with counts in the next smaller.
std::optional<std::uint32_t> seconds_of(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return clock_seconds_of(text);
  std::uint64_t seconds = 0;
  std::uint64_t unit = 60;
  bool any = false;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number || unit == 0) return std::nullopt;
    const char letter = text.empty() ? '\0' : text[0];
    if (letter == 'h') {
      unit = 3600;
    } else if (letter == 'm') {
      unit = 60;
    } else if (letter == 's' || (letter == '\0' && !any)) {
      unit = 1;
    } else if (letter != '\0') {
      return std::nullopt;
    }
    seconds += *number * unit;
    unit /= 60;
    any = true;
    if (!text.empty()) text.remove_prefix(1);
    if (seconds > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  }
  return any ? std::optional(static_cast<std::uint32_t>(seconds)) : std::nullopt;
}

struct NumberName {
  std::string_view name;
  Number number;
  std::optional<std::uint32_t> (*value_of)(std::string_view);
  std::string_view example;
};

constexpr std::array<NumberName, 3> kNumbers = {
    {{"year", Number::kYear, &year_of, "year:1959, year:1959..1965 or year:>=1959"},
     {"length", Number::kSeconds, &seconds_of, "length:<4m, length:3m..4m30s or length:>=90s"},
     {"bitrate", Number::kKbps, &kbps_of, "bitrate:>=256 or bitrate:192..320"}}};

std::optional<InRange> range_of(const NumberName& name, std::string_view text) {
  InRange range{name.number, 0, InRange().most};
  if (const std::size_t dots = text.find(".."); dots != std::string_view::npos) {
    const std::string_view from = text.substr(0, dots);
    const std::string_view to = text.substr(dots + 2);
    const auto least = name.value_of(from);
    const auto most = name.value_of(to);
    if ((from.empty() && to.empty()) || (!from.empty() && !least) || (!to.empty() && !most)) return std::nullopt;
    range.least = least.value_or(0);
    range.most = most.value_or(range.most);
    return range;
  }
  const auto begins = [&](std::string_view sign) {
    if (!text.starts_with(sign)) return false;
    text.remove_prefix(sign.size());
    return true;
  };
  const bool at_most = begins("<=");
  const bool at_least = !at_most && begins(">=");
  const bool below = !at_most && !at_least && begins("<");
  const bool above = !at_most && !at_least && !below && begins(">");
  if (!at_most && !at_least && !below && !above) begins("=");
  const auto value = name.value_of(text);
  if (!value || (below && *value == 0) || (above && *value == range.most)) return std::nullopt;
  if (!at_most && !below) range.least = above ? *value + 1 : *value;
  if (!at_least && !above) range.most = below ? *value - 1 : *value;
  return range;
}

Result<Node> codec_of(const std::string& name) {
  const Codec codec = codec_from(name);
  if (codec == Codec::kUnknown && name != to_string(Codec::kUnknown)) {
    return fail(ErrorCode::kInvalid, "'{}' is no codec: try mp3, vorbis, opus, flac, aac, wav or unknown", name);
  }
  return Node{OfCodec{codec}};
}

Result<Node> kind_of(const std::string& name) {
  // A peer is known by the name under which it publishes.
  const auto kind = kind_from(name == "peer" ? "publisher" : name);
  if (!kind) return fail(ErrorCode::kInvalid, "'{}' is no kind: try track, episode, station, publisher or peer", name);
  return Node{OfKind{*kind}};
}

Result<Node> licence_of(std::string name) {
  if (name.empty()) return fail(ErrorCode::kInvalid, "licence: needs its name right behind it, such as licence:cc-by");
  const bool is_prefix = name.ends_with('*');
  if (is_prefix) name.pop_back();
  return Node{OfLicence{std::move(name), is_prefix}};
}

}  // namespace

std::optional<Field> field_named(std::string_view name) {
  const std::string small = in_small_letters(name);
  for (const auto& [known, field] : kFields) {
    if (known == small) return field;
  }
  return std::nullopt;
}

bool is_filter(std::string_view name) {
  const std::string small = in_small_letters(name);
  return small == "codec" || small == "kind" || small == "licence" || small == "license" ||
         std::any_of(kNumbers.begin(), kNumbers.end(), [&](const NumberName& known) { return known.name == small; });
}

Result<Node> parse_filter(std::string_view name, std::string_view value) {
  const std::string small = in_small_letters(name);
  const std::string text = in_small_letters(value);
  if (small == "codec") return codec_of(text);
  if (small == "kind") return kind_of(text);
  for (const NumberName& known : kNumbers) {
    if (known.name != small) continue;
    if (text.empty()) return fail(ErrorCode::kInvalid, "{}: needs its range right behind it: write {}", small, known.example);
    const auto range = range_of(known, text);
    if (!range) return fail(ErrorCode::kInvalid, "'{}' is no range of {}: write {}", value, small, known.example);
    if (range->least > range->most) {
      return fail(ErrorCode::kInvalid, "'{}' ends before it begins: write the smaller one first", value);
    }
    return Node{*range};
  }
  return licence_of(text);
}

}  // namespace earshot::index
