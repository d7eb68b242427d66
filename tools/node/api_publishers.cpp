// The routes of publishers, their feeds, and playlists.
#include <fmt/format.h>

#include "tools/node/api.h"
#include "tools/node/api_json.h"
#include "tools/node/api_orders.h"
#include "tools/node/feed.h"
#include "tools/node/identify.h"
#include "tools/node/publishers.h"

namespace earshot::node {

namespace {

const Error kNone{ErrorCode::kUnsupported, "this node follows nobody and puts nothing out: start one with earshot up"};

constexpr const char* kFeedFields = "Content-Type: application/rss+xml; charset=utf-8\r\nCache-Control: no-cache\r\n";

Result<NodeKey> key_in(const Request& request, std::string_view name) {
  const auto text = in_query(request.target, name);
  if (!text) return fail(ErrorCode::kInvalid, "the query must be ?{}=KEY", name);
  return publisher_key_from(*text);
}

}  // namespace

std::string Api::address_of(const ContentId& content, bool whole) const {
  if (http_.port == 0) return {};
  const std::string id = to_string(content);
  return fmt::format("http://{}/content/{}?{}ticket={}", to_string(http_), id, whole ? "whole=1&" : "", ticket_for(access_, id));
}

std::string Api::address_of_feed(const NodeKey& publisher) const {
  if (http_.port == 0) return {};
  const std::string resource = "feed/" + to_string(publisher);
  return fmt::format("http://{}/{}.xml?ticket={}", to_string(http_), resource, ticket_for(access_, resource));
}

void Api::publishers(const Request&, const std::shared_ptr<Channel>& channel) {
  if (parts_.publishers == nullptr) return refuse(*channel, kNone);
  for (const Publishers::Row& row : parts_.publishers->list()) channel->line(line_of(row));
  channel->line(json::done("publishers"));
  channel->close();
}

std::string Api::line_of(const Publishers::Row& row) const {
  return json::publisher(row, address_of(row.about.art), address_of_feed(row.about.publisher));
}

std::string Api::address_of(const std::optional<ContentId>& picture) const {
  return picture ? address_of(*picture, /*whole=*/true) : "";
}

void Api::follow(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto order = json::follow_from(request.body);
  if (!order) return refuse(*channel, order.error());
  if (parts_.publishers == nullptr) return refuse(*channel, kNone);
  const auto row = parts_.publishers->follow(order->key, order->mirror);
  if (!row) return refuse(*channel, row.error());
  channel->reply({200, line_of(*row), ""});
}

void Api::unfollow(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto key = key_in(request, "key");
  if (!key) return refuse(*channel, key.error());
  if (parts_.publishers == nullptr) return refuse(*channel, kNone);
  if (const auto gone = parts_.publishers->unfollow(*key); !gone) return refuse(*channel, gone.error());
  channel->reply({200, json::done("unfollow"), ""});
}

void Api::catalogue(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto key = key_in(request, "publisher");
  if (!key) return refuse(*channel, key.error());
  if (parts_.publishers == nullptr) return refuse(*channel, kNone);
  const auto found = parts_.publishers->catalogue(*key);
  if (!found) return refuse(*channel, found.error());
  for (const CatalogueItem& item : found->items) channel->line(json::item(item, address_of(item.art)));
  channel->line(json::done("catalogue"));
  channel->close();
}

void Api::post_publishing(const std::shared_ptr<Channel>& channel, std::function<void()> work) {
  if (parts_.publishers == nullptr) return refuse(*channel, kNone);
  if (!publishing_) publishing_ = std::make_unique<Worker>();
  if (!publishing_->post([work = std::move(work)](const std::atomic<bool>&) { work(); })) {
    refuse(*channel, {ErrorCode::kExhausted, "too much is being published at once: try again in a moment"});
  }
}

void Api::describe(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto about = json::about_from(request.body);
  if (!about) return refuse(*channel, about.error());
  post_publishing(channel, [this, channel, about = std::move(*about)] {
    const auto row = parts_.publishers->describe(about);
    if (!row) return refuse(*channel, row.error());
    channel->reply({200, line_of(*row), ""});
  });
}

void Api::publish(const Request& request, const std::shared_ptr<Channel>& channel) {
  auto order = json::item_from(request.body);
  if (!order) return refuse(*channel, order.error());
  post_publishing(channel, [this, channel, order = std::move(*order)]() mutable {
    if (!order.file.empty()) {
      const auto content = identify(order.file, Scheme::kPpspp);
      if (!content) return refuse(*channel, content.error());
      order.item.content = *content;
    }
    const auto item = parts_.publishers->publish(order.item, order.art);
    if (!item) return refuse(*channel, item.error());
    channel->reply({200, json::item(*item, address_of(item->art)), ""});
  });
}

void Api::withdraw(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto content = content_id_from(in_query(request.target, "content").value_or(""));
  if (!content) return refuse(*channel, {ErrorCode::kInvalid, "the query must be ?content=ID"});
  post_publishing(channel, [this, channel, content = *content] {
    if (const auto gone = parts_.publishers->withdraw(content); !gone) return refuse(*channel, gone.error());
    channel->reply({200, json::done("withdraw"), ""});
  });
}

void Api::feed(const Request& request, const std::shared_ptr<Channel>& channel) {
  if (request.method != "GET") {
    return channel->reply({405, json::error({ErrorCode::kInvalid, "this route takes GET"}), "GET"});
  }
  const auto key = publisher_key_from(*feed_in(request.target));
  if (!key) return refuse(*channel, key.error());
  if (parts_.publishers == nullptr) return refuse(*channel, kNone);
  const auto found = parts_.publishers->catalogue(*key);
  if (!found) return refuse(*channel, found.error());
  const auto url_of = [this](const ContentId& content) { return address_of(content, /*whole=*/true); };
  channel->reply({200, feed_of(*found, address_of_feed(*key), url_of), "", kFeedFields});
}

void Api::playlist(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto order = json::playlist_from(request.body);
  if (!order) return refuse(*channel, order.error());
  if (http_.port == 0) return refuse(*channel, {ErrorCode::kUnsupported, "this node serves no player: start one with earshot up"});
  std::vector<PlaylistRow> rows;
  for (const Track& track : order->tracks) {
    rows.push_back({address_of(track.content, /*whole=*/false), track.title, track.artist, track.album, track.duration_ms});
  }
  const std::string_view format = order->format == PlaylistFormat::kXspf ? "xspf" : "m3u8";
  channel->reply({200, json::playlist(format, node::playlist(rows, order->format)), ""});
}

}  // namespace earshot::node
