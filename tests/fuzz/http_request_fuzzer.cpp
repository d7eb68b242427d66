// Any bytes as an HTTP request: through Beast with our limits, the gate, and the parser of the body that the route
// takes. What passes the gate is checked again by a second, plainer rule.
#include <boost/asio/buffer.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tools/node/api_access.h"
#include "tools/node/api_json.h"
#include "tools/node/api_orders.h"
#include "tools/node/http_request.h"

namespace {

using namespace earshot::node;

constexpr std::uint16_t kPort = 80;

void check_gate(const Request& request) {
  if (refusal(request, {kPort, "t"})) return;
  const std::string host = request.host.value_or("");
  const std::string last = host.substr(0, host.rfind(':'));
  const bool ours = last == "127.0.0.1" || last == "[::1]" || last.size() == std::string_view("localhost").size();
  const bool signs_in = request.method == "POST" && request.target.substr(0, request.target.find('?')) == "/api/v1/sessions";
  if (!ours || !host.ends_with(":80") || (secret_of(request) != "t" && !signs_in)) std::abort();
  if (request.origin && !request.origin->starts_with("http://")) std::abort();
}

void parse_body(const Request& request) {
  const auto check = [](const auto& parsed) {
    if (!parsed && parsed.error().what.empty()) std::abort();
  };
  if (request.target == "/api/v1/searches") check(json::search_from(request.body));
  if (request.target == "/api/v1/fetches") check(json::fetch_from(request.body));
  if (request.target == "/api/v1/shares") check(json::share_from(request.body));
  if (request.target == "/api/v1/imports") check(json::import_from(request.body));
  if (request.target == "/api/v1/join") check(json::join_from(request.body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  RequestParser parser;
  limit(parser);
  parser.eager(true);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(data, size), error);
  if (error || !parser.is_done()) return 0;
  const Request request = request_from(parser.release(), /*unix_socket=*/false);
  if (request.body.size() > kMaxBodyBytes) std::abort();
  check_gate(request);
  parse_body(request);
  return 0;
}
