// Four numbers.
#include "tools/node/remembered_network.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "tools/node/runtime_files.h"

namespace earshot::node {

namespace {

constexpr std::string_view kNetworkHead = "earshot-network 1\n";
constexpr std::size_t kMostNetworkBytes = 256;

template <class T>
bool take(std::string_view& text, char end, T& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop == text.data() + text.size() || *stop != end) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return true;
}

}  // namespace

overlay::NetworkView remembered_network(const std::filesystem::path& file) {
  const auto text = read_small_file(file, kMostNetworkBytes);
  if (!text || !text->starts_with(kNetworkHead)) return {};
  std::string_view rest = std::string_view(*text).substr(kNetworkHead.size());
  overlay::NetworkView network;
  const bool read = take(rest, ' ', network.peers) && take(rest, ' ', network.degree) &&
                    take(rest, ' ', network.meeting) && take(rest, '\n', network.meetings) && rest.empty();
  return read ? network : overlay::NetworkView{};
}

Result<void> remember_network(const std::filesystem::path& file, const overlay::NetworkView& network) {
  return write_private_file(file, fmt::format("{}{} {} {} {}\n", kNetworkHead, network.peers, network.degree, network.meeting,
                                              network.meetings));
}

}  // namespace earshot::node
