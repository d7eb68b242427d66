// Frames to messages and back.
//
// A frame is one flatbuffers buffer with the identifier "EAR1" whose root is an Envelope. Its `version` is the oldest
// protocol version that understands this frame, so a newer peer that speaks to us writes ours.
//
// Bytes that no field refers to are ignored: a reader cannot tell them from the fields of a newer version, and they are
// paid for by the sender within limits::kMaxFrame.
#include "overlay/wire.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "schema/defence.h"
#include "schema/digest.h"
#include "schema/limits.h"
#include "schema/overlay_generated.h"

namespace earshot::overlay::wire {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

/// A name and a version for people need no more. Longer: clipped when sent, refused when received.
constexpr std::size_t kMaxAgent = 64;

/// A hello is 200 bytes; this leaves room for what newer versions add. A stranger's first frame costs us no more.
constexpr std::size_t kMaxHelloFrame = 1024;

// A stranger's vector need not lie where its numbers may: the verifier looks at the place of its size only.
std::vector<std::uint64_t> numbers_of(const flatbuffers::Vector<std::uint64_t>& vector) {
  static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie");
  std::vector<std::uint64_t> numbers(vector.size());
  if (!numbers.empty()) std::memcpy(numbers.data(), vector.Data(), numbers.size() * sizeof numbers[0]);
  return numbers;
}

/// Root offset and identifier.
constexpr std::size_t kMinFrame = 8;

/// What an encoded hit costs at most beside the bytes of its texts: track table 100, hit table 64, their vtables 42,
/// length, end and padding of six texts 48, its place in the vector 4.
constexpr std::size_t kHitOverheadAtMost = 260;

/// What an encoded hit costs at least when nothing is shared: hit table (4 + 4 + contact 52), track table (4 + 32),
/// place 4. The decoder charges it, so that hits pointing at the same bytes cannot multiply memory.
constexpr std::size_t kHitOverheadAtLeast = 100;
static_assert(sizeof(Hit) <= 3 * kHitOverheadAtLeast, "a decoded message may cost at most three times its frame");

/// Envelope, Hits table, vtables, vector length and padding, generously.
constexpr std::size_t kEnvelopeAtMost = 256;

// Encoding.

Bytes finished(FlatBufferBuilder& builder, fb::Body type, Offset<void> body) {
  builder.Finish(fb::CreateEnvelope(builder, kVersion, type, body), fb::EnvelopeIdentifier());
  return Bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

fb::Digest digest_struct(const Digest32& bytes) {
  return fb::Digest(flatbuffers::make_span(bytes));
}

fb::ContactStruct contact_struct(const Contact& contact) {
  return fb::ContactStruct(digest_struct(contact.key.bytes),
                           fb::Address(flatbuffers::make_span(contact.endpoint.address)), contact.endpoint.port,
                           contact.stream_port);
}

/// Nothing for a peer that is forgotten or that nobody can dial: both are of no use to whoever reads about them.
std::optional<fb::ContactStruct> known(PeerId peer, const Directory& directory) {
  const auto contact = directory.contact_of(peer);
  if (!contact || contact->endpoint.port == 0) return std::nullopt;
  return contact_struct(*contact);
}

Offset<flatbuffers::Vector<const fb::ContactStruct*>> contacts(FlatBufferBuilder& builder, const PeerList& peers,
                                                               const Directory& directory) {
  std::vector<fb::ContactStruct> structs;
  structs.reserve(peers.size());
  for (const PeerId peer : peers) {
    if (const auto contact = known(peer, directory)) structs.push_back(*contact);
  }
  return builder.CreateVectorOfStructs(structs);
}

Offset<fb::TrackTable> track_table(FlatBufferBuilder& builder, const Track& track) {
  const auto text = [&builder](const std::string& words) {
    return words.empty() ? Offset<flatbuffers::String>() : builder.CreateString(words);
  };
  const auto title = text(track.title), artist = text(track.artist), album = text(track.album),
             genre = text(track.genre), licence = text(track.licence), publisher = text(track.publisher);
  const fb::Digest content = digest_struct(track.content.digest);
  return fb::CreateTrackTable(builder, static_cast<std::uint8_t>(track.content.scheme), &content, title, artist, album,
                              genre, track.year, track.duration_ms, track.bitrate_kbps,
                              static_cast<std::uint8_t>(track.codec), track.size_bytes,
                              static_cast<std::uint8_t>(track.kind), licence, publisher);
}

std::size_t text_bytes(const Track& track) {
  return track.title.size() + track.artist.size() + track.album.size() + track.genre.size() +
         track.licence.size() + track.publisher.size();
}

class Encoder {
 public:
  explicit Encoder(const Directory& directory) : directory_(directory) {}

  Result<Bytes> operator()(const Join&) { return finished(builder_, fb::Body::Join, fb::CreateJoin(builder_).Union()); }

  Result<Bytes> operator()(const ForwardJoin& message) {
    const auto newcomer = known(message.newcomer, directory_);
    if (!newcomer) return forgotten(message.newcomer);
    return finished(builder_, fb::Body::ForwardJoin, fb::CreateForwardJoin(builder_, &*newcomer, message.ttl).Union());
  }

  Result<Bytes> operator()(const Neighbor& message) {
    return finished(builder_, fb::Body::Neighbor, fb::CreateNeighbor(builder_, message.high_priority).Union());
  }

  Result<Bytes> operator()(const NeighborReply& message) {
    return finished(builder_, fb::Body::NeighborReply, fb::CreateNeighborReply(builder_, message.accepted).Union());
  }

  Result<Bytes> operator()(const Leave&) {
    return finished(builder_, fb::Body::Disconnect, fb::CreateDisconnect(builder_).Union());
  }

  Result<Bytes> operator()(const Shuffle& message) {
    const auto origin = known(message.origin, directory_);
    if (!origin) return forgotten(message.origin);
    const auto peers = contacts(builder_, message.peers, directory_);
    return finished(builder_, fb::Body::Shuffle, fb::CreateShuffle(builder_, &*origin, message.ttl, peers).Union());
  }

  Result<Bytes> operator()(const ShuffleReply& message) {
    const auto peers = contacts(builder_, message.peers, directory_);
    return finished(builder_, fb::Body::ShuffleReply, fb::CreateShuffleReply(builder_, peers).Union());
  }

  Result<Bytes> operator()(const Query& message) {
    const SearchRequest& request = *message.request;
    if (request.text.size() > limits::kMaxQueryText) {
      return fail(ErrorCode::kExhausted, "a search text of {} bytes does not fit into a frame", request.text.size());
    }
    const auto text = builder_.CreateString(request.text);
    const auto canaries = request.canaries.empty() ? Offset<flatbuffers::Vector<std::uint64_t>>()
                                                   : builder_.CreateVector(request.canaries);
    const fb::Digest reply_key = digest_struct(request.reply_key);
    return finished(
        builder_, fb::Body::Query,
        fb::CreateQuery(builder_, message.id.high, message.id.low, static_cast<std::uint8_t>(message.strategy),
                        message.ttl, message.hops, text, request.limit, message.direct, message.visits, canaries,
                        static_cast<std::uint16_t>(request.keep / 1s),
                        request.reply_key == Digest32{} ? nullptr : &reply_key, message.stem)
            .Union());
  }

  Result<Bytes> operator()(const Hits& message) {
    const std::size_t size = message.box == nullptr ? 0 : message.box->size();
    if (size > limits::kMaxBox) return fail(ErrorCode::kExhausted, "a box of {} bytes does not fit into a frame", size);
    const auto box = size == 0 ? Offset<flatbuffers::Vector<std::uint8_t>>() : builder_.CreateVector(*message.box);
    return finished(
        builder_, fb::Body::SealedHits,
        fb::CreateSealedHits(builder_, message.id.high, message.id.low, message.hops, box, message.canaries).Union());
  }

  /// The first hits are the best ones: those that fit are kept, in order.
  Result<Bytes> hits(std::span<const Hit> hits, std::size_t at_most) {
    std::vector<Offset<fb::HitTable>> tables;
    for (const Hit& hit : hits.first(fitting_hits(hits, at_most))) {
      const auto holder = known(hit.holder, directory_);
      if (!holder) continue;
      const auto track = track_table(builder_, hit.track);
      tables.push_back(fb::CreateHitTable(builder_, track, &*holder, hit.score));
    }
    if (tables.empty() && !hits.empty()) return forgotten(hits.front().holder);
    const auto vector = builder_.CreateVector(tables);
    return finished(builder_, fb::Body::Hits, fb::CreateHits(builder_, 0, 0, 0, vector).Union());
  }

  Result<Bytes> operator()(const Publish& message) {
    const auto owner = known(message.owner, directory_);
    if (!owner) return forgotten(message.owner);
    const auto digest = builder_.CreateVector(*message.digest);
    return finished(builder_, fb::Body::Publish,
                    fb::CreatePublish(builder_, message.id.high, message.id.low, &*owner, message.visits, message.life_s,
                                      message.walk, message.hops, digest)
                        .Union());
  }

  Result<Bytes> operator()(const Estimate& message) {
    const Shares& s = *message.shares;
    const fb::SharesStruct shares(s.weight, s.peers, s.degrees, s.squared_degrees, s.tried, s.met);
    return finished(builder_, fb::Body::Estimate,
                    fb::CreateEstimate(builder_, message.epoch, message.seed, &shares, message.peers, message.degree,
                                       message.meeting, message.meetings)
                        .Union());
  }

 private:
  static tl::unexpected<Error> forgotten(PeerId peer) {
    return fail(ErrorCode::kNotFound, "the message is about peer {}, who is forgotten or cannot be dialled",
                to_number(peer));
  }

  const Directory& directory_;
  FlatBufferBuilder builder_;
};

// Decoding: first all checks, then the first word to the directory, so that a bad frame leaves no trace in it.

/// The frame at an address where typed loads are allowed; zmq hands out any address modulo 8.
class AlignedCopy {
 public:
  explicit AlignedCopy(ByteView frame)
      : words_(std::make_unique_for_overwrite<std::uint64_t[]>((frame.size() + 7) / 8)) {
    std::memcpy(words_.get(), frame.data(), frame.size());
  }
  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(words_.get()); }

 private:
  std::unique_ptr<std::uint64_t[]> words_;
};

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::kInvalid, "malformed frame: {}", what);
}

