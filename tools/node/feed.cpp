// XML, written.
#include "tools/node/feed.h"

#include <fmt/format.h>

#include <array>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <ctime>

namespace earshot::node {

namespace {

std::string_view media_of(Codec codec) {
  switch (codec) {
    case Codec::kMp3:
      return "audio/mpeg";
    case Codec::kVorbis:
    case Codec::kOpus:
      return "audio/ogg";
    case Codec::kFlac:
      return "audio/flac";
    case Codec::kAac:
      return "audio/mp4";
    case Codec::kWav:
      return "audio/wav";
    case Codec::kUnknown:
      break;
  }
  return "application/octet-stream";
}

void put(std::string& xml, std::string_view name, std::string_view text) {
  if (!text.empty()) xml += fmt::format("<{0}>{1}</{0}>\n", name, xml_text(text));
}

void put_picture(std::string& xml, const std::string& url) {
  xml += fmt::format("<itunes:image href=\"{}\"/>\n", xml_text(url));
}

void put_item(std::string& xml, const CatalogueItem& item, const std::string& url, const std::string& art) {
  xml += "<item>\n";
  put(xml, "title", item.title);
  put(xml, "description", item.text);
  xml += fmt::format("<enclosure url=\"{}\" length=\"{}\" type=\"{}\"/>\n", xml_text(url), item.size_bytes, media_of(item.codec));
  xml += fmt::format("<guid isPermaLink=\"false\">{}</guid>\n", xml_text(item.guid.empty() ? to_string(item.content) : item.guid));
  put(xml, "pubDate", rfc822_time(item.published));
  if (item.duration_ms > 0) put(xml, "itunes:duration", std::to_string((item.duration_ms + 500) / 1000));
  if (!art.empty()) put_picture(xml, art);
  put(xml, "dcterms:license", item.licence);
  xml += "</item>\n";
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char letter : text) {
    switch (letter) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default: {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte >= 0x20 || letter == '\t' || letter == '\n') out += letter;
      }
    }
  }
  return out;
}

std::string rfc822_time(std::int64_t seconds) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = seconds;
  std::tm at{};
  if (gmtime_r(&time, &at) == nullptr) return {};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(at.tm_wday)], at.tm_mday,
                     kMonths[static_cast<std::size_t>(at.tm_mon)], at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

std::string podcast_guid(const Catalogue& catalogue) {
  if (!catalogue.guid.empty()) return catalogue.guid;
  const auto feeds = boost::uuids::string_generator()("ead4c236-bf58-58c6-a2c6-a6b28d128cb6");
  return to_string(boost::uuids::name_generator_sha1(feeds)("earshot/" + to_string(catalogue.publisher)));
}

std::string feed_of(const Catalogue& catalogue, std::string_view self, const std::function<std::string(const ContentId&)>& url_of) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\""
      " xmlns:podcast=\"https://podcastindex.org/namespace/1.0\" xmlns:dcterms=\"http://purl.org/dc/terms/\">\n<channel>\n";
  put(xml, "title", catalogue.name);
  put(xml, "link", catalogue.link.empty() ? self : std::string_view(catalogue.link));
  put(xml, "description", catalogue.text.empty() ? catalogue.name : catalogue.text);
  put(xml, "language", catalogue.language);
  put(xml, "copyright", catalogue.licence);
  put(xml, "lastBuildDate", rfc822_time(catalogue.updated));
  put(xml, "generator", "earshot");
  put(xml, "podcast:guid", podcast_guid(catalogue));
  xml += fmt::format("<atom:link href=\"{}\" rel=\"self\" type=\"application/rss+xml\"/>\n", xml_text(self));
  put(xml, "itunes:author", catalogue.name);
  if (catalogue.art) put_picture(xml, url_of(*catalogue.art));
  for (const CatalogueItem& item : catalogue.items) {
    if (item.kind != Kind::kStation) put_item(xml, item, url_of(item.content), item.art ? url_of(*item.art) : "");
  }
  return xml + "</channel>\n</rss>\n";
}

}  // namespace earshot::node
