// The routes of wishes.
#include "tools/node/api.h"
#include "tools/node/api_json.h"
#include "tools/node/api_orders.h"
#include "tools/node/wishes.h"

namespace earshot::node {

namespace {

const Error kNoWishes{ErrorCode::kUnsupported, "this node keeps no wishes: start one with earshot up"};

}  // namespace

void Api::wishes(const Request&, const std::shared_ptr<Channel>& channel) {
  if (parts_.wishes == nullptr) return refuse(*channel, kNoWishes);
  for (const Wishes::Row& row : parts_.wishes->list()) channel->line(json::wish(row));
  channel->line(json::done("wishes"));
  channel->close();
}

void Api::add_wish(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto text = json::wish_from(request.body);
  if (!text) return refuse(*channel, text.error());
  if (parts_.wishes == nullptr) return refuse(*channel, kNoWishes);
  const auto added = parts_.wishes->add(*text);
  if (!added) return refuse(*channel, added.error());
  channel->reply({200, json::wish(*added), ""});
}

void Api::remove_wish(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto id = number_in_query(request.target, "id");
  if (!id) return refuse(*channel, {ErrorCode::kInvalid, "the query must be ?id=NUMBER"});
  if (parts_.wishes == nullptr) return refuse(*channel, kNoWishes);
  if (const auto removed = parts_.wishes->remove(*id); !removed) return refuse(*channel, removed.error());
  channel->reply({200, json::done("wish"), ""});
}

void Api::take_wish_hits(const Request&, const std::shared_ptr<Channel>& channel) {
  if (parts_.wishes == nullptr) return refuse(*channel, kNoWishes);
  const auto lines = parts_.wishes->take();
  if (!lines) return refuse(*channel, lines.error());
  for (const std::string& line : *lines) channel->line(line);
  channel->line(json::done("wish_hits"));
  channel->close();
}

}  // namespace earshot::node
