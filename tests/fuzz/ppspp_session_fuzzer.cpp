// A whole swarm in a stranger's hands: at most 30 datagrams from up to three endpoints, mock time, a seeder or a leecher.
// The stranger knows the channel ids. Nothing but the true bytes is kept, and unproven addresses are not sent more than
// came from them.
#include <algorithm>
#include <array>

#include "schema/check.h"
#include "stream/ppspp/swarm.h"
#include "tests/fuzz/stranger.h"
#include "tests/stream/content.h"

using namespace earshot;
using namespace earshot::stream::ppspp;

namespace {

/// One content; its tree is SHA-256's, or SHA-1's, whose swarm speaks draft 10, too.
const Published& published(bool sha1) {
  static const Published modern(random_bytes(1, 70 * 1024 + 3)), old(random_bytes(1, 70 * 1024 + 3), MerkleHash::kSha1);
  return sha1 ? old : modern;
}

SwarmConfig config_of(std::uint8_t setup) {
  SwarmConfig config;
  if ((setup & 4) != 0) config.hash = MerkleHash::kSha1;
  if ((setup & 8) != 0) config.addressing = Addressing::kBin32;
  return config;
}

class Session {
 public:
  explicit Session(std::uint8_t setup)
      : config_(config_of(setup)), content_(published((setup & 4) != 0)), swarm_(content_.root, config_, ids_) {
    format_.addressing = config_.addressing;
    format_.hash_size = hash_size(config_.hash);
    if ((setup & 1) == 0) return;
    Possession possession;
    possession.peaks = content_.peaks;
    const ChunkRange have = (setup & 2) != 0 ? ChunkRange{0, 40} : ChunkRange{0, content_.chunk_count()};
    possession.verified.insert(have);
    if (have.end == content_.chunk_count()) possession.size = content_.content.size();
    for (const auto& [index, page] : content_.pages) possession.pages.emplace_back(index, page);
    swarm_.restore(possession);
  }

  void step(ByteView& input) {
    const std::uint8_t what = take(input);
    const Endpoint& from = endpoints_[what % endpoints_.size()];
    switch (what / 4 % 8) {
      case 0: now_ += Duration(1000) * take(input) * take(input); break;
      case 1: swarm_.add_peer(now_, from, out_); break;
      case 2:
        swarm_.want(now_, {{{take(input), take(input)}, now_, input.size() % 2 == 0}},
                    input.size() % 3 == 0 ? stream::Rest::kLeave : stream::Rest::kFetch, out_);
        break;
      case 3: greet(from, input); break;
      case 4: give_true_chunk(from, take(input)); break;
      case 5: now_ = std::max(now_, std::min(swarm_.next_deadline(), now_ + 1h)); break;
      default: send_raw(from, what, input); break;
    }
    now_ += 1us;
    settle();
    swarm_.tick(now_, out_);
    settle();
    const auto& counters = swarm_.counters();
    EARSHOT_CHECK(counters.unproven_out <= counters.unproven_in);
  }

 private:
  void greet(const Endpoint& from, ByteView& input) {
    Options options;
    options.version = options.minimum_version = 1;
    options.swarm_id = ByteView(content_.root).first(format_.hash_size);
    options.integrity = 1;
    options.merkle_hash = static_cast<std::uint8_t>(config_.hash);
    options.addressing = static_cast<std::uint8_t>(config_.addressing);
    if (input.size() % 2 == 0) options.chunk_size = 1024;  // without it, it is draft 10's
    Bytes bytes;
    DatagramWriter writer(bytes, channel_, format_, 60000);
    writer.add(Handshake{ChannelId{1u + take(input)}, options});
    hear(from, bytes);
  }

  /// What an honest peer would send, so that the fuzzer gets past the proofs.
  void give_true_chunk(const Endpoint& from, std::uint64_t number) {
    const std::uint64_t chunk = number % content_.chunk_count();
    static const auto modern = naive_levels(content_.content), old = naive_levels(content_.content, MerkleHash::kSha1);
    const auto& levels = config_.hash == MerkleHash::kSha1 ? old : modern;
    const TreeShape shape(content_.chunk_count());
    Bytes bytes;
    DatagramWriter writer(bytes, channel_, format_, 60000);
    for (const Node& peak : content_.peaks) writer.add(IntegrityHash{peak.bin.chunks(), ByteView(peak.hash).first(format_.hash_size)});
    for (Bin bin = Bin::leaf(chunk); !shape.is_peak(bin); bin = bin.parent()) {
      const Digest32 hash = naive_hash(levels, bin.sibling());
      writer.add(IntegrityHash{bin.sibling().chunks(), ByteView(hash).first(format_.hash_size)});
    }
    writer.add(Data{{chunk, chunk + 1}, 5, chunk_of(content_.content, chunk)});
    hear(from, bytes);
  }

  void send_raw(const Endpoint& from, std::uint8_t what, ByteView& input) {
    const std::size_t size = std::min<std::size_t>(input.size(), take(input) * 4u);
    const ByteView body = input.first(std::min(size, input.size()));
    input = input.subspan(body.size());
    Bytes bytes(4);
    const std::uint32_t channel = (what & 0x80) != 0 ? 0 : to_number(channel_);
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(channel >> (24 - 8 * i));
    bytes.insert(bytes.end(), body.begin(), body.end());
    hear(from, bytes);
  }

  /// A Keep may view the datagram, so it is carried out before that goes.
  void hear(const Endpoint& from, ByteView datagram) {
    swarm_.receive(now_, from, datagram, out_);
    settle();
  }

  void settle() {
    for (std::size_t i = 0; i < out_.effects.size(); ++i) {
      const Effect effect = out_.effects[i];
      if (const auto* load = std::get_if<Load>(&effect)) {
        const ByteView content(content_.content);
        const std::size_t begin = load->chunks.begin * 1024, end = std::min<std::size_t>(load->chunks.end * 1024, content.size());
        const auto page = content_.pages.find(load->chunks.begin / kPageChunks);
        swarm_.loaded(now_, *load, {content.subspan(begin, end - begin), &page->second}, out_);
      } else if (const auto* keep = std::get_if<Keep>(&effect)) {
        EARSHOT_CHECK(std::ranges::equal(keep->bytes, chunk_of(content_.content, keep->chunk)));
      }
    }
    channel_ = overheard(out_, channel_);
    out_.clear();
  }

  ChannelIds ids_{Random::stream(1, 2, 3)};
  SwarmConfig config_;
  const Published& content_;
  WireFormat format_;
  Swarm swarm_;
  Outbox out_;
  Instant now_{1s};
  ChannelId channel_ = kNoChannel;
  std::array<Endpoint, 3> endpoints_ = {endpoint_from("192.0.2.1:1").value(), endpoint_from("192.0.2.2:2").value(),
                                        endpoint_from("[2001:db8::3]:3").value()};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  if (input.empty()) return 0;
  Session session(input[0]);
  input = input.subspan(1);
  for (int step = 0; step < 30 && !input.empty(); ++step) session.step(input);
  return 0;
}
