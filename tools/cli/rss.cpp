// Expat's events into a feed.
#include "tools/cli/rss.h"

#include <expat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <ctime>
#include <memory>

#include "schema/bytes.h"
#include "schema/limits.h"
#include "tools/node/catalogue.h"

namespace earshot::cli {

namespace {

constexpr std::size_t kName = limits::kMaxTrackText;
constexpr std::size_t kText = node::Catalogue::kMostText;

/// What was gathered fits a catalogue: clean, clipped.
std::string fitting(const std::string& text, std::size_t most) {
  const std::string plain = without_markup(text);
  const std::string clipped(clip_utf8(plain, most));
  return is_clean_text(clipped) ? clipped : std::string();
}

class Reading {
 public:
  explicit Reading(RssFeed& feed) : feed_(feed) {}

  void open(std::string_view name, const char** attributes, XML_Parser parser) {
    if (++depth_ > RssFeed::kDeepest) return stop("its elements are nested too deeply", parser);
    text_.clear();
    if (name == "item" && depth_ == 3) {
      if (feed_.items.size() >= RssFeed::kMostItems) return stop("it has too many items", parser);
      item_ = RssItem();
      in_item_ = true;
    }
    if (name == "enclosure" && in_item_) item_.url = attribute(attributes, "url");
    if (name == "itunes:image") (in_item_ ? item_.art : feed_.art) = attribute(attributes, "href");
  }

  void close(std::string_view name) {
    --depth_;
    if (in_item_ && depth_ == 3) take_into_item(name);
    if (!in_item_ && depth_ == 2) take_into_feed(name);
    if (!in_item_ && depth_ == 3 && name == "url" && feed_.art.empty()) feed_.art = text_;
    if (name == "item" && depth_ == 2) {
      if (!item_.url.empty()) feed_.items.push_back(std::move(item_));
      in_item_ = false;
    }
    text_.clear();
  }

  void add(std::string_view text) {
    if (text_.size() < 4 * kText) text_ += text;
  }

  void stop(std::string what, XML_Parser parser) {
    trouble = std::move(what);
    XML_StopParser(parser, XML_FALSE);
  }

  std::string trouble;

 private:
  static std::string attribute(const char** attributes, std::string_view name) {
    for (; *attributes != nullptr; attributes += 2) {
      if (attributes[0] == name) return attributes[1];
    }
    return {};
  }

  void take_into_item(std::string_view name) {
    if (name == "title") item_.title = fitting(text_, kName);
    if (name == "description" || (name == "itunes:summary" && item_.text.empty())) item_.text = fitting(text_, kText);
    if (name == "guid") item_.guid = fitting(text_, kName);
    if (name == "pubDate") item_.published = time_from_rfc822(text_);
    if (name == "dcterms:license") item_.licence = fitting(text_, kName);
  }

  void take_into_feed(std::string_view name) {
    if (name == "title") feed_.title = fitting(text_, kName);
    if (name == "description" || (name == "itunes:summary" && feed_.text.empty())) feed_.text = fitting(text_, kText);
    if (name == "language") feed_.language = fitting(text_, kName);
    if (name == "copyright") feed_.licence = fitting(text_, kName);
    if (name == "link") feed_.link = fitting(text_, kName);
    if (name == "podcast:guid") feed_.guid = fitting(text_, kName);
  }

