// Hostile frames: each is made here, kept as a file in tests/hostile/frames, and refused for ever.
//
// EARSHOT_REWRITE=1 wire_test --gtest_filter='HostileFrames.*' writes the files anew, with their README. The fuzzer's
// corpus (tests/fuzz/corpus/wire) is made of the same frames and one honest frame of each kind.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "overlay/wire.h"
#include "schema/digest.h"
#include "schema/overlay_generated.h"
#include "tests/net/small_directory.h"

namespace earshot::overlay {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

enum class Fate { kRefused, kDropped, kAccepted };  // kInvalid, kUnsupported, read as a message

struct Specimen {
  std::string name;
  std::string what;
  Fate fate;
  Bytes frame;
};

Bytes sealed(FlatBufferBuilder& builder, fb::Body type, Offset<void> body, std::uint16_t version = 1,
             const char* identifier = "EAR1") {
  builder.Finish(fb::CreateEnvelope(builder, version, type, body), identifier);
  return Bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

fb::ContactStruct contact_struct(const Contact& contact) {
  return fb::ContactStruct(fb::Digest(flatbuffers::make_span(contact.key.bytes)),
                           fb::Address(flatbuffers::make_span(contact.endpoint.address)), contact.endpoint.port,
                           contact.stream_port);
}

Contact with_key_of_zeros() {
  Contact contact = contact_number(9);
  contact.key = {};
  return contact;
}

Contact at(std::string_view endpoint) {
  Contact contact = contact_number(9);
  contact.endpoint = *endpoint_from(endpoint);
  return contact;
}

struct QueryFields {
  std::string text = "so what";
  std::uint8_t strategy = 0;
  std::uint16_t ttl = 5, hops = 0, limit = 20;
  std::uint32_t visits = 0;
  std::size_t canaries = 0;
};

Bytes query(const QueryFields& fields) {
  FlatBufferBuilder builder;
  const auto text = builder.CreateString(fields.text);
  const auto canaries = fields.canaries == 0 ? Offset<flatbuffers::Vector<std::uint64_t>>()
                                             : builder.CreateVector(std::vector<std::uint64_t>(fields.canaries, 7));
  return sealed(builder, fb::Body::Query,
                fb::CreateQuery(builder, 1, 2, fields.strategy, fields.ttl, fields.hops, text, fields.limit,
                                /*direct=*/false, fields.visits, canaries)
                    .Union());
}

/// The digest of contact 9, of as many keys.
Bytes digest_of(std::size_t keys) {
  Digest digest;
  digest.owner = contact_number(9).key;
  for (std::size_t i = 0; i < keys; ++i) digest.keys.push_back(static_cast<DigestKey>(i * 1'000'003));
  return encode(digest);
}

struct PublishFields {
  Bytes digest = digest_of(40);
  Contact owner = contact_number(9);
  std::uint32_t visits = 500;
  std::uint16_t life_s = 2700;
};

Bytes publish(const PublishFields& fields) {
  FlatBufferBuilder builder;
  const auto digest = builder.CreateVector(fields.digest);
  const auto owner = contact_struct(fields.owner);
  return sealed(builder, fb::Body::Publish,
                fb::CreatePublish(builder, 1, 2, &owner, fields.visits, fields.life_s, 0, 1, digest).Union());
}

Bytes estimate() {
  FlatBufferBuilder builder;
  const fb::SharesStruct shares(~std::uint64_t{0}, 1, 2, 3, 4, 5);
  return sealed(builder, fb::Body::Estimate, fb::CreateEstimate(builder, 7, 9, &shares).Union());
}

Bytes forward_join(const Contact& newcomer) {
  FlatBufferBuilder builder;
  const auto contact = contact_struct(newcomer);
  return sealed(builder, fb::Body::ForwardJoin, fb::CreateForwardJoin(builder, &contact, 3).Union());
}

Bytes shuffle_reply(const std::vector<Contact>& contacts) {
  FlatBufferBuilder builder;
  std::vector<fb::ContactStruct> structs;
  for (const Contact& contact : contacts) structs.push_back(contact_struct(contact));
  const auto peers = builder.CreateVectorOfStructs(structs);
  return sealed(builder, fb::Body::ShuffleReply, fb::CreateShuffleReply(builder, peers).Union());
}

Bytes hello(const Contact& self, std::uint16_t version, std::uint16_t min_version, const std::string& agent) {
  FlatBufferBuilder builder;
  const auto text = builder.CreateString(agent);
  const auto contact = contact_struct(self);
  return sealed(builder, fb::Body::Hello, fb::CreateHello(builder, version, min_version, &contact, text).Union());
}

Offset<fb::HitTable> hit(FlatBufferBuilder& builder, const std::string& text, std::uint8_t scheme = 0,
                         const Contact& holder = contact_number(9)) {
  const auto words = builder.CreateString(text);
  const fb::Digest content;
  const auto track = fb::CreateTrackTable(builder, scheme, &content, words, words, words, words);
  const auto contact = contact_struct(holder);
  return fb::CreateHitTable(builder, track, &contact, 1);
}

Bytes box(std::size_t size) {
  FlatBufferBuilder builder;
  const auto bytes = builder.CreateVector(Bytes(size, 0xab));
  return sealed(builder, fb::Body::SealedHits, fb::CreateSealedHits(builder, 1, 2, 3, bytes, 1).Union());
}

/// `distinct` hits, named `slots` times in turn.
Bytes hits(std::size_t distinct, std::size_t slots, const std::string& text, std::uint8_t scheme = 0,
           const Contact& holder = contact_number(9)) {
  FlatBufferBuilder builder;
  std::vector<Offset<fb::HitTable>> tables, places;
  for (std::size_t i = 0; i < distinct; ++i) tables.push_back(hit(builder, text, scheme, holder));
  for (std::size_t i = 0; i < slots; ++i) places.push_back(tables[i % distinct]);
  const auto vector = builder.CreateVector(places);
  return sealed(builder, fb::Body::Hits, fb::CreateHits(builder, 1, 2, 0, vector).Union());
}

/// An envelope whose body is named but not there.
Bytes without_body() {
  FlatBufferBuilder builder;
  const auto start = builder.StartTable();
  builder.AddElement<std::uint16_t>(fb::Envelope::VT_VERSION, 1, 0);
  builder.AddElement<std::uint8_t>(fb::Envelope::VT_BODY_TYPE, static_cast<std::uint8_t>(fb::Body::Query), 0);
  builder.Finish(Offset<fb::Envelope>(builder.EndTable(start)), "EAR1");
  return Bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

/// A Join with a field that only a newer version knows: 40 tables, each inside the one before.
Bytes with_deep_newer_field() {
  FlatBufferBuilder builder;
  auto inner = builder.EndTable(builder.StartTable());
  for (int depth = 0; depth < 40; ++depth) {
    const auto start = builder.StartTable();
    builder.AddOffset(flatbuffers::FieldIndexToOffset(0), Offset<void>(inner));
    inner = builder.EndTable(start);
  }
  return sealed(builder, fb::Body::Join, Offset<void>(inner));
}

Bytes changed(Bytes frame, const std::function<void(Bytes&)>& change) {
  change(frame);
  return frame;
}

/// Overwrites the little-endian word that stands right before `text`: the length of that string.
Bytes with_text_length(Bytes frame, std::string_view text, std::uint32_t length) {
  const auto place = std::search(frame.begin(), frame.end(), text.begin(), text.end()) - frame.begin();
  for (int i = 0; i < 4; ++i) frame[place - 4 + i] = static_cast<std::uint8_t>(length >> (8 * i));
  return frame;
}

std::vector<Specimen> specimens() {
  const std::string long_text(limits::kMaxTrackText, 'x');
  const Bytes honest = query({});
  FlatBufferBuilder unknown, newer, nothing, foreign;
  std::vector<Specimen> all = {
      {"empty", "no byte at all", Fate::kRefused, {}},
      {"seven_bytes", "shorter than the smallest frame", Fate::kRefused, Bytes(7, 0)},
      {"zeros", "64 zeros", Fate::kRefused, Bytes(64, 0)},
      {"cut", "a query without its last third", Fate::kRefused,
       changed(honest, [](Bytes& b) { b.resize(b.size() * 2 / 3); })},
      {"foreign", "a join under another file identifier", Fate::kRefused,
       sealed(foreign, fb::Body::Join, fb::CreateJoin(foreign).Union(), 1, "NOPE")},
      {"root_outside", "the root offset points behind the frame", Fate::kRefused,
       changed(honest, [](Bytes& b) { b[1] = 0xff; })},
      {"root_odd", "the root offset is odd", Fate::kRefused, changed(honest, [](Bytes& b) { b[0] |= 1; })},
      {"vtable_outside", "the envelope's vtable lies before the frame", Fate::kRefused,
       changed(honest, [](Bytes& b) { b[b[0] + 3] = 0x7f; })},
      {"no_body", "body type NONE", Fate::kRefused, sealed(nothing, fb::Body::NONE, fb::CreateJoin(nothing).Union())},
      {"missing_body", "a query is announced and no body follows", Fate::kRefused, without_body()},
      {"unknown_body", "union tag 200", Fate::kDropped,
       sealed(unknown, static_cast<fb::Body>(200), fb::CreateJoin(unknown).Union())},
      {"newer_version", "an envelope of version 9", Fate::kDropped,
       sealed(newer, fb::Body::Join, fb::CreateJoin(newer).Union(), 9)},
      {"oversized", "64 KiB and a byte", Fate::kRefused,
       changed(honest, [](Bytes& b) { b.resize(limits::kMaxFrame + 1); })},
      {"query_padded", "a query with 4 KiB of junk behind it", Fate::kRefused,
       changed(honest, [](Bytes& b) { b.resize(b.size() + 4096, 'j'); })},
      {"query_empty_text", "nothing to search for", Fate::kRefused, query({.text = ""})},
      {"query_bad_utf8", "overlong UTF-8", Fate::kRefused, query({.text = "\xc0\xaf"})},
      {"query_nul", "a NUL in the search text", Fate::kRefused, query({.text = std::string("so\0what", 7)})},
      {"query_escape", "a terminal's escape sequence in the search text", Fate::kRefused, query({.text = "\x1b[2J"})},
      {"query_long_text", "a search text of 513 bytes", Fate::kRefused, query({.text = std::string(513, 'x')})},
      {"query_limit_0", "no hit wanted", Fate::kRefused, query({.limit = 0})},
      {"query_limit_51", "more hits wanted than one holder may give", Fate::kRefused, query({.limit = 51})},
      {"query_ttl", "ttl 1,025", Fate::kRefused, query({.ttl = 1025})},
      {"query_hops", "65,535 hops", Fate::kRefused, query({.hops = 65535})},
      {"query_strategy", "a strategy of a newer version", Fate::kDropped, query({.strategy = 9})},
      {"query_visits", "a bubble of a million peers and one", Fate::kRefused, query({.visits = limits::kMaxVisits + 1})},
      {"query_canaries", "nine canaries", Fate::kRefused, query({.canaries = 9})},
      {"publish_no_digest", "a digest of no byte", Fate::kRefused, publish({.digest = {}})},
      {"publish_cut", "a digest without its last third", Fate::kRefused,
       publish({.digest = changed(digest_of(40), [](Bytes& b) { b.resize(b.size() * 2 / 3); })})},
      {"publish_padded", "a digest with 1,000 bytes that its count does not explain", Fate::kRefused,
       publish({.digest = changed(digest_of(40), [](Bytes& b) { b.resize(b.size() + 1000); })})},
      {"publish_count", "a digest that claims 65,000 keys", Fate::kRefused,
       publish({.digest = changed(digest_of(40), [](Bytes& b) { b[57] = 0xfd; })})},
      {"publish_foreign", "a digest under another's name", Fate::kRefused, publish({.owner = contact_number(8)})},
      {"publish_nowhere", "a digest whose owner is at port 0", Fate::kRefused,
       publish({.owner = [] {
         Contact owner = contact_number(9);
         owner.endpoint.port = 0;
         return owner;
       }()})},
      {"publish_visits", "a digest for a million peers and one", Fate::kRefused, publish({.visits = limits::kMaxVisits + 1})},
      {"publish_life", "a digest to be kept for an hour and a second", Fate::kRefused, publish({.life_s = 3601})},
      {"publish_newer", "a digest of a newer version", Fate::kDropped,
       publish({.digest = changed(digest_of(40), [](Bytes& b) { b[3] = '2'; })})},
      {"text_endless", "the search text claims 4 GiB", Fate::kRefused, with_text_length(honest, "so what", 0xffffffff)},
      {"text_unterminated", "the search text has no terminator", Fate::kRefused,
       with_text_length(honest, "so what", 6)},
      {"join_key_of_zeros", "a newcomer without a key", Fate::kRefused, forward_join(with_key_of_zeros())},
      {"join_nowhere", "a newcomer at an unspecified address", Fate::kRefused, forward_join(at("0.0.0.0:4040"))},
      {"join_port_0", "a newcomer at port 0", Fate::kRefused, forward_join(at("10.0.0.9:0"))},
      {"shuffle_nine", "nine peers in a shuffle", Fate::kRefused,
       shuffle_reply(std::vector<Contact>(9, contact_number(9)))},
      {"shuffle_key_of_zeros", "a peer without a key in a shuffle", Fate::kRefused,
       shuffle_reply({contact_number(9), with_key_of_zeros()})},
      {"hits_51", "51 hits", Fate::kRefused, hits(51, 51, "x")},
      {"hits_16000", "16,000 places for the same hit: a bomb for the verifier", Fate::kRefused, hits(1, 16000, "x")},
      {"hits_aliased", "50 places for one hit of four long texts: 4 kB would become 100 kB", Fate::kRefused,
       hits(1, 50, long_text)},
      {"hits_aliased_small", "50 places for one empty hit", Fate::kRefused, hits(1, 50, "")},
      {"hits_aliased_texts", "50 hits, each naming its one text four times", Fate::kRefused, hits(50, 50, long_text)},
      {"hits_long_text", "a title of 513 bytes", Fate::kRefused, hits(1, 1, std::string(513, 'x'))},
      {"hits_bad_utf8", "a title that is no UTF-8", Fate::kRefused, hits(1, 1, "\xed\xa0\x80")},
      {"box_of_16385", "a box of a byte too many", Fate::kRefused, box(limits::kMaxBox + 1)},
      {"shelf_box_of_16385", "a page in a box of a byte too many", Fate::kRefused,
       wire::encode(Shelf{{1, 2}, std::make_shared<const Bytes>(limits::kMaxBox + 1, 0x5a), 1, 1, false})},
      {"hits_nowhere", "a holder at port 0", Fate::kRefused, hits(1, 1, "x", 0, at("10.0.0.9:0"))},
      {"hello_key_of_zeros", "a hello without a key", Fate::kRefused, hello(with_key_of_zeros(), 1, 1, "x")},
      {"hello_versions", "a hello that understands nothing it speaks", Fate::kRefused,
       hello(contact_number(9), 1, 2, "x")},
      {"hello_agent", "an agent of 65 bytes", Fate::kRefused, hello(contact_number(9), 1, 1, std::string(65, 'x'))},
      {"hello_escape", "a terminal's escape sequence as agent", Fate::kRefused,
       hello(contact_number(9), 1, 1, "\x1b[2J")},
      {"odd_deep_newer_field", "40 nested tables in a field that we do not know: skipped", Fate::kAccepted,
       with_deep_newer_field()},
      {"odd_trailing_junk", "1,000 bytes that nothing refers to: ignored", Fate::kAccepted,
       changed(honest, [](Bytes& b) { b.resize(b.size() + 1000, 'j'); })},
      {"odd_newer_scheme", "one hit of a scheme that we do not know: skipped", Fate::kAccepted, hits(1, 1, "x", 77)},
  };
  return all;
}

std::vector<std::pair<std::string, Bytes>> honest_frames() {
  FlatBufferBuilder join, neighbor, reply, leave, shuffle;
  const auto origin = contact_struct(contact_number(8));
  const auto peers = shuffle.CreateVectorOfStructs(std::vector<fb::ContactStruct>{contact_struct(contact_number(9))});
  return {{"join", sealed(join, fb::Body::Join, fb::CreateJoin(join).Union())},
          {"forward_join", forward_join(contact_number(9))},
          {"neighbor", sealed(neighbor, fb::Body::Neighbor, fb::CreateNeighbor(neighbor, true).Union())},
          {"neighbor_reply", sealed(reply, fb::Body::NeighborReply, fb::CreateNeighborReply(reply, true).Union())},
          {"leave", sealed(leave, fb::Body::Disconnect, fb::CreateDisconnect(leave).Union())},
          {"shuffle", sealed(shuffle, fb::Body::Shuffle, fb::CreateShuffle(shuffle, &origin, 3, peers).Union())},
          {"shuffle_reply", shuffle_reply({contact_number(8), contact_number(9)})},
          {"query", query({})},
          {"hits", hits(3, 3, "Kind of Blue")},
          {"box", box(300)},
          {"query_bubble", query({.strategy = 4, .ttl = 0, .visits = 6455, .canaries = 8})},
          {"publish", publish({})},
          {"estimate", estimate()},
          {"browse", wire::encode(Browse{{1, 2}, 50, contact_number(9).key.bytes})},
          {"shelf", wire::encode(Shelf{{1, 2}, std::make_shared<const Bytes>(300, 0x5a), 321, 100, false})},
          {"hello", hello(contact_number(9), 1, 1, "earshot 0.1")}};
}

const std::filesystem::path kTests = std::filesystem::path(EARSHOT_SOURCE_DIR) / "tests";

Bytes file_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

void write_file(const std::filesystem::path& file, ByteView bytes) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

bool rewriting() {
  return std::getenv("EARSHOT_REWRITE") != nullptr;
}

TEST(HostileFrames, FilesAreThoseThatThisTestMakes) {
  std::string readme =
      "# Hostile frames\n\nMade by tests/hostile/frames_test.cpp, which says how to make them anew. Frames named "
      "`odd_*` are strange but harmless.\n\n";
  for (const Specimen& specimen : specimens()) {
    const auto file = kTests / "hostile/frames" / (specimen.name + ".bin");
    readme += fmt::format("- `{}.bin`: {}\n", specimen.name, specimen.what);
    if (rewriting()) {
      write_file(file, specimen.frame);
      // The largest frames are left out of the corpus: libFuzzer's inputs grow to the largest seed.
      if (specimen.frame.size() <= 8192) write_file(kTests / "fuzz/corpus/wire" / specimen.name, specimen.frame);
    }
    ASSERT_TRUE(std::filesystem::exists(file)) << file;
    EXPECT_EQ(file_bytes(file), specimen.frame) << file;
  }
  if (rewriting()) {
    write_file(kTests / "hostile/frames/README.md", as_bytes(readme));
    for (const auto& [name, frame] : honest_frames())
      write_file(kTests / "fuzz/corpus/wire" / ("honest_" + name), frame);
  }
  EXPECT_EQ(as_text(file_bytes(kTests / "hostile/frames/README.md")), readme);
}

/// Why it is refused. Lists of hits come out of boxes, everything else over links.
std::optional<Error> error_of(std::string_view name, ByteView frame, PeerId from, SmallDirectory& book) {
  if (name.starts_with("hits") || name == "odd_newer_scheme") {
    const auto list = wire::decode_hits(frame, from, book);
    return list ? std::nullopt : std::optional(list.error());
  }
  const auto read = wire::decode(frame, from, book);
  return read ? std::nullopt : std::optional(read.error());
}

TEST(HostileFrames, AreRefusedWithoutATraceInTheDirectory) {
  for (const Specimen& specimen : specimens()) {
    SmallDirectory book;
    const PeerId from = book.intern(contact_number(0), kNoPeer);
    const auto error = error_of(specimen.name, specimen.frame, from, book);
    const bool accepted = specimen.fate == Fate::kAccepted;
    ASSERT_EQ(!error.has_value(), accepted) << specimen.name;
    if (accepted) continue;
    EXPECT_EQ(error->code, specimen.fate == Fate::kDropped ? ErrorCode::kUnsupported : ErrorCode::kInvalid)
        << specimen.name;
    EXPECT_EQ(book.told, 1u) << specimen.name;
    EXPECT_FALSE(wire::decode_hello(specimen.frame)) << specimen.name;
  }
}

TEST(HostileFrames, HonestOnesAreRead) {
  for (const auto& [name, frame] : honest_frames()) {
    SmallDirectory book;
    const PeerId from = book.intern(contact_number(0), kNoPeer);
    EXPECT_FALSE(error_of(name, frame, from, book)) << name;
  }
}

/// The verifier stops at limits::kVerifierTables tables, however many places name them.
TEST(HostileFrames, VerifierCountsSharedTablesEachTime) {
  SmallDirectory book;
  const PeerId from = book.intern(contact_number(0), kNoPeer);
  const Bytes bomb = hits(1, 16000, "x");
  const auto read = wire::decode_hits(bomb, from, book);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().what.find("not a verifiable envelope"), std::string::npos);
}

}  // namespace
}  // namespace earshot::overlay