/// The envelope of a verified frame in a version and with a body that we know.
Result<const fb::Envelope*> envelope_of(const AlignedCopy& copy, std::size_t size) {
  flatbuffers::Verifier::Options options;
  if (stands(Defence::kVerifierLimits)) {
    options.max_depth = limits::kVerifierDepth;
    options.max_tables = limits::kVerifierTables;
  }
  flatbuffers::Verifier verifier(copy.data(), size, options);
  if (!verifier.VerifyBuffer<fb::Envelope>(fb::EnvelopeIdentifier())) return malformed("not a verifiable envelope");
  const fb::Envelope* envelope = fb::GetEnvelope(copy.data());
  if (envelope->version() < kMinVersion) return malformed("version 0");
  if (envelope->version() > kVersion) return fail(ErrorCode::kUnsupported, "frame of version {}", envelope->version());
  if (envelope->body_type() == fb::Body::NONE) return malformed("no body");
  if (envelope->body_type() > fb::Body::MAX) {
    return fail(ErrorCode::kUnsupported, "body of type {}", static_cast<unsigned>(envelope->body_type()));
  }
  return envelope;
}

template <std::uint16_t N>
std::array<std::uint8_t, N> array_of(const flatbuffers::Array<std::uint8_t, N>& bytes) {
  std::array<std::uint8_t, N> array;
  std::memcpy(array.data(), bytes.data(), N);
  return array;
}

