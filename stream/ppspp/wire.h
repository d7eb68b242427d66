// Bytes to messages and back (RFC 7574, sections 7 and 8). Nothing is copied and nothing allocated per message; what a
// datagram holds is bounded by its length, and its length by UDP.
//
//   datagram  = channel *message                      channel: the receiver's, 4 octets; no message: a keep-alive
//   message   = type body                             type: 1 octet, see Kind
//   spec      = first last                            4 or 8 octets each, last inclusive, as option 6 says
//             / bin                                   4 or 8 octets; all ones: no chunks, all ones but the first bit: all
//   HANDSHAKE = source-channel *option 0xff           options ascending, none twice; must come first in its datagram
//   DATA      = spec timestamp(8) chunk               of one chunk; as long as a chunk, or to the datagram's end
//   ACK       = spec delay(8)
//   HAVE, REQUEST, CANCEL = spec
//   INTEGRITY = spec hash
//   SIGNED_INTEGRITY = spec ntp-timestamp(8) signature
//   PEX_RESv4 = address(4) port(2)     PEX_RESv6 = address(16) port(2)     PEX_REScert = length(2) certificate
//   PEX_REQ, CHOKE, UNCHOKE = nothing
//
// Where chunks are named by bins, HAVE, ACK, REQUEST and CANCEL of other ranges become one message for each bin of the range.
// All integers are big-endian. A message that does not fit this ends the datagram: what follows cannot be found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "schema/bytes.h"
#include "stream/ppspp/message.h"

namespace earshot::stream::ppspp {

/// What a channel agreed on and the bytes do not say.
struct WireFormat {
  Addressing addressing = Addressing::kChunk32;
  std::uint32_t chunk_size = 1024;
  std::size_t hash_size = 32;
  std::size_t signature_size = 0;  // 0: SIGNED_INTEGRITY is not expected, hence invalid
};

/// The channel that a datagram is for; nothing when it is too short to name one.
std::optional<ChannelId> destination_of(ByteView datagram);

/// The handshake that a datagram opens with; nothing when it opens otherwise or the handshake is malformed.
std::optional<Handshake> leading_handshake(ByteView datagram);

/// Goes through the messages of one datagram in order.
class MessageReader {
 public:
  /// REQUIRES: destination_of(datagram) has a value.
  MessageReader(ByteView datagram, const WireFormat& format);

  /// The next message; nothing at the end or at the first malformed message. Messages about no chunks are passed over.
  std::optional<Message> next();

  /// The datagram ended in something malformed.
  bool malformed() const { return malformed_; }

 private:
  std::optional<Message> read_one();

  ByteView rest_;
  WireFormat format_;
  bool first_ = true;
  bool malformed_ = false;
};

/// Writes datagrams one behind another into an arena. Each call that adds a message returns false and leaves things as
/// they are when the message would make the datagram longer than `capacity`.
class DatagramWriter {
 public:
  DatagramWriter(Bytes& arena, ChannelId destination, const WireFormat& format, std::size_t capacity);

  bool add(const Message& message);

  std::size_t begin() const { return begin_; }
  std::size_t size() const { return arena_->size() - begin_; }
  /// Holds no message.
  bool is_keep_alive() const;

 private:
  Bytes* arena_;
  WireFormat format_;
  std::size_t begin_;
  std::size_t capacity_;
};

/// Messages to one peer in as few datagrams as they take: `commit` gets each datagram that is full.
template <typename Commit>
class DatagramFiller {
 public:
  DatagramFiller(Bytes& arena, ChannelId destination, const WireFormat& format, std::size_t capacity, Commit commit)
      : arena_(arena), destination_(destination), format_(format), capacity_(capacity), commit_(std::move(commit)) {}

  void add(const Message& message) {
    if (!writer_) writer_.emplace(arena_, destination_, format_, capacity_);
    if (writer_->add(message)) return;
    commit_(*writer_);
    writer_.emplace(arena_, destination_, format_, capacity_);
    writer_->add(message);
  }
  /// Commits what is left, or a keep-alive when nothing was added and one is due.
  void close(bool keep_alive_due) {
    if (!writer_ && keep_alive_due) writer_.emplace(arena_, destination_, format_, capacity_);
    if (writer_) commit_(*writer_);
  }

 private:
  Bytes& arena_;
  ChannelId destination_;
  const WireFormat& format_;
  std::size_t capacity_;
  Commit commit_;
  std::optional<DatagramWriter> writer_;
};

}  // namespace earshot::stream::ppspp
