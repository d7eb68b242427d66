// A podcast feed, read: RSS 2.0 as the world writes it, with the elements of iTunes and podcastindex.org where they say more.
// It comes from strangers: entities that the document itself defines are refused, depth, items and texts are bounded, and
// marks of HTML are taken out of what people read. libexpat stays inside rss.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"

namespace earshot::cli {

struct RssItem {
  std::string title, text, guid, url, art, licence;  // url: of the enclosure
  std::int64_t published = 0;                         // seconds since 1970; 0: not said
};

struct RssFeed {
  static constexpr std::size_t kMostBytes = 16u << 20;
  static constexpr std::size_t kMostItems = 1000;
  static constexpr int kDeepest = 32;

  std::string title, text, language, licence, link, art, guid;
  std::vector<RssItem> items;  // with an enclosure, as they stand
};

/// Errors: kInvalid, saying where.
Result<RssFeed> read_rss(std::string_view xml);

/// Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT" or "... +0200"; 0 for what cannot be read.
std::int64_t time_from_rfc822(std::string_view text);

/// Text without tags and with one space where there were several; lines stay.
std::string without_markup(std::string_view html);

}  // namespace earshot::cli