Contact contact_of(const fb::ContactStruct& contact) {
  return {NodeKey{array_of(*contact.key().bytes())}, Endpoint{array_of(*contact.address().bytes()), contact.port()},
          contact.stream_port()};
}

std::string_view view(const flatbuffers::String* text) {
  return text ? text->string_view() : std::string_view();
}

Result<Hello> hello_of(const fb::Hello& table) {
  Hello hello{table.version(), table.min_version(), contact_of(*table.self()),
              std::string(view(table.agent()).substr(0, kMaxAgent))};
  if (hello.version == 0 || hello.min_version > hello.version) return malformed("versions of a hello");
  if (hello.self.key == NodeKey{}) return malformed("key of zeros");
  if (view(table.agent()).size() > kMaxAgent || !is_clean_text(hello.agent)) return malformed("agent text");
  return hello;
}

/// Null for an empty one.
Result<SharedBox> box_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr || bytes->size() == 0) return SharedBox();
  if (bytes->size() > limits::kMaxBox) return malformed("box of hits");
  return std::make_shared<const Bytes>(bytes->begin(), bytes->end());
}

class Decoder {
 public:
  Decoder(PeerId from, Directory& directory, std::size_t frame_size)
      : from_(from), directory_(directory), frame_size_(frame_size) {
    if (const auto sender = directory.contact_of(from)) sender_key_ = sender->key;
  }

