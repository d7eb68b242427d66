// A catalogue as a podcast feed: RSS 2.0 with the elements of iTunes (art, length) and of podcastindex.org (podcast:guid), for
// players that know nothing of us. Enclosures are contents at this node, whole, so that their lengths are right.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tools/node/catalogue.h"

namespace earshot::node {

/// `self`: the feed's own address. `url_of`: where this node serves a content.
std::string feed_of(const Catalogue& catalogue, std::string_view self, const std::function<std::string(const ContentId&)>& url_of);

/// The feed's lasting name: that of the feed it was imported from, else a UUID (version 5) of the publisher's key in the
/// namespace that podcastindex.org gave to feeds.
std::string podcast_guid(const Catalogue& catalogue);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 822 with four digits of the year, as RSS wants it).
std::string rfc822_time(std::int64_t seconds_since_1970);

/// Text for XML, without the characters that XML 1.0 has no way to write.
std::string xml_text(std::string_view text);

}  // namespace earshot::node
