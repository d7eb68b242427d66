// The grammar of wire.h, read and written.
#include "stream/ppspp/wire.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <vector>

#include "schema/check.h"

namespace earshot::stream::ppspp {

namespace {

constexpr std::uint8_t kEndOption = 255;
constexpr std::size_t kChannelSize = 4;

/// Ranges end below this, so that sums of two stay inside 64 bits; 2^62 chunks are more than there will ever be.
constexpr std::uint64_t kEndOfChunks = std::uint64_t{1} << 62;

/// Takes bytes from the front of a view; once something was missing, everything is.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_(bytes) {}

  template <class Integer>
  Integer integer() {
    const ByteView bytes = take(sizeof(Integer));
    Integer value = 0;
    for (const std::uint8_t byte : bytes) value = static_cast<Integer>((std::uint64_t{value} << 8) | byte);
    return value;
  }

  ByteView take(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  ByteView rest() const { return rest_; }
  bool failed() const { return failed_; }
  void fail() { failed_ = true; }

 private:
  ByteView rest_;
  bool failed_ = false;
};

/// Section 4.2: "everything" needs no word of its own in 32 bits, where it is the bin of height 31.
ChunkRange read_bin(Cursor& in, bool wide) {
  constexpr std::uint64_t kNone = ~std::uint64_t{0};
  std::uint64_t number = wide ? in.integer<std::uint64_t>() : in.integer<std::uint32_t>();
  if (!wide && number == 0xffffffffu) number = kNone;
  if (number == kNone) return {};
  if (number == kNone >> 1) return {0, kEndOfChunks};
  const auto height = static_cast<unsigned>(std::countr_one(number));
  const std::uint64_t first = height > Bin::kMaxHeight ? kEndOfChunks : (number >> (height + 1)) << height;
  if (first >= kEndOfChunks) {
    in.fail();
    return {};
  }
  return {first, first + (std::uint64_t{1} << height)};
}

/// Empty: a bin that stands for no chunks, or nothing sensible.
ChunkRange read_spec(Cursor& in, Addressing addressing) {
  const bool wide = is_wide(static_cast<std::uint8_t>(addressing));
  if (is_bins(addressing)) return read_bin(in, wide);
  const std::uint64_t first = wide ? in.integer<std::uint64_t>() : in.integer<std::uint32_t>();
  const std::uint64_t last = wide ? in.integer<std::uint64_t>() : in.integer<std::uint32_t>();
  if (first > last || last >= kEndOfChunks) {
    in.fail();
    return {};
  }
  return {first, last + 1};
}

SupportedMessages read_supported(Cursor& in) {
  SupportedMessages supported;
  const ByteView bitmap = in.take(in.integer<std::uint8_t>());
  if (bitmap.size() > supported.bits.size()) {
    in.fail();
    return {};
  }
  std::copy(bitmap.begin(), bitmap.end(), supported.bits.begin());
  return supported;
}

/// Section 7. An option that is not in the table has no known length, so the list cannot be read past it.
Options read_options(Cursor& in) {
  Options options;
  int previous = -1;
  while (!in.failed()) {
    const auto code = in.integer<std::uint8_t>();
    if (in.failed() || code == kEndOption) break;
    if (code <= previous) in.fail();
    previous = code;
    switch (code) {
      case 0: options.version = in.integer<std::uint8_t>(); break;
      case 1: options.minimum_version = in.integer<std::uint8_t>(); break;
      case 2: options.swarm_id = in.take(in.integer<std::uint16_t>()); break;
      case 3: options.integrity = in.integer<std::uint8_t>(); break;
      case 4: options.merkle_hash = in.integer<std::uint8_t>(); break;
      case 5: options.live_signature = in.integer<std::uint8_t>(); break;
      case 6: options.addressing = in.integer<std::uint8_t>(); break;
      case 7:
        if (!options.addressing) in.fail();
        else if (is_wide(*options.addressing)) options.live_discard_window = in.integer<std::uint64_t>();
        else options.live_discard_window = in.integer<std::uint32_t>();
        break;
      case 8: options.supported = read_supported(in); break;
      case 9: options.chunk_size = in.integer<std::uint32_t>(); break;
      default: in.fail();
    }
  }
  return options;
}

Endpoint read_v4(Cursor& in) {
  Endpoint endpoint;
  endpoint.address[10] = endpoint.address[11] = 0xff;
  const ByteView address = in.take(4);
  std::copy(address.begin(), address.end(), endpoint.address.begin() + 12);
  endpoint.port = in.integer<std::uint16_t>();
  return endpoint;
}

Endpoint read_v6(Cursor& in) {
  Endpoint endpoint;
  const ByteView address = in.take(16);
  std::copy(address.begin(), address.end(), endpoint.address.begin());
  endpoint.port = in.integer<std::uint16_t>();
  return endpoint;
}

Data read_data(Cursor& in, const WireFormat& format) {
  Data data;
  data.chunks = read_spec(in, format.addressing);
  data.timestamp_us = in.integer<std::uint64_t>();
  data.bytes = in.take(std::min<std::size_t>(in.rest().size(), format.chunk_size));
  if (data.chunks.size() != 1 || data.bytes.empty()) in.fail();
  return data;
}

Message read_body(Cursor& in, Kind kind, const WireFormat& format) {
  const auto spec = [&] { return read_spec(in, format.addressing); };
  switch (kind) {
    case Kind::kHandshake: {
      const ChannelId source{in.integer<std::uint32_t>()};
      return Handshake{source, read_options(in)};
    }
    case Kind::kData: return read_data(in, format);
    case Kind::kAck: {
      const ChunkRange chunks = spec();
      return Ack{chunks, in.integer<std::uint64_t>()};
    }
    case Kind::kHave: return Have{spec()};
    case Kind::kIntegrity: {
      const ChunkRange chunks = spec();
      return IntegrityHash{chunks, in.take(format.hash_size)};
    }
    case Kind::kPexV4: return PexV4{read_v4(in)};
    case Kind::kPexRequest: return PexRequest{};
    case Kind::kSignedIntegrity: {
      if (format.signature_size == 0) in.fail();
      const ChunkRange chunks = spec();
      const auto timestamp = in.integer<std::uint64_t>();
      return SignedIntegrity{chunks, timestamp, in.take(format.signature_size)};
    }
    case Kind::kRequest: return Request{spec()};
    case Kind::kCancel: return Cancel{spec()};
    case Kind::kChoke: return Choke{};
    case Kind::kUnchoke: return Unchoke{};
    case Kind::kPexV6: return PexV6{read_v6(in)};
    case Kind::kPexCertificate: return PexCertificate{in.take(in.integer<std::uint16_t>())};
  }
  in.fail();
  return Choke{};
}

/// Appends big-endian.
class Pen {
 public:
  explicit Pen(Bytes& bytes) : bytes_(&bytes) {}