  Result<Message> operator()(const fb::ForwardJoin& table) {
    if (!speaks_of(*table.newcomer())) return malformed("newcomer's contact");
    return ForwardJoin{intern(*table.newcomer()), table.ttl()};
  }

  Result<Message> operator()(const fb::Shuffle& table) {
    if (!speaks_of(*table.origin())) return malformed("origin's contact");
    if (!speaks_of_all(*table.peers())) return malformed("peers of a shuffle");
    return Shuffle{intern(*table.origin()), table.ttl(), interned(*table.peers())};
  }

  Result<Message> operator()(const fb::ShuffleReply& table) {
    if (!speaks_of_all(*table.peers())) return malformed("peers of a shuffle reply");
    return ShuffleReply{interned(*table.peers())};
  }

  Result<Message> operator()(const fb::Query& table) {
    if (frame_size_ > limits::kMaxQueryFrame) return malformed("query longer than 4 KiB");
    const std::string_view text = view(table.text());
    if (text.empty() || text.size() > limits::kMaxQueryText || !is_clean_text(text)) return malformed("search text");
    if (table.limit() == 0 || table.limit() > limits::kMaxHitsPerHolder) return malformed("limit of a query");
    if (table.ttl() > limits::kMaxWalkTtl || table.hops() > limits::kMaxWalkTtl)
      return malformed("ttl or hops of a query");
    const auto strategy = static_cast<StrategyKind>(table.strategy());
    if (strategy > kLastStrategyKind) return fail(ErrorCode::kUnsupported, "search strategy {}", table.strategy());
    if (table.visits() > limits::kMaxVisits) return malformed("visits of a query");
    if (table.canaries() != nullptr && table.canaries()->size() > limits::kMaxCanaries) return malformed("canaries");
    if (table.keep_s() > limits::kMaxKeep / 1s) return malformed("how long a query is kept");
    auto request = std::make_shared<SearchRequest>();
    request->keep = 1s * table.keep_s();
    request->text = text;
    request->limit = table.limit();
    request->strategy = strategy;
    if (table.canaries() != nullptr) request->canaries = numbers_of(*table.canaries());
    if (table.reply_key() != nullptr) request->reply_key = array_of(*table.reply_key()->bytes());
    return Query{{table.id_high(), table.id_low()}, std::move(request), strategy, table.ttl(), table.hops(),
                 table.visits(), table.direct(), table.stem()};
  }

