// Written, signed, read.
#include "tools/node/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>

#include "overlay/net/signature.h"
#include "schema/bytes.h"
#include "schema/limits.h"
#include "tools/node/json_line.h"

namespace earshot::node {

using nlohmann::ordered_json;

namespace {

constexpr std::string_view kCatalogueHead = "earshot-catalogue 1\n";
constexpr std::string_view kSignature = "signature ";
constexpr std::size_t kSignatureLine = kSignature.size() + 128 + 1;

Result<void> check_text(std::string_view text, std::size_t most, std::string_view field) {
  if (text.size() > most) return fail(ErrorCode::kInvalid, "'{}' has more than {} bytes", field, most);
  if (!is_clean_text(text)) return fail(ErrorCode::kInvalid, "'{}' is no clean text", field);
  return {};
}

void put_id(ordered_json& value, const char* field, const std::optional<ContentId>& id) {
  if (id) value[field] = to_string(*id);
}

void put_text(ordered_json& value, const char* field, const std::string& text) {
  if (!text.empty()) value[field] = text;
}

std::string about_line(const Catalogue& catalogue) {
  ordered_json value = {{"publisher", to_string(catalogue.publisher)},
                        {"version", catalogue.version},
                        {"updated", catalogue.updated},
                        {"name", catalogue.name}};
  put_text(value, "text", catalogue.text);
  put_text(value, "language", catalogue.language);
  put_text(value, "licence", catalogue.licence);
  put_id(value, "art", catalogue.art);
  put_text(value, "link", catalogue.link);
  put_text(value, "guid", catalogue.guid);
  return written(value) + "\n";
}

std::string item_line(const CatalogueItem& item) {
  ordered_json value = {{"content", to_string(item.content)}, {"kind", to_string(item.kind)}, {"title", item.title}};
  put_text(value, "text", item.text);
  put_text(value, "licence", item.licence);
  put_id(value, "art", item.art);
  value["published"] = item.published;
  value["duration_ms"] = item.duration_ms;
  value["size_bytes"] = item.size_bytes;
  value["codec"] = to_string(item.codec);
  put_text(value, "guid", item.guid);
  put_text(value, "stream", item.stream);
  return written(value) + "\n";
}

/// Reads the fields of one object; the first that is wrong is kept in `error`.
class Fields {
 public:
  explicit Fields(std::string_view line) : value_(ordered_json::parse(line, nullptr, /*allow_exceptions=*/false)) {
    if (!value_.is_object()) wrong("a line is no JSON object");
  }

  std::string text(const char* field) {
    const auto found = value_.is_object() ? value_.find(field) : value_.end();
    if (found == value_.end() || !value_.is_object()) return {};
    if (!found->is_string()) return wrong(fmt::format("'{}' is no text", field)), std::string();
    return found->get<std::string>();
  }

  template <class T>
  T number(const char* field) {
    const auto found = value_.is_object() ? value_.find(field) : value_.end();
    if (!value_.is_object() || found == value_.end()) return 0;
    const auto most = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (!found->is_number_unsigned() || found->template get<std::uint64_t>() > most)
      return wrong(fmt::format("'{}' is no number or too large", field)), T{0};
    return found->template get<T>();
  }

  std::optional<ContentId> id(const char* field) {
    const std::string name = text(field);
    if (name.empty()) return std::nullopt;
    const auto id = content_id_from(name);
    if (!id) wrong(fmt::format("'{}' is no content id", field));
    return id ? std::optional<ContentId>(*id) : std::nullopt;
  }

  void wrong(std::string what) {
    if (!error) error = Error{ErrorCode::kInvalid, "a catalogue: " + std::move(what)};
  }

  std::optional<Error> error;

