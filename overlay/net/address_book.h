// Where is a peer? Names (PeerId), keys and endpoints of everyone we heard of; on disk between runs.
//
//  1. A key has one name while it is remembered; names are handed out in sequence and say nothing about the key.
//  2. What a peer says of itself, over a link that proves its key, and what we are told on the command line, replace
//     what was known before. Hearsay replaces only what has become doubtful: a dial to it has failed since, or it is from
//     an earlier run. Rationale: otherwise the last liar would win. A lie costs one dial that ends in a wrong key.
//  3. An address is believed only from a teller that is at least as near: a public peer cannot send us to 127.0.0.1 or
//     into our own 192.168 network, and nobody can send us to a multicast address. What is not believed is remembered
//     without an endpoint, and so is nobody's to dial.
//  4. Full (limits::kMaxContacts): the contact unused for longest is forgotten, except those kept for a link or a view.
//     64 Ki x 230 bytes (contact 52, marks 16, list and two hash nodes 130, buckets 32) = 15 MiB.
//
// What an attacker gains: it can fill the book with names (8 a shuffle), which costs us the memory above and pushes out
// contacts that we did not use; links, and neighbors, are kept.
//
// The file, text: "earshot-address-book 1", one line a contact, "STREAM_PORT earshot://KEY@ADDRESS:PORT",
// unused for longest first, and last "end COUNT SIPHASH" over all bytes before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "overlay/directory.h"
#include "schema/limits.h"
#include "schema/random.h"
#include "schema/result.h"
#include "schema/time.h"

namespace earshot::overlay::net {

/// Whose word an endpoint rests on: a stranger's, our own configuration, the peer itself.
enum class Source : std::uint8_t { kHeard, kTold, kOwn };

/// How far an address reaches: only this machine, only networks of our own, everywhere; kNowhere cannot be dialled.
enum class Reach : std::uint8_t { kNowhere, kMachine, kPrivate, kPublic };
Reach reach_of(const Endpoint& endpoint);

/// The group of public addresses that one provider mostly gives to one customer: IPv4 /16, IPv6 /32, below 2^40. Nothing
/// for an address that is not public.
std::optional<std::uint64_t> public_group_of(const Endpoint& endpoint);

class AddressBook final : public Directory {
 public:
  /// `self` is never forgotten, and nobody's word changes it. `hash_key` must be secret: strangers choose the keys.
  AddressBook(const Contact& self, SipKey hash_key, std::size_t capacity = limits::kMaxContacts);

  std::optional<Contact> contact_of(PeerId peer) const override;
  PeerId intern(const Contact& contact, PeerId told_by) override;

  /// From now on, nobody is remembered at an address that reaches farther: it is nobody's to dial.
  void keep_within(Reach farthest) { farthest_ = farthest; }

  PeerId self() const { return self_; }
  /// Our own endpoint is known only once the socket is bound.
  void set_self(const Contact& self);

  /// What a peer said of itself on a link that proved its key and that we see come from `seen`. An address that it
  /// leaves open, or that is nearer than where it comes from, becomes the seen one.
  PeerId introduce(const Contact& claimed, const Endpoint& seen);

  std::optional<PeerId> find(const NodeKey& key) const;
  std::size_t size() const { return entries_.size(); }

  /// Kept contacts are not forgotten. Counted: as many releases as keeps. Unknown names are ignored.
  void keep(PeerId peer);
  void release(PeerId peer);

  /// Dialling: after each failure the next attempt waits twice as long, 1 s to 60 s, give or take a quarter.
  void dial_failed(PeerId peer, Instant now, Random& random);
  void dial_succeeded(PeerId peer);
  bool may_dial(PeerId peer, Instant now) const;

  /// Contacts that can be dialled, the most recently used first: where to start after a restart.
  std::vector<PeerId> recent(std::size_t at_most) const;

  /// Adds what the file holds; none is no error. A damaged file is moved aside to FILE.damaged and kDisk or kCorrupt
  /// returned; the book is usable either way.
  Result<void> load(const std::filesystem::path& file);
  /// All or nothing: written beside, synced, renamed. Errors: kDisk.
  Result<void> save(const std::filesystem::path& file) const;

 private:
  struct Entry {
    PeerId peer = kNoPeer;
    Contact contact;
    Source source = Source::kHeard;
    bool is_doubtful = false;
    std::uint8_t failures = 0;   // dials in a row that failed; stops counting at 255
    std::uint32_t keeps = 0;
    Instant not_before{};        // of the next dial
  };
  using Entries = std::list<Entry>;  // unused for longest first
  struct KeyHash {
    SipKey key;
    std::size_t operator()(const NodeKey& node) const { return siphash(key, node.bytes); }
  };

  PeerId tell(Contact contact, Source source);
  Entry* entry_of(PeerId peer);
  const Entry* entry_of(PeerId peer) const;
  void make_room();
  PeerId fresh_name();
  std::string text() const;
  Result<void> read(std::string_view text);

  std::size_t capacity_;
  Entries entries_;
  std::unordered_map<NodeKey, Entries::iterator, KeyHash> by_key_;
  std::unordered_map<PeerId, Entries::iterator> by_peer_;
  std::uint32_t next_name_ = 0;
  Reach farthest_ = Reach::kPublic;
  PeerId self_ = kNoPeer;
};

}  // namespace earshot::overlay::net