  Result<Message> operator()(const fb::SealedHits& table) {
    if (table.hops() > limits::kMaxWalkTtl) return malformed("hops of hits");
    auto box = box_of(table.box());
    if (!box) return tl::unexpected(box.error());
    return Hits{{table.id_high(), table.id_low()}, std::move(*box), table.hops(), table.canaries()};
  }

  Result<std::vector<Hit>> operator()(const fb::Hits& table) {
    if (table.hits()->size() > limits::kMaxHitsPerMessage) return malformed("too many hits");
    if (cost_unshared(table) > frame_size_) return malformed("hits that share their bytes");
    for (const fb::HitTable* hit : *table.hits()) {
      if (!speaks_of(*hit->holder())) return malformed("holder's contact");
      for (const auto* text : texts_of(*hit->track())) {
        if (view(text).size() > limits::kMaxTrackText || !is_clean_text(view(text))) return malformed("text of a track");
      }
    }
    std::vector<Hit> hits;
    hits.reserve(table.hits()->size());
    for (const fb::HitTable* hit : *table.hits()) {
      if (is_fetchable(*hit->track())) hits.push_back({track_of(*hit->track()), intern(*hit->holder()), hit->score()});
    }
    return hits;
  }

  /// The digest's keys are read by whoever hosts it; what passes on needs no more than the header.
  Result<Message> operator()(const fb::Publish& table) {
    const ByteView digest(table.digest()->data(), table.digest()->size());
    const auto header = digest_header(digest);
    if (!header) return tl::unexpected(header.error());
    if (!speaks_of(*table.owner()) || header->owner != contact_of(*table.owner()).key) return malformed("owner of a digest");
    if (table.visits() > limits::kMaxVisits || table.life_s() > limits::kMaxDigestLife / 1s) {
      return malformed("visits or life of a digest");
    }
    return Publish{{table.id_high(), table.id_low()}, std::make_shared<const Bytes>(digest.begin(), digest.end()),
                   intern(*table.owner()), table.visits(), table.life_s(), table.walk(), table.hops()};
  }

  Result<Message> operator()(const fb::Estimate& table) {
    const fb::SharesStruct& s = *table.shares();
    auto shares = std::make_shared<Shares>(
        Shares{s.weight(), s.peers(), s.degrees(), s.squared_degrees(), s.tried(), s.met()});
    return Estimate{table.epoch(),   table.peers(),    table.seed(),  std::move(shares),
                    table.meeting(), table.meetings(), table.degree()};
  }

 private:
  static std::array<const flatbuffers::String*, 6> texts_of(const fb::TrackTable& track) {
    return {track.title(), track.artist(), track.album(), track.genre(), track.licence(), track.publisher()};
  }

  /// What the hits would cost at least if each had bytes of its own. Comes before any of these bytes is looked at.
  static std::size_t cost_unshared(const fb::Hits& table) {
    std::size_t cost = 0;
    for (const fb::HitTable* hit : *table.hits()) {
      cost += kHitOverheadAtLeast;
      for (const auto* text : texts_of(*hit->track())) cost += view(text).size();
    }
    return cost;
  }

  /// The sender may leave its own address open: we see it. Of others it must tell one that can be dialled.
  bool speaks_of(const fb::ContactStruct& table) const {
    const Contact contact = contact_of(table);
    if (contact.key == NodeKey{}) return false;
    return contact.key == sender_key_ || (contact.endpoint.port != 0 && !contact.endpoint.is_unspecified());
  }

  bool speaks_of_all(const flatbuffers::Vector<const fb::ContactStruct*>& peers) const {
    return peers.size() <= limits::kMaxShuffle &&
           std::all_of(peers.begin(), peers.end(), [this](const fb::ContactStruct* peer) { return speaks_of(*peer); });
  }

