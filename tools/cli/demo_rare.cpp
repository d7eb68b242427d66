// What the demo shows of search: tracks that exist once are found, the answer says how much of the network it speaks for and what
// it cost, and a wish is answered when its holder comes.
#include "tools/cli/demo_rare.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tools/cli/interrupt.h"
#include "tools/cli/replies.h"

namespace earshot::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kWishPatience{30};
constexpr std::chrono::milliseconds kWishPollPeriod{100};

}  // namespace

Result<RareSearch> search_rare(DemoNetwork& network, std::size_t asker, const Song& song, StrategyKind strategy) {
  RareSearch result;
  SearchRequest request;
  request.text = song.title;
  request.strategy = strategy;
  request.time = 2s;
  const Reader reader{[&](std::string_view line) {
                        const std::string type = type_of(line);
                        if (type == "hit") result.found |= hit_from(line).title == song.title;
                        if (type == "summary") result.summary = summary_from(line);
                        return true;
                      },
                      nullptr};
  auto asked = network.ask(asker, "POST", "/api/v1/searches", search_body(request), reader);
  if (!asked) return tl::unexpected(asked.error());
  return result;
}

Result<void> add_wish(DemoNetwork& network, std::size_t node, const std::string& text) {
  std::optional<Error> refused;
  const Reader reader{[&](std::string_view line) {
                        if (type_of(line) == "error") refused = error_from(line);
                        return true;
                      },
                      nullptr};
  auto asked = network.ask(node, "POST", "/api/v1/wishes", wish_body(text), reader);
  if (!asked) return asked;
  return refused ? Result<void>(tl::unexpected(*refused)) : Result<void>();
}

Result<HitLine> wait_for_wish(DemoNetwork& network, std::size_t node) {
  const auto deadline = Clock::now() + kWishPatience;
  while (Clock::now() < deadline) {
    if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
    std::optional<HitLine> hit;
    const Reader reader{[&](std::string_view line) {
                          if (type_of(line) == "wish_hit") hit = hit_from(line);
                          return true;
                        },
                        nullptr};
    if (auto asked = network.ask(node, "POST", "/api/v1/wishes/hits", "{}", reader); !asked)
      return tl::unexpected(asked.error());
    if (hit) return *hit;
    std::this_thread::sleep_for(kWishPollPeriod);
  }
  return fail(ErrorCode::kTimedOut, "the wish of node {} was not answered", node);
}

}  // namespace earshot::cli
