// Bytes of single messages, drawn from the tables of RFC 7574 sections 7 and 8, read and written.
#include "stream/ppspp/wire.h"

#include <gtest/gtest.h>

namespace earshot::stream::ppspp {
namespace {

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  std::string digits;
  for (const char c : hex) {
    if (c != ' ') digits += c;
  }
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

WireFormat format_with(Addressing addressing, std::size_t signature_size = 0) {
  WireFormat format;
  format.addressing = addressing;
  format.signature_size = signature_size;
  return format;
}

std::string written(const Message& message, const WireFormat& format = {}) {
  Bytes arena;
  DatagramWriter writer(arena, ChannelId{0x0a0b0c0d}, format, 1400);
  EXPECT_TRUE(writer.add(message));
  return to_hex(arena);
}

/// Reads a datagram of one message and writes it again.
std::string rewritten(std::string_view hex, const WireFormat& format = {}) {
  const Bytes bytes = from_hex(hex);
  MessageReader reader(bytes, format);
  const auto message = reader.next();
  if (!message || reader.next()) return "malformed";
  return written(*message, format);
}

std::string squeezed(std::string_view hex) { return to_hex(from_hex(hex)); }

TEST(Wire, WritesEveryMessageByItsTable) {
  const std::string channel = "0a0b0c0d";
  EXPECT_EQ(written(Have{{1, 3}}), squeezed(channel + "03 00000001 00000002"));
  EXPECT_EQ(written(Have{{1, 3}}, format_with(Addressing::kChunk64)), squeezed(channel + "03 0000000000000001 0000000000000002"));
  EXPECT_EQ(written(Request{{0, 64}}), squeezed(channel + "08 00000000 0000003f"));
  EXPECT_EQ(written(Cancel{{5, 6}}), squeezed(channel + "09 00000005 00000005"));
  EXPECT_EQ(written(Ack{{0, 2}, 0x1122}), squeezed(channel + "02 00000000 00000001 0000000000001122"));
  EXPECT_EQ(written(Choke{}), squeezed(channel + "0a"));
  EXPECT_EQ(written(Unchoke{}), squeezed(channel + "0b"));
  EXPECT_EQ(written(PexRequest{}), squeezed(channel + "06"));
  EXPECT_EQ(written(PexV4{endpoint_from("192.0.2.1:6778").value()}), squeezed(channel + "05 c0000201 1a7a"));
  EXPECT_EQ(written(PexV6{endpoint_from("[2001:db8::1]:6778").value()}),
            squeezed(channel + "0c 20010db8000000000000000000000001 1a7a"));
  const Bytes body = from_hex("c0ffee");
  EXPECT_EQ(written(PexCertificate{body}), squeezed(channel + "0d 0003 c0ffee"));
  EXPECT_EQ(written(Data{{7, 8}, 0x0102, body}), squeezed(channel + "01 00000007 00000007 0000000000000102 c0ffee"));
  const Bytes signature(64, 0x5a);
  EXPECT_EQ(written(SignedIntegrity{{0, 32}, 9, signature}, format_with(Addressing::kChunk32, 64)),
            squeezed(channel + "07 00000000 0000001f 0000000000000009" + to_hex(signature)));
  const Bytes hash(32, 0xab);
  EXPECT_EQ(written(IntegrityHash{{4, 8}, hash}), squeezed(channel + "04 00000004 00000007" + to_hex(hash)));
}

TEST(Wire, ReadsWhatItWrites) {
  const WireFormat narrow, live = format_with(Addressing::kChunk32, 64);
  for (const auto& [hex, format] : std::vector<std::pair<std::string, WireFormat>>{
           {"0a0b0c0d 03 00000001 00000002", narrow},
           {"0a0b0c0d 02 00000000 00000001 0000000000001122", narrow},
           {"0a0b0c0d 01 00000007 00000007 0000000000000102 c0ffee", narrow},
           {"0a0b0c0d 04 00000004 00000007" + to_hex(Bytes(32, 0xab)), narrow},
           {"0a0b0c0d 07 00000000 0000001f 0000000000000009" + to_hex(Bytes(64, 1)), live},
           {"0a0b0c0d 05 c0000201 1a7a", narrow},
           {"0a0b0c0d 06", narrow},
           {"0a0b0c0d 08 00000000 0000003f", narrow},
           {"0a0b0c0d 09 00000005 00000005", narrow},
           {"0a0b0c0d 0a", narrow},
           {"0a0b0c0d 0b", narrow},
           {"0a0b0c0d 0c 20010db8000000000000000000000001 1a7a", narrow},
           {"0a0b0c0d 0d 0003 c0ffee", narrow},
           {"0a0b0c0d 00 01020304 0001 0101 02000411223344 0301 0402 0602 0802f8f0 0900000400 ff", narrow},
           {"0a0b0c0d 00 01020304 0001 0303 050d 0604 07ffffffffffffffff 0900000400 ff", narrow},
           {"0a0b0c0d 00 00000000 ff", narrow}}) {
    EXPECT_EQ(rewritten(hex, format), squeezed(hex));
  }
}

TEST(Wire, RefusesWhatIsCutShort) {
  for (const std::string hex : {"0a0b0c0d 03 00000001 0000", "0a0b0c0d 02 00000000 00000001 00", "0a0b0c0d 04 00000000 00000000 ab",
                                "0a0b0c0d 0d 0004 c0ffee", "0a0b0c0d 00 01020304 0001 0101", "0a0b0c0d 01 00000007 00000007 00",
                                "0a0b0c0d 01 00000007 00000007 0000000000000102"}) {
    EXPECT_EQ(rewritten(hex), "malformed") << hex;
  }
}

TEST(Wire, RefusesWhatMakesNoSense) {
  EXPECT_EQ(rewritten("0a0b0c0d 03 00000002 00000001"), "malformed") << "a range that ends before it begins";
  EXPECT_EQ(rewritten("0a0b0c0d 01 00000007 00000008 0000000000000102 c0"), "malformed") << "DATA of two chunks";
  EXPECT_EQ(rewritten("0a0b0c0d 0e"), "malformed") << "an unassigned type";
  EXPECT_EQ(rewritten("0a0b0c0d 07 00000000 0000001f 0000000000000009"), "malformed") << "a signature in a static swarm";
  EXPECT_EQ(rewritten("0a0b0c0d 03 ffffffffffffffff ffffffffffffffff", format_with(Addressing::kChunk64)), "malformed")
      << "a range whose end overflows";
}

TEST(Wire, RefusesOptionsOutOfOrderTwiceOrUnknown) {
  EXPECT_EQ(rewritten("0a0b0c0d 00 01020304 0101 0001 ff"), "malformed");
  EXPECT_EQ(rewritten("0a0b0c0d 00 01020304 0001 0001 ff"), "malformed");
  EXPECT_EQ(rewritten("0a0b0c0d 00 01020304 0001 0a00112233445566778899aabbccddeeff ff"), "malformed");
  EXPECT_EQ(rewritten("0a0b0c0d 00 01020304 0001 07ffffffff ff"), "malformed") << "a window without an addressing";
}

TEST(Wire, StopsAtTheFirstMalformedMessage) {
  const Bytes bytes = from_hex("0a0b0c0d 0a fe 0b");
  MessageReader reader(bytes, {});
  EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.malformed());
  EXPECT_FALSE(reader.next());
}

TEST(Wire, LeavesADatagramAsItWasWhenAMessageDoesNotFit) {
  Bytes arena;
  DatagramWriter writer(arena, ChannelId{1}, {}, 4 + 9);
  EXPECT_TRUE(writer.add(Have{{0, 1}}));
  EXPECT_FALSE(writer.add(Choke{}));
  EXPECT_EQ(arena.size(), 13u);
}

TEST(Wire, NamesChunksByBins) {
  const WireFormat narrow = format_with(Addressing::kBin32, 64), wide = format_with(Addressing::kBin64);
  EXPECT_EQ(written(Have{{0, 4}}, narrow), squeezed("0a0b0c0d 03 00000003"));
  EXPECT_EQ(written(Have{{0, 4}}, wide), squeezed("0a0b0c0d 03 0000000000000003"));
  EXPECT_EQ(written(Request{{1, 7}}, narrow), squeezed("0a0b0c0d 08 00000002 08 00000005 08 00000009 08 0000000c"));
  EXPECT_EQ(written(Ack{{0, 3}, 9}, narrow), squeezed("0a0b0c0d 02 00000001 0000000000000009 02 00000004 0000000000000009"));
  EXPECT_EQ(written(IntegrityHash{{4, 8}, Bytes(32, 0xab)}, narrow), squeezed("0a0b0c0d 04 0000000b" + to_hex(Bytes(32, 0xab))));
  const Bytes body = from_hex("c0ffee");
  EXPECT_EQ(written(Data{{7, 8}, 0x0102, body}, wide), squeezed("0a0b0c0d 01 000000000000000e 0000000000000102 c0ffee"));
  EXPECT_EQ(written(SignedIntegrity{{0, 32}, 9, Bytes(64, 1)}, narrow), squeezed("0a0b0c0d 07 0000001f 0000000000000009" + to_hex(Bytes(64, 1))));
  for (const std::string hex : {"0a0b0c0d 03 00000003", "0a0b0c0d 08 00000002", "0a0b0c0d 01 0000000e 0000000000000102 c0ffee"}) {
    EXPECT_EQ(rewritten(hex, narrow), squeezed(hex));
  }
}

TEST(Wire, KnowsTheBinsOfNothingAndOfEverything) {
  const auto read = [](std::string_view hex, Addressing addressing) {
    const Bytes bytes = from_hex(hex);
    MessageReader reader(bytes, format_with(addressing));
    std::vector<ChunkRange> ranges;
    while (const auto message = reader.next()) ranges.push_back(std::get<Have>(*message).chunks);
    if (reader.malformed()) ranges.push_back({9, 9});
    return ranges;
  };
  using Ranges = std::vector<ChunkRange>;
  EXPECT_EQ(read("0a0b0c0d 03 ffffffff 03 00000000", Addressing::kBin32), (Ranges{{0, 1}}));
  EXPECT_EQ(read("0a0b0c0d 03 7fffffff", Addressing::kBin32), (Ranges{{0, std::uint64_t{1} << 31}}));
  EXPECT_EQ(read("0a0b0c0d 03 ffffffffffffffff 03 0000000000000002", Addressing::kBin64), (Ranges{{1, 2}}));
  EXPECT_EQ(read("0a0b0c0d 03 7fffffffffffffff", Addressing::kBin64), (Ranges{{0, std::uint64_t{1} << 62}}));
  EXPECT_EQ(read("0a0b0c0d 03 fffffffffffffffe", Addressing::kBin64), (Ranges{{9, 9}})) << "beyond all chunks that there can be";
}

}  // namespace
}  // namespace earshot::stream::ppspp
