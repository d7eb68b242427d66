// The gate of the API.
#include "tools/node/api_access.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "schema/bytes.h"
#include "tools/node/api_json.h"

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

// Takes the same time wherever the texts differ.
bool is_same_secret(std::string_view given, std::string_view wanted) {
  if (given.size() != wanted.size() || wanted.empty()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) difference |= static_cast<unsigned>(given[i] ^ wanted[i]) & 0xFFu;
  return difference == 0;
}

bool has_token(const Request& request, std::string_view token) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view given = request.authorization ? std::string_view(*request.authorization) : std::string_view();
  return given.starts_with(kBearer) && is_same_secret(given.substr(kBearer.size()), token);
}

bool has_ticket(const Request& request, const Access& access) {
  constexpr std::string_view kTicket = "?ticket=";
  const auto content = content_in(request.target);
  if (!content || (request.method != "GET" && request.method != "HEAD") || access.token.empty()) return false;
  const std::size_t at = request.target.find(kTicket);
  if (at == std::string::npos) return false;
  return is_same_secret(std::string_view(request.target).substr(at + kTicket.size()), ticket_for(access, *content));
}

bool is_json(std::string_view content_type) {
  const std::string_view media = content_type.substr(0, content_type.find(';'));
  const std::size_t end = media.find_last_not_of(' ');
  return lower(media.substr(0, end == std::string_view::npos ? 0 : end + 1)) == "application/json";
}

Reply refused(int status, ErrorCode code, std::string_view what) {
  return {status, json::error({code, std::string(what)}), ""};
}

}  // namespace

std::string ticket_for(const Access& access, std::string_view content) {
  std::array<std::uint8_t, 16> ticket{};
  const ByteView key = as_bytes(access.token).first(std::min<std::size_t>(access.token.size(), crypto_generichash_KEYBYTES_MAX));
  const ByteView text = as_bytes(content);
  crypto_generichash(ticket.data(), ticket.size(), text.data(), text.size(), key.data(), key.size());
  return to_hex(ticket);
}

std::optional<std::string_view> content_in(std::string_view target) {
  constexpr std::string_view kFolder = "/content/";
  target = target.substr(0, target.find('?'));
  if (!target.starts_with(kFolder)) return std::nullopt;
  return target.substr(kFolder.size());
}

std::optional<Reply> refusal(const Request& request, const Access& access) {
  if (request.repeated_header) return Reply{400, "", ""};
  if (!request.unix_socket) {
    if (!request.host || !is_our_host(*request.host, access.port)) return Reply{403, "", ""};
    if (request.origin && !is_our_origin(*request.origin, access.port)) return Reply{403, "", ""};
    if (!has_token(request, access.token) && !has_ticket(request, access)) {
      return refused(401, ErrorCode::kDenied,
                     "the token of the file 'token' in the runtime folder is missing (Authorization: Bearer ...)");
    }
  }
  if (request.method == "POST" && !is_json(request.content_type)) {
    return refused(415, ErrorCode::kInvalid, "a POST must be application/json");
  }
  return std::nullopt;
}

}  // namespace earshot::node
