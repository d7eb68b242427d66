// What the page, or who speaks like it, sends over its WebSocket: JSON for our routes and nothing else, and a bounded number of calls.
//
//   input = texts, each ended by an octet 0
#include <cstdint>
#include <memory>
#include <vector>

#include "schema/bytes.h"
#include "schema/check.h"
#include "tools/node/socket_calls.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  std::vector<std::shared_ptr<node::Channel>> open;
  std::size_t answers = 0;
  node::SocketCalls calls(
      [&](const node::Request& request, const std::shared_ptr<node::Channel>& channel) {
        EARSHOT_CHECK(request.content_type == "application/json" && !request.unix_socket);
        if (request.target.size() % 2 == 0) return channel->reply({404, "{}", ""});
        open.push_back(channel);
        EARSHOT_CHECK(open.size() <= 1000);
      },
      [&](const std::string& text) { answers += text.empty() ? 0 : 1; });
  std::string_view rest = as_text({data, size});
  for (bool goes_on = true; goes_on && !rest.empty();) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    goes_on = calls.receive(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (open.size() > node::SocketCalls::kMaxOpen / 2) {
      open.front()->close();
      open.erase(open.begin());
    }
  }
  calls.gone();
  const std::size_t before = answers;
  for (const auto& channel : open) channel->line("{}");
  EARSHOT_CHECK(answers == before);
  return 0;
}
