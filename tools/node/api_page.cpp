// The routes of the page: how it comes in, how it brings files, and the socket that carries its calls.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "tools/node/api.h"
#include "tools/node/api_json.h"
#include "tools/node/api_orders.h"
#include "tools/node/clocks.h"

namespace earshot::node {

std::optional<std::uint64_t> number_in_query(std::string_view target, std::string_view name) {
  const std::string_view digits = in_query(target, name).value_or("");
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

void Channel::socket(Serve) {
  reply({426, "", ""});
}

void Api::open_link(const Request&, const std::shared_ptr<Channel>& channel) {
  if (http_.port == 0) return refuse(*channel, {ErrorCode::kUnsupported, "this node serves no page"});
  const std::string url = fmt::format("http://{}/#link={}", to_string(http_), sessions_.issue_link(steady_now()));
  channel->reply({200, json::link(url, Sessions::kLinkTime), ""});
}

void Api::open_session(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto order = json::session_from(request.body);
  if (!order) return refuse(*channel, order.error());
  if (order->link.empty()) {
    if (parts_.users == nullptr) return refuse(*channel, {ErrorCode::kDenied, "this node has no users"});
    return post_hashing(channel, [this, channel, order = *order] {
      const auto role = parts_.users->check(order.user, order.password);
      if (!role) return refuse(*channel, {ErrorCode::kDenied, "no user has this name and this password"});
      channel->reply({200, json::session(sessions_.open(*role), to_string(*role)), ""});
    });
  }
  const auto session = sessions_.redeem(order->link, steady_now());
  if (!session) {
    return refuse(*channel, {ErrorCode::kDenied, "this link was used already or is too old: 'earshot up' gives a new one"});
  }
  channel->reply({200, json::session(*session, to_string(UserRole::kOwner)), ""});
}

void Api::end_session(const Request& request, const std::shared_ptr<Channel>& channel) {
  sessions_.end(secret_of(request));
  channel->reply({200, json::done("session"), ""});
}

void Api::radio(const Request&, const std::shared_ptr<Channel>& channel) {
  if (parts_.radio == nullptr) return refuse(*channel, {ErrorCode::kNotFound, "this node has no radio: set radio.listen"});
  channel->reply({200, json::radio(parts_.radio->endpoint(), parts_.radio_password), ""});
}

void Api::stations(const Request&, const std::shared_ptr<Channel>& channel) {
  for (const Radio::Row& row : parts_.radio == nullptr ? std::vector<Radio::Row>() : parts_.radio->stations()) {
    channel->line(json::station(row, parts_.radio->endpoint()));
  }
  channel->line(json::done("stations"));
  channel->close();
}

void Api::post_hashing(const std::shared_ptr<Channel>& channel, std::function<void()> work) {
  if (!hashing_) hashing_ = std::make_unique<Worker>();
  if (!hashing_->post([work = std::move(work)](const std::atomic<bool>&) { work(); })) {
    refuse(*channel, {ErrorCode::kExhausted, "too many want to come in at once: try again in a moment"});
  }
}

void Api::users(const Request&, const std::shared_ptr<Channel>& channel) {
  for (const Users::Row& row : parts_.users == nullptr ? std::vector<Users::Row>() : parts_.users->list()) {
    channel->line(json::user(row.name, row.role));
  }
  channel->line(json::done("users"));
  channel->close();
}

void Api::set_user(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto order = json::user_from(request.body);
  if (!order) return refuse(*channel, order.error());
  if (parts_.users == nullptr) return refuse(*channel, {ErrorCode::kUnsupported, "this node keeps no users"});
  post_hashing(channel, [this, channel, order = *order] {
    const auto kept = parts_.users->set(order.name, order.role, order.password);
    if (!kept) return refuse(*channel, kept.error());
    channel->reply({200, json::user(order.name, order.role), ""});
  });
}

void Api::remove_user(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto name = in_query(request.target, "name");
  if (!name) return refuse(*channel, {ErrorCode::kInvalid, "the query must be ?name=NAME"});
  if (parts_.users == nullptr) return refuse(*channel, {ErrorCode::kUnsupported, "this node keeps no users"});
  const auto removed = parts_.users->remove(std::string(*name));
  if (!removed) return refuse(*channel, removed.error());
  channel->reply({200, json::done("user"), ""});
}

void Api::begin_upload(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto order = json::upload_from(request.body);
  if (!order) return refuse(*channel, order.error());
  const auto upload = uploads_.begin(order->name, order->size);
  if (!upload) return refuse(*channel, upload.error());
  channel->reply({200, json::upload(*upload, {}), ""});
}

void Api::go_on_upload(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto upload = number_in_query(request.target, "id");
  const auto offset = number_in_query(request.target, "offset");
  if (!upload || !offset) return refuse(*channel, {ErrorCode::kInvalid, "the query must be ?id=NUMBER&offset=NUMBER"});
  const auto state = uploads_.add(*upload, *offset, request.body);
  if (!state) return refuse(*channel, state.error());
  channel->reply({200, json::upload(*upload, *state), ""});
}

void Api::give_up_upload(const Request& request, const std::shared_ptr<Channel>& channel) {
  const auto upload = number_in_query(request.target, "id");
  if (!upload) return refuse(*channel, {ErrorCode::kInvalid, "the query must be ?id=NUMBER"});
  uploads_.give_up(*upload);
  channel->reply({200, json::done("upload"), ""});
}

void Api::socket(const Request& request, const std::shared_ptr<Channel>& channel) {
  channel->socket([this, role = request.role](const Request& call, const std::shared_ptr<Channel>& answer) {
    Request known = call;
    known.role = role;
    serve(known, answer);
  });
}

}  // namespace earshot::node