  /// What the sender is called and where it is was settled by its Hello.
  PeerId intern(const fb::ContactStruct& table) {
    const Contact contact = contact_of(table);
    return contact.key == sender_key_ ? from_ : directory_.intern(contact, from_);
  }

  PeerList interned(const flatbuffers::Vector<const fb::ContactStruct*>& peers) {
    PeerList list;
    for (const fb::ContactStruct* peer : peers) list.push_back(intern(*peer));
    return list;
  }

  /// A newer scheme needs an engine that we do not have: the hit is skipped, its neighbours are kept.
  static bool is_fetchable(const fb::TrackTable& table) {
    return static_cast<Scheme>(table.scheme()) <= Scheme::kPpspp;
  }

  static Track track_of(const fb::TrackTable& table) {
    Track track;
    track.content = {static_cast<Scheme>(table.scheme()), array_of(*table.content()->bytes())};
    track.title = view(table.title());
    track.artist = view(table.artist());
    track.album = view(table.album());
    track.genre = view(table.genre());
    track.year = table.year();
    track.duration_ms = table.duration_ms();
    track.bitrate_kbps = table.bitrate_kbps();
    const auto codec = static_cast<Codec>(table.codec());
    track.codec = codec <= Codec::kWav ? codec : Codec::kUnknown;
    track.size_bytes = table.size_bytes();
    const auto kind = static_cast<Kind>(table.kind());
    track.kind = kind <= kLastKind ? kind : Kind::kTrack;
    track.licence = view(table.licence());
    track.publisher = view(table.publisher());
    return track;
  }

  PeerId from_;
  Directory& directory_;
  std::size_t frame_size_;
  NodeKey sender_key_{};
};

Browse browse_of(const fb::Browse& table) {
  return {{table.id_high(), table.id_low()}, table.place(), array_of(*table.reply_key()->bytes())};
}

Result<Shelf> shelf_of(const fb::Shelf& table) {
  auto box = box_of(table.box());
  if (!box) return tl::unexpected(box.error());
  return Shelf{{table.id_high(), table.id_low()}, std::move(*box), table.shared(), table.next(), table.hidden()};
}

Result<Message> message_of(const fb::Envelope& envelope, Decoder decoder) {
  switch (envelope.body_type()) {
    case fb::Body::Join:
      return Join{};
    case fb::Body::ForwardJoin:
      return decoder(*envelope.body_as_ForwardJoin());
    case fb::Body::Neighbor:
      return Neighbor{envelope.body_as_Neighbor()->high_priority()};
    case fb::Body::NeighborReply:
      return NeighborReply{envelope.body_as_NeighborReply()->accepted()};
    case fb::Body::Disconnect:
      return Leave{};
    case fb::Body::Shuffle:
      return decoder(*envelope.body_as_Shuffle());
    case fb::Body::ShuffleReply:
      return decoder(*envelope.body_as_ShuffleReply());
    case fb::Body::Query:
      return decoder(*envelope.body_as_Query());
    case fb::Body::SealedHits:
      return decoder(*envelope.body_as_SealedHits());
    case fb::Body::Publish:
      return decoder(*envelope.body_as_Publish());
    case fb::Body::Estimate:
      return decoder(*envelope.body_as_Estimate());
    case fb::Body::NONE:
    case fb::Body::Hello:
    case fb::Body::Browse:
    case fb::Body::Shelf:
    case fb::Body::Hits:  // crosses a link only in a box
      break;
  }
  return malformed("body out of place");
}

}  // namespace

Bytes encode(const Hello& hello) {
  FlatBufferBuilder builder;
  const auto agent = builder.CreateString(std::string(clip_utf8(hello.agent, kMaxAgent)));
  const fb::ContactStruct self = contact_struct(hello.self);
  return finished(builder, fb::Body::Hello,
                  fb::CreateHello(builder, hello.version, hello.min_version, &self, agent).Union());
}