  template <class Integer>
  void integer(Integer value) {
    std::array<std::uint8_t, sizeof(Integer)> big_endian;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
      big_endian[i] = static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * (sizeof(Integer) - 1 - i)));
    }
    bytes(big_endian);
  }

  void bytes(ByteView view) { bytes_->insert(bytes_->end(), view.begin(), view.end()); }

  void spec(ChunkRange chunks, Addressing addressing) {
    EARSHOT_CHECK(!chunks.empty());
    if (is_bins(addressing)) {
      const auto bin = Bin::covering(chunks);
      EARSHOT_CHECK(bin && (addressing == Addressing::kBin64 || chunks.end <= std::uint64_t{1} << 31));
      if (addressing == Addressing::kBin64) integer(bin->number());
      else integer(static_cast<std::uint32_t>(bin->number()));
    } else if (addressing == Addressing::kChunk64) {
      integer<std::uint64_t>(chunks.begin);
      integer<std::uint64_t>(chunks.end - 1);
    } else {
      EARSHOT_CHECK(chunks.end <= std::uint64_t{1} << 32);
      integer(static_cast<std::uint32_t>(chunks.begin));
      integer(static_cast<std::uint32_t>(chunks.end - 1));
    }
  }

  void option(std::uint8_t code, std::optional<std::uint8_t> value) {
    if (!value) return;
    integer(code);
    integer(*value);
  }

 private:
  Bytes* bytes_;
};

void write_options(Pen& pen, const Options& options) {
  pen.option(0, options.version);
  pen.option(1, options.minimum_version);
  if (options.swarm_id) {
    pen.integer<std::uint8_t>(2);
    pen.integer(static_cast<std::uint16_t>(options.swarm_id->size()));
    pen.bytes(*options.swarm_id);
  }
  pen.option(3, options.integrity);
  pen.option(4, options.merkle_hash);
  pen.option(5, options.live_signature);
  pen.option(6, options.addressing);
  if (options.live_discard_window) {
    EARSHOT_CHECK(options.addressing.has_value());
    pen.integer<std::uint8_t>(7);
    if (is_wide(*options.addressing)) pen.integer(*options.live_discard_window);
    else pen.integer(static_cast<std::uint32_t>(*options.live_discard_window));
  }
  if (options.supported) {
    const auto& bits = options.supported->bits;
    const auto last = std::find_if(bits.rbegin(), bits.rend(), [](std::uint8_t octet) { return octet != 0; });
    const auto size = static_cast<std::uint8_t>(bits.rend() - last);
    pen.integer<std::uint8_t>(8);
    pen.integer(size);
    pen.bytes(ByteView(bits).first(size));
  }
  if (options.chunk_size) {
    pen.integer<std::uint8_t>(9);
    pen.integer(*options.chunk_size);
  }
  pen.integer(kEndOption);
}

/// The largest bins that make up a range, from left to right.
std::vector<ChunkRange> bins_of(ChunkRange range) {
  std::vector<ChunkRange> bins;
  while (!range.empty()) {
    const std::uint64_t fits = std::bit_floor(range.size());
    const std::uint64_t aligned = range.begin == 0 ? fits : std::uint64_t{1} << std::countr_zero(range.begin);
    const std::uint64_t size = std::min(fits, aligned);
    bins.push_back({range.begin, range.begin + size});
    range.begin += size;
  }
  return bins;
}

