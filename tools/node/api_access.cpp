// The gate of the API.
#include "tools/node/api_access.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "schema/bytes.h"
#include "schema/defence.h"
#include "tools/node/api_json.h"
#include "tools/node/page.h"

namespace earshot::node {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool is_our_host(std::string_view host, std::uint16_t port) {
  const std::string asked = lower(host);
  for (const std::string_view name : {"127.0.0.1", "[::1]", "localhost"}) {
    if (asked == fmt::format("{}:{}", name, port)) return true;
  }
  return false;
}

bool is_our_origin(std::string_view origin, std::uint16_t port) {
  constexpr std::string_view kScheme = "http://";
  return origin.starts_with(kScheme) && is_our_host(origin.substr(kScheme.size()), port);
}

std::optional<UserRole> known_role(const Request& request, const Access& access) {
  const std::string_view secret = secret_of(request);
  if (is_same_secret(secret, access.token)) return UserRole::kOwner;
  return access.sessions == nullptr ? std::nullopt : access.sessions->role_of(secret);
}

// What may be asked without a secret.
bool is_open_to_all(const Request& request) {
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (request.method == "GET") return page_file(path) != nullptr;
  return request.method == "POST" && path == "/api/v1/sessions";
}

bool has_ticket(const Request& request, const Access& access) {
  const auto ticket = in_query(request.target, "ticket");
  if (!ticket || (request.method != "GET" && request.method != "HEAD") || access.token.empty()) return false;
  if (const auto content = content_in(request.target)) return is_same_secret(*ticket, ticket_for(access, *content));
  const auto feed = feed_in(request.target);
  return feed && is_same_secret(*ticket, ticket_for(access, fmt::format("feed/{}", *feed)));
}

bool is_media(std::string_view content_type, std::string_view wanted) {
  const std::string_view media = content_type.substr(0, content_type.find(';'));
  const std::size_t end = media.find_last_not_of(' ');
  return lower(media.substr(0, end == std::string_view::npos ? 0 : end + 1)) == wanted;
}

Reply refused(int status, ErrorCode code, std::string_view what) {
  return {status, json::error({code, std::string(what)}), ""};
}

}  // namespace

std::string_view secret_of(const Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  if (request.authorization) {
    const std::string_view given = *request.authorization;
    return given.starts_with(kBearer) ? given.substr(kBearer.size()) : std::string_view();
  }
  const std::string_view protocols = request.socket_protocols;
  const std::size_t comma = protocols.find(',');
  if (comma == std::string_view::npos || protocols.substr(0, comma) != kSocketProtocol) return {};
  std::string_view second = protocols.substr(comma + 1);
  while (second.starts_with(' ')) second.remove_prefix(1);
  return second.starts_with(kSocketToken) ? second.substr(kSocketToken.size()) : std::string_view();
}

std::optional<std::string_view> in_query(std::string_view target, std::string_view name) {
  const std::size_t question = target.find('?');
  std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
  }
  return std::nullopt;
}

std::string ticket_for(const Access& access, std::string_view resource) {
  std::array<std::uint8_t, 16> ticket{};
  const std::string& secret = access.ticket_key.empty() ? access.token : access.ticket_key;
  const ByteView key = as_bytes(secret).first(std::min<std::size_t>(secret.size(), crypto_generichash_KEYBYTES_MAX));
  const ByteView text = as_bytes(resource);
  crypto_generichash(ticket.data(), ticket.size(), text.data(), text.size(), key.data(), key.size());
  return to_hex(ticket);
}

std::optional<std::string_view> content_in(std::string_view target) {
  constexpr std::string_view kFolder = "/content/";
  target = target.substr(0, target.find('?'));
  if (!target.starts_with(kFolder)) return std::nullopt;
  return target.substr(kFolder.size());
}

std::optional<std::string_view> feed_in(std::string_view target) {
  constexpr std::string_view kFolder = "/feed/", kEnding = ".xml";
  target = target.substr(0, target.find('?'));
  if (!target.starts_with(kFolder) || !target.ends_with(kEnding)) return std::nullopt;
  return target.substr(kFolder.size(), target.size() - kFolder.size() - std::min(kEnding.size(), target.size() - kFolder.size()));
}

std::optional<Reply> refusal(const Request& request, const Access& access) {
  if (request.repeated_header) return Reply{400, "", ""};
  if (!request.unix_socket) {
    if (stands(Defence::kHostCheck) && (!request.host || !is_our_host(*request.host, access.port))) return Reply{403, "", ""};
    if (stands(Defence::kOriginCheck) && request.origin && !is_our_origin(*request.origin, access.port)) return Reply{403, "", ""};
    if (!is_open_to_all(request) && !known_role(request, access) && !has_ticket(request, access)) {
      return refused(401, ErrorCode::kDenied,
                     "the token of the file 'token' in the runtime folder is missing (Authorization: Bearer ...)");
    }
  }
  if (request.method == "POST" && !is_media(request.content_type, "application/json")) {
    return refused(415, ErrorCode::kInvalid, "a POST must be application/json");
  }
  if (request.method == "PUT" && !is_media(request.content_type, "application/octet-stream")) {
    return refused(415, ErrorCode::kInvalid, "a PUT must be application/octet-stream");
  }
  return std::nullopt;
}

UserRole role_of(const Request& request, const Access& access) {
  if (request.unix_socket) return UserRole::kOwner;
  return known_role(request, access).value_or(UserRole::kGuest);
}

}  // namespace earshot::node