 private:
  ordered_json value_;
};

Result<Catalogue> about_from(std::string_view line) {
  Fields fields(line);
  Catalogue catalogue;
  const auto key = publisher_key_from(fields.text("publisher"));
  if (!key) fields.wrong(key.error().what);
  if (key) catalogue.publisher = *key;
  catalogue.version = fields.number<std::uint64_t>("version");
  catalogue.updated = fields.number<std::int64_t>("updated");
  catalogue.name = fields.text("name");
  catalogue.text = fields.text("text");
  catalogue.language = fields.text("language");
  catalogue.licence = fields.text("licence");
  catalogue.art = fields.id("art");
  catalogue.link = fields.text("link");
  catalogue.guid = fields.text("guid");
  return fields.error ? Result<Catalogue>(tl::unexpected(*fields.error)) : catalogue;
}

Result<CatalogueItem> item_from(std::string_view line) {
  Fields fields(line);
  CatalogueItem item;
  const auto content = fields.id("content");
  const auto kind = kind_from(fields.text("kind"));
  if (!content) fields.wrong("an item has no content");
  if (!kind) fields.wrong("an item is of no known kind");
  if (content) item.content = *content;
  if (kind) item.kind = *kind;
  item.title = fields.text("title");
  item.text = fields.text("text");
  item.licence = fields.text("licence");
  item.art = fields.id("art");
  item.published = fields.number<std::int64_t>("published");
  item.duration_ms = fields.number<std::uint32_t>("duration_ms");
  item.size_bytes = fields.number<std::uint64_t>("size_bytes");
  item.codec = codec_from(fields.text("codec"));
  item.guid = fields.text("guid");
  item.stream = fields.text("stream");
  return fields.error ? Result<CatalogueItem>(tl::unexpected(*fields.error)) : item;
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

std::optional<Signature> signature_from(std::string_view line) {
  if (line.size() != kSignatureLine || !line.starts_with(kSignature) || !line.ends_with('\n')) return std::nullopt;
  const std::string_view hex = line.substr(kSignature.size(), 128);
  const auto first = digest_from_hex(hex.substr(0, 64));
  const auto second = digest_from_hex(hex.substr(64));
  if (!first || !second) return std::nullopt;
  Signature signature{};
  std::copy(second->begin(), second->end(), std::copy(first->begin(), first->end(), signature.begin()));
  return signature;
}

}  // namespace

Result<NodeKey> publisher_key_from(std::string_view text) {
  const auto bytes = digest_from_hex(text);
  if (!bytes) return fail(ErrorCode::kInvalid, "'{}' is no publisher's key: 64 hexadecimal digits", clip_utf8(text, 80));
  return NodeKey{*bytes};
}

Result<void> validate(const Catalogue& catalogue) {
  if (catalogue.name.empty()) return fail(ErrorCode::kInvalid, "a publisher needs a name");
  if (catalogue.items.size() > Catalogue::kMostItems)
    return fail(ErrorCode::kInvalid, "a catalogue has at most {} items", Catalogue::kMostItems);
  constexpr std::size_t kName = limits::kMaxTrackText;
  for (const auto& [field, text, most] :
       {std::tuple{"name", &catalogue.name, kName}, {"text", &catalogue.text, Catalogue::kMostText}, {"language", &catalogue.language, kName},
        {"licence", &catalogue.licence, kName}, {"link", &catalogue.link, kName}, {"guid", &catalogue.guid, kName}}) {
    if (auto valid = check_text(*text, most, field); !valid) return valid;
  }
  for (const CatalogueItem& item : catalogue.items) {
    if (item.title.empty()) return fail(ErrorCode::kInvalid, "an item needs a title");
    if (item.kind == Kind::kPublisher) return fail(ErrorCode::kInvalid, "a catalogue holds no publishers");
    if ((item.kind == Kind::kStation) == item.stream.empty())
      return fail(ErrorCode::kInvalid, "a station, and nothing else, has a stream");
    for (const auto& [field, text, most] :
         {std::tuple{"title", &item.title, kName}, {"text", &item.text, Catalogue::kMostText}, {"licence", &item.licence, kName},
          {"guid", &item.guid, kName}, {"stream", &item.stream, kName}}) {
      if (auto valid = check_text(*text, most, field); !valid) return valid;
    }
  }
  return {};
}

std::string signed_text(const Catalogue& catalogue, const overlay::net::Identity& identity) {
  std::string text(kCatalogueHead);
  text += about_line(catalogue);
  for (const CatalogueItem& item : catalogue.items) text += item_line(item);
  const Signature signature = overlay::net::sign(identity, as_bytes(text));
  return text + std::string(kSignature) + to_hex(signature) + "\n";
}

Result<Catalogue> catalogue_from(std::string_view text) {
  if (text.size() > Catalogue::kMostBytes || text.size() < kCatalogueHead.size() + kSignatureLine || !text.starts_with(kCatalogueHead))
    return fail(ErrorCode::kInvalid, "this is no catalogue of a publisher");
  const std::string_view body = text.substr(0, text.size() - kSignatureLine);
  const auto signature = signature_from(text.substr(body.size()));
  std::string_view rest = body.substr(kCatalogueHead.size());
  if (!signature || !rest.ends_with('\n')) return fail(ErrorCode::kInvalid, "a catalogue has no signature at its end");
  auto catalogue = about_from(take_line(rest));
  if (!catalogue) return catalogue;
  if (!overlay::net::has_signed(catalogue->publisher, as_bytes(body), *signature))
    return fail(ErrorCode::kCorrupt, "a catalogue is not signed by the publisher it names");
  while (!rest.empty()) {
    if (catalogue->items.size() == Catalogue::kMostItems) return fail(ErrorCode::kInvalid, "a catalogue has too many items");
    auto item = item_from(take_line(rest));
    if (!item) return tl::unexpected(item.error());
    catalogue->items.push_back(std::move(*item));
  }
  if (auto valid = validate(*catalogue); !valid) return tl::unexpected(valid.error());
  return catalogue;
}

Track track_of(const Catalogue& catalogue, const ContentId& content, std::uint64_t size_bytes) {
  Track track;
  track.content = content;
  track.title = catalogue.name;
  track.kind = Kind::kPublisher;
  track.size_bytes = size_bytes;
  track.licence = catalogue.licence;
  track.publisher = to_string(catalogue.publisher);
  return tidied(std::move(track));
}

Track labelled(Track track, const CatalogueItem& item, const Catalogue& catalogue) {
  track.title = item.title;
  track.kind = item.kind;
  track.publisher = catalogue.name;
  if (!item.licence.empty()) track.licence = item.licence;
  return tidied(std::move(track));
}

}  // namespace earshot::node