  RssFeed& feed_;
  RssItem item_;
  std::string text_;
  int depth_ = 0;
  bool in_item_ = false;
};

struct Free {
  void operator()(XML_ParserStruct* parser) const { XML_ParserFree(parser); }
};

std::optional<int> number_from(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view take_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

// Seconds that a zone is ahead of Greenwich.
std::int64_t zone_from(std::string_view zone) {
  constexpr std::array<std::pair<std::string_view, int>, 8> kNames = {
      {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}}};
  for (const auto& [name, hours] : kNames) {
    if (zone == name) return std::int64_t{hours} * 3600;
  }
  if (zone.size() != 5 || (zone[0] != '+' && zone[0] != '-')) return 0;
  const auto hours = number_from(zone.substr(1, 2)), minutes = number_from(zone.substr(3));
  const std::int64_t seconds = std::int64_t{hours.value_or(0)} * 3600 + std::int64_t{minutes.value_or(0)} * 60;
  return zone[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::int64_t time_from_rfc822(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (const std::size_t comma = text.find(','); comma != std::string_view::npos) text.remove_prefix(comma + 1);
  const auto day = number_from(take_word(text));
  const std::size_t month = kMonths.find(take_word(text).substr(0, 3));
  const auto year = number_from(take_word(text));
  std::string_view clock = take_word(text);
  if (!day || month == std::string_view::npos || month % 3 != 0 || !year || *year < 1970 || clock.size() < 5) return 0;
  std::tm at{};
  at.tm_mday = *day;
  at.tm_mon = static_cast<int>(month / 3);
  at.tm_year = *year - 1900;
  at.tm_hour = number_from(clock.substr(0, 2)).value_or(0);
  at.tm_min = number_from(clock.substr(3, 2)).value_or(0);
  at.tm_sec = clock.size() >= 8 ? number_from(clock.substr(6, 2)).value_or(0) : 0;
  return std::max<std::int64_t>(0, ::timegm(&at) - zone_from(take_word(text)));
}

std::string without_markup(std::string_view html) {
  std::string out;
  bool in_tag = false, spaced = true;
  for (const char letter : html) {
    if (letter == '<') in_tag = true;
    const bool is_text = !in_tag;
    if (letter == '>') in_tag = false;
    const bool is_space = !is_text || std::isspace(static_cast<unsigned char>(letter)) != 0;
    if (!is_space) out += letter;
    if (is_space && !spaced) out += ' ';
    if (is_text && letter == '\n' && !out.empty() && out.back() == ' ') out.back() = '\n';
    spaced = is_space;
  }
  while (!out.empty() && std::isspace(static_cast<unsigned char>(out.back())) != 0) out.pop_back();
  return out;
}

Result<RssFeed> read_rss(std::string_view xml) {
  if (xml.size() > RssFeed::kMostBytes) return fail(ErrorCode::kInvalid, "the feed has more than {} bytes", RssFeed::kMostBytes);
  RssFeed feed;
  Reading reading(feed);
  struct Both {
    Reading& reading;
    XML_Parser parser;
  };
  const std::unique_ptr<XML_ParserStruct, Free> parser(XML_ParserCreate(nullptr));
  Both both{reading, parser.get()};
  XML_SetUserData(parser.get(), &both);
  XML_SetElementHandler(
      parser.get(),
      [](void* data, const char* name, const char** attributes) {
        auto* const to = static_cast<Both*>(data);
        to->reading.open(name, attributes, to->parser);
      },
      [](void* data, const char* name) { static_cast<Both*>(data)->reading.close(name); });
  XML_SetCharacterDataHandler(parser.get(), [](void* data, const char* text, int size) {
    static_cast<Both*>(data)->reading.add({text, static_cast<std::size_t>(size)});
  });
  XML_SetEntityDeclHandler(parser.get(), [](void* data, const char*, int, const char*, int, const char*, const char*, const char*, const char*) {
    auto* const to = static_cast<Both*>(data);
    to->reading.stop("it defines entities of its own", to->parser);
  });
  if (XML_Parse(parser.get(), xml.data(), static_cast<int>(xml.size()), /*isFinal=*/1) != XML_STATUS_OK) {
    const std::string what = reading.trouble.empty() ? XML_ErrorString(XML_GetErrorCode(parser.get())) : reading.trouble;
    return fail(ErrorCode::kInvalid, "the feed, line {}: {}", XML_GetCurrentLineNumber(parser.get()), what);
  }
  if (feed.title.empty()) return fail(ErrorCode::kInvalid, "this is no podcast feed: it has no <rss><channel><title>");
  return feed;
}

}  // namespace earshot::cli