struct BodyWriter {
  Pen pen;
  const WireFormat& format;

  void spec(ChunkRange chunks) { pen.spec(chunks, format.addressing); }

  void operator()(const Handshake& m) {
    pen.integer(to_number(m.source));
    write_options(pen, m.options);
  }
  void operator()(const Data& m) {
    spec(m.chunks);
    pen.integer(m.timestamp_us);
    pen.bytes(m.bytes);
  }
  void operator()(const Ack& m) {
    spec(m.chunks);
    pen.integer(m.delay_us);
  }
  void operator()(const Have& m) { spec(m.chunks); }
  void operator()(const IntegrityHash& m) {
    EARSHOT_CHECK(m.hash.size() == format.hash_size);
    spec(m.chunks);
    pen.bytes(m.hash);
  }
  void operator()(const PexV4& m) {
    EARSHOT_CHECK(m.endpoint.is_v4());
    pen.bytes(ByteView(m.endpoint.address).last(4));
    pen.integer(m.endpoint.port);
  }
  void operator()(const PexRequest&) {}
  void operator()(const SignedIntegrity& m) {
    EARSHOT_CHECK(m.signature.size() == format.signature_size);
    spec(m.chunks);
    pen.integer(m.ntp_timestamp);
    pen.bytes(m.signature);
  }
  void operator()(const Request& m) { spec(m.chunks); }
  void operator()(const Cancel& m) { spec(m.chunks); }
  void operator()(const Choke&) {}
  void operator()(const Unchoke&) {}
  void operator()(const PexV6& m) {
    pen.bytes(m.endpoint.address);
    pen.integer(m.endpoint.port);
  }
  void operator()(const PexCertificate& m) {
    EARSHOT_CHECK(m.certificate.size() <= 0xffff);
    pen.integer(static_cast<std::uint16_t>(m.certificate.size()));
    pen.bytes(m.certificate);
  }
};

/// One message, or one for each bin of its range where that is allowed.
template <class Body>
void write(Pen& pen, Kind kind, Body body, const WireFormat& format) {
  const auto write_one = [&] {
    pen.integer(static_cast<std::uint8_t>(kind));
    BodyWriter{pen, format}(body);
  };
  constexpr bool kDivides = std::is_same_v<Body, Have> || std::is_same_v<Body, Ack> || std::is_same_v<Body, Request> || std::is_same_v<Body, Cancel>;
  if constexpr (kDivides) {
    if (is_bins(format.addressing)) {
      for (const ChunkRange& bin : bins_of(body.chunks)) {
        body.chunks = bin;
        write_one();
      }
      return;
    }
  }
  write_one();
}

bool is_about_nothing(const Message& message) {
  return std::visit([](const auto& m) {
    if constexpr (requires { m.chunks; }) return m.chunks.empty();
    else return false;
  }, message);
}

}  // namespace

std::optional<ChannelId> destination_of(ByteView datagram) {
  if (datagram.size() < kChannelSize) return std::nullopt;
  return ChannelId{Cursor(datagram).integer<std::uint32_t>()};
}

std::optional<Handshake> leading_handshake(ByteView datagram) {
  if (datagram.size() <= kChannelSize) return std::nullopt;
  MessageReader reader(datagram, WireFormat{});
  auto message = reader.next();
  if (!message || !std::holds_alternative<Handshake>(*message)) return std::nullopt;
  return std::get<Handshake>(*message);
}

MessageReader::MessageReader(ByteView datagram, const WireFormat& format)
    : rest_(datagram.subspan(kChannelSize)), format_(format) {}

std::optional<Message> MessageReader::next() {
  while (!rest_.empty() && !malformed_) {
    auto message = read_one();
    if (!message || !is_about_nothing(*message)) return message;
  }
  return std::nullopt;
}

std::optional<Message> MessageReader::read_one() {
  Cursor in(rest_);
  const Kind kind{in.integer<std::uint8_t>()};
  auto message = read_body(in, kind, format_);
  if (in.failed() || (kind == Kind::kHandshake && !first_)) {
    malformed_ = true;
    return std::nullopt;
  }
  first_ = false;
  rest_ = in.rest();
  return message;
}

DatagramWriter::DatagramWriter(Bytes& arena, ChannelId destination, const WireFormat& format, std::size_t capacity)
    : arena_(&arena), format_(format), begin_(arena.size()), capacity_(capacity) {
  Pen(arena).integer(to_number(destination));
}

bool DatagramWriter::add(const Message& message) {
  const std::size_t before = arena_->size();
  Pen pen(*arena_);
  std::visit([&](const auto& m) { write(pen, Kind{static_cast<std::uint8_t>(message.index())}, m, format_); }, message);
  if (size() <= capacity_) return true;
  arena_->resize(before);
  return false;
}

bool DatagramWriter::is_keep_alive() const { return size() == kChannelSize; }

}  // namespace earshot::stream::ppspp