Result<Bytes> encode(const Message& message, const Directory& directory) {
  return std::visit(Encoder(directory), message);
}

Bytes encode(const Browse& question) {
  FlatBufferBuilder builder;
  const fb::Digest reply_key = digest_struct(question.reply_key);
  return finished(builder, fb::Body::Browse,
                  fb::CreateBrowse(builder, question.id.high, question.id.low, question.place, &reply_key).Union());
}

Bytes encode(const Shelf& shelf) {
  FlatBufferBuilder builder;
  const auto box = shelf.box == nullptr ? Offset<flatbuffers::Vector<std::uint8_t>>() : builder.CreateVector(*shelf.box);
  return finished(builder, fb::Body::Shelf,
                  fb::CreateShelf(builder, shelf.id.high, shelf.id.low, box, shelf.shared, shelf.next, shelf.hidden).Union());
}

std::size_t fitting_hits(std::span<const Hit> hits, std::size_t at_most) {
  std::size_t room = std::max(std::min(at_most, limits::kMaxFrame), kEnvelopeAtMost) - kEnvelopeAtMost;
  std::size_t count = 0;
  for (const Hit& hit : hits.first(std::min(hits.size(), limits::kMaxHitsPerMessage))) {
    const std::size_t cost = kHitOverheadAtMost + text_bytes(hit.track);
    if (cost > room) break;
    room -= cost;
    ++count;
  }
  return count;
}

Result<Bytes> encode_hits(std::span<const Hit> hits, std::size_t at_most, const Directory& directory) {
  return Encoder(directory).hits(hits, at_most);
}

Result<std::vector<Hit>> decode_hits(ByteView hits, PeerId from, Directory& directory) {
  if (hits.size() < kMinFrame || hits.size() > limits::kMaxFrame) return malformed("no list of hits has this size");
  const AlignedCopy copy(hits);
  const auto envelope = envelope_of(copy, hits.size());
  if (!envelope) return tl::unexpected(envelope.error());
  if ((*envelope)->body_type() != fb::Body::Hits) return malformed("no list of hits");
  return Decoder(from, directory, hits.size())(*(*envelope)->body_as_Hits());
}

Result<Hello> decode_hello(ByteView frame) {
  if (frame.size() < kMinFrame || frame.size() > kMaxHelloFrame) return malformed("no hello has this size");
  const AlignedCopy copy(frame);
  const auto envelope = envelope_of(copy, frame.size());
  if (!envelope) return tl::unexpected(envelope.error());
  if ((*envelope)->body_type() != fb::Body::Hello) return malformed("first frame is no hello");
  return hello_of(*(*envelope)->body_as_Hello());
}

Result<Frame> decode(ByteView frame, PeerId from, Directory& directory) {
  if (frame.size() < kMinFrame || frame.size() > limits::kMaxFrame) return malformed("no frame has this size");
  const AlignedCopy copy(frame);
  const auto envelope = envelope_of(copy, frame.size());
  if (!envelope) return tl::unexpected(envelope.error());
  if ((*envelope)->body_type() == fb::Body::Hello) {
    auto hello = hello_of(*(*envelope)->body_as_Hello());
    if (!hello) return tl::unexpected(std::move(hello.error()));
    return Frame{std::move(*hello)};
  }
  if ((*envelope)->body_type() == fb::Body::Browse) return Frame{browse_of(*(*envelope)->body_as_Browse())};
  if ((*envelope)->body_type() == fb::Body::Shelf) {
    auto shelf = shelf_of(*(*envelope)->body_as_Shelf());
    if (!shelf) return tl::unexpected(std::move(shelf.error()));
    return Frame{std::move(*shelf)};
  }
  auto message = message_of(**envelope, Decoder(from, directory, frame.size()));
  if (!message) return tl::unexpected(std::move(message.error()));
  return Frame{std::move(*message)};
}

}  // namespace earshot::overlay::wire
