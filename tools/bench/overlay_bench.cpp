// A peer, a clock that counts calls, and a directory of ten contacts.
#include "tools/bench/overlay_bench.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "overlay/peer.h"
#include "overlay/wire.h"

namespace earshot::bench {

namespace {

using namespace overlay;

constexpr std::size_t kNeighbors = 5;
constexpr std::size_t kSeenSlots = 64 * 1024;
constexpr std::size_t kHits = 20;

// A million rounds of a few hundred nanoseconds.
constexpr std::uint64_t kWireRounds = 200'000;

class TenContacts final : public Directory {
 public:
  TenContacts() {
    for (std::size_t i = 0; i < contacts_.size(); ++i) {
      contacts_[i].key.bytes.fill(static_cast<std::uint8_t>(i + 1));
      contacts_[i].endpoint = *endpoint_from("127.0.0.1:4040");
      contacts_[i].stream_port = 4041;
    }
  }
  std::optional<Contact> contact_of(PeerId peer) const override {
    if (to_number(peer) >= contacts_.size()) return std::nullopt;
    return contacts_[to_number(peer)];
  }
  PeerId intern(const Contact& contact, PeerId) override { return PeerId{contact.key.bytes[0] - 1u}; }

 private:
  std::array<Contact, 10> contacts_;
};

double seconds_of(const std::function<void()>& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

std::shared_ptr<const SearchRequest> request() {
  SearchRequest request;
  request.text = "so what miles davis";
  return std::make_shared<const SearchRequest>(request);
}

Query query(std::uint64_t number, const std::shared_ptr<const SearchRequest>& request) {
  return {{number * 0x9E3779B97F4A7C15u, number}, request, StrategyKind::kFlood, 4, 1};
}

/// As large as a box of them; what is in it is nobody's business on the way.
Result<Hits> twenty_hits(const Directory& directory) {
  std::vector<Hit> hits(kHits);
  for (std::size_t i = 0; i < hits.size(); ++i) {
    hits[i].holder = PeerId{3};
    hits[i].track.content.scheme = Scheme::kPpspp;
    hits[i].track.content.digest.fill(static_cast<std::uint8_t>(i));
    hits[i].track.title = "A title of ordinary length";
    hits[i].track.artist = "An artist";
    hits[i].track.album = "The album that it is on";
  }
  auto list = wire::encode_hits(hits, limits::kMaxBox, directory);
  if (!list) return tl::unexpected(std::move(list.error()));
  return Hits{{1, 2}, std::make_shared<const Bytes>(std::move(*list)), 2};
}

struct Rates {
  double query_per_s = 0;
  double duplicate_per_s = 0;
};

Rates peer_rates(const OverlayBenchOptions& options) {
  const Config config;
  std::vector<PeerId> active(config.active_size + 1u, kNoPeer);
  std::vector<PeerId> passive(config.passive_size, kNoPeer);
  std::vector<SeenSlot> seen(kSeenSlots);
  const std::array<PeerId, kNeighbors> neighbors = {PeerId{1}, PeerId{2}, PeerId{3}, PeerId{4}, PeerId{5}};
  Peer peer(PeerId{0}, config, Random::stream(options.seed, 0, 0), {active, passive, seen}, neighbors);
  Outbox out;
  Instant now{};
  const auto text = request();
  const auto receive = [&](PeerId from, const Message& message) {
    now += 1us;
    peer.receive(now, from, message, out);
    out.clear();
  };
  Rates rates;
  rates.query_per_s = static_cast<double>(options.messages) / seconds_of([&] {
                        for (std::uint64_t i = 0; i < options.messages; ++i)
                          receive(neighbors[i % kNeighbors], query(i + 1, text));
                      });
  const Message repeated = query(options.messages, text);
  rates.duplicate_per_s = static_cast<double>(options.messages) / seconds_of([&] {
                            for (std::uint64_t i = 0; i < options.messages; ++i)
                              receive(neighbors[i % kNeighbors], repeated);
                          });
  return rates;
}

struct WireTimes {
  double encode_ns = 0;
  double decode_ns = 0;
  std::size_t bytes = 0;
};

Result<WireTimes> wire_times(const Message& message) {
  TenContacts directory;
  const auto frame = wire::encode(message, directory);
  if (!frame) return tl::unexpected(frame.error());
  std::size_t sum = 0;  // used, so that nothing is left out
  WireTimes times;
  times.bytes = frame->size();
  times.encode_ns = 1e9 / kWireRounds * seconds_of([&] {
                      for (std::uint64_t i = 0; i < kWireRounds; ++i) sum += wire::encode(message, directory)->size();
                    });
  times.decode_ns = 1e9 / kWireRounds * seconds_of([&] {
                      for (std::uint64_t i = 0; i < kWireRounds; ++i)
                        sum += wire::decode(*frame, PeerId{1}, directory)->index();
                    });
  if (sum < kWireRounds) return fail(ErrorCode::kCorrupt, "frames do not decode");
  return times;
}

}  // namespace

Result<std::string> run_overlay_bench(const OverlayBenchOptions& options) {
  if (options.messages == 0) return fail(ErrorCode::kInvalid, "--messages must be at least 1");
  const Rates rates = peer_rates(options);
  const auto query_times = wire_times(query(1, request()));
  if (!query_times) return fail_in("query frame", query_times.error());
  const auto hits = twenty_hits(TenContacts());
  if (!hits) return fail_in("list of hits", hits.error());
  const auto hits_times = wire_times(*hits);
  if (!hits_times) return fail_in("hits frame", hits_times.error());
  return fmt::format(R"({{"bench":"overlay","messages":{},"query_per_s":{:.0f},"duplicate_per_s":{:.0f},)"
                     R"("query_bytes":{},"query_encode_ns":{:.0f},"query_decode_ns":{:.0f},)"
                     R"("hits":{},"hits_bytes":{},"hits_encode_ns":{:.0f},"hits_decode_ns":{:.0f}}})",
                     options.messages, rates.query_per_s, rates.duplicate_per_s, query_times->bytes,
                     query_times->encode_ns, query_times->decode_ns, kHits, hits_times->bytes, hits_times->encode_ns,
                     hits_times->decode_ns);
}

}  // namespace earshot::bench
