// Text forms of endpoints and contacts.
#include "schema/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace earshot {

namespace {

constexpr std::array<std::uint8_t, 12> kV4Prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::string_view kContactPrefix = "earshot://";

}  // namespace

bool Endpoint::is_v4() const { return std::equal(kV4Prefix.begin(), kV4Prefix.end(), address.begin()); }

bool Endpoint::is_loopback() const {
  constexpr std::array<std::uint8_t, 16> kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return is_v4() ? address[12] == 127 : address == kLoopback6;
}

bool Endpoint::is_unspecified() const {
  const auto first = is_v4() ? address.begin() + 12 : address.begin();
  return std::all_of(first, address.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string to_string(const Endpoint& endpoint) {
  char text[INET6_ADDRSTRLEN] = {};
  if (endpoint.is_v4()) {
    inet_ntop(AF_INET, endpoint.address.data() + 12, text, sizeof text);
    return fmt::format("{}:{}", text, endpoint.port);
  }
  inet_ntop(AF_INET6, endpoint.address.data(), text, sizeof text);
  return fmt::format("[{}]:{}", text, endpoint.port);
}

Result<Endpoint> endpoint_from(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(ErrorCode::kInvalid, "'{}' is no endpoint: expected ADDRESS:PORT, for example 127.0.0.1:4040", text);
  }
  Endpoint endpoint;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size()) {
    return fail(ErrorCode::kInvalid, "'{}' is no port: expected a number from 0 to 65535", port);
  }
  std::string host(text.substr(0, colon));
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  std::copy(kV4Prefix.begin(), kV4Prefix.end(), endpoint.address.begin());
  if (!bracketed && inet_pton(AF_INET, host.c_str(), endpoint.address.data() + 12) == 1) return endpoint;
  if (bracketed && inet_pton(AF_INET6, host.c_str(), endpoint.address.data()) == 1) return endpoint;
  return fail(ErrorCode::kInvalid, "'{}' is no numeric address: write 127.0.0.1 or [::1]", host);
}

std::string to_string(const Contact& contact) {
  return fmt::format("{}{}@{}", kContactPrefix, to_string(contact.key), to_string(contact.endpoint));
}

Result<Contact> contact_from(std::string_view text) {
  const std::size_t at = text.find('@');
  if (!text.starts_with(kContactPrefix) || at == std::string_view::npos) {
    return fail(ErrorCode::kInvalid, "'{}' is no contact: expected earshot://KEY@ADDRESS:PORT", text);
  }
  auto key = digest_from_hex(text.substr(kContactPrefix.size(), at - kContactPrefix.size()));
  if (!key) return fail_in("contact key", std::move(key.error()));
  auto endpoint = endpoint_from(text.substr(at + 1));
  if (!endpoint) return fail_in("contact", std::move(endpoint.error()));
  if (endpoint->is_unspecified() || endpoint->port == 0) {
    return fail(ErrorCode::kInvalid, "'{}' cannot be dialled: it needs an address and a port", text);
  }
  return Contact{NodeKey{*key}, *endpoint, 0};
}

}  // namespace earshot
