// Effects as a person reads them: "send 3 ForwardJoin 7 ttl 5". Used by transcripts, by tests of one peer, and by traces of the
// simulator.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "overlay/effect.h"
#include "overlay/message.h"

namespace earshot::overlay {

inline std::string describe(const PeerList& peers) {
  std::string text;
  for (PeerId peer : peers) text += fmt::format(" {}", to_number(peer));
  return "{" + (text.empty() ? text : text.substr(1)) + "}";
}

/// Enough of an id to tell the few queries of a test apart.
inline std::string describe(const QueryId& id) {
  return fmt::format("#{:04x}", id.high >> 48);
}

inline std::string describe(const Join&) {
  return "Join";
}
inline std::string describe(const ForwardJoin& m) {
  return fmt::format("ForwardJoin {} ttl {}", to_number(m.newcomer), m.ttl);
}
inline std::string describe(const Neighbor& m) {
  return m.high_priority ? "Neighbor high" : "Neighbor low";
}
inline std::string describe(const NeighborReply& m) {
  return m.accepted ? "NeighborReply accepted" : "NeighborReply refused";
}
inline std::string describe(const Leave&) {
  return "Leave";
}
inline std::string describe(const Shuffle& m) {
  return fmt::format("Shuffle of {} ttl {} {}", to_number(m.origin), m.ttl, describe(m.peers));
}
inline std::string describe(const ShuffleReply& m) {
  return "ShuffleReply " + describe(m.peers);
}
inline std::string describe(const Query& m) {
  if (m.direct) return fmt::format("Query {} '{}' direct", describe(m.id), m.request->text);
  const std::string visits = m.visits > 0 ? fmt::format(" visits {}", m.visits) : "";
  return fmt::format("Query {} '{}' ttl {} hops {}{}{}", describe(m.id), m.request->text, m.ttl, m.hops, visits, m.stem ? " on its stem" : "");
}
inline std::string describe(const std::vector<Hit>& hits) {
  std::string text;
  for (const Hit& hit : hits) text += fmt::format(" '{}' at {}", hit.track.title, to_number(hit.holder));
  return text;
}
/// A sealed box is so many bytes; what stands for one in tests says what is in it.
inline std::string describe(const SharedBox& box) {
  if (box == nullptr) return "";
  const std::string_view text = as_text(*box);
  return is_clean_text(text) ? std::string(text) : fmt::format(" box of {}", box->size());
}
inline std::string describe(const Hits& m) {
  const std::string canaries = m.canaries != 0 ? fmt::format(" canaries {:b}", m.canaries) : "";
  return fmt::format("Hits {} hops {}{}{}", describe(m.id), m.hops, describe(m.box), canaries);
}
inline std::string describe(const Publish& m) {
  const std::string walk = m.walk > 0 ? fmt::format(" walk {}", m.walk) : "";
  return fmt::format("Publish of {} visits {}{} for {} s", to_number(m.owner), m.visits, walk, m.life_s);
}
inline std::string describe(const Estimate& m) {
  return fmt::format("Estimate {}", m.epoch);
}
inline std::string describe(const Message& message) {
  return std::visit([](const auto& body) { return describe(body); }, message);
}

inline std::string describe(const Send& e) {
  return fmt::format("send {} {}", to_number(e.to), describe(e.message));
}
inline std::string describe(const Lookup& e) {
  return fmt::format("look up {} '{}'{}", describe(e.id), e.request->text, e.hosted ? " and digests" : "");
}
inline std::string describe(const Open& e) {
  return fmt::format("open {}{} from {} over {} hops", describe(e.id), describe(e.box), to_number(e.from), e.hops);
}
inline std::string describe(const HostDigest& e) {
  return fmt::format("host the digest of {} until {} s", to_number(e.owner), e.expiry.time_since_epoch() / 1s);
}
inline std::string describe(const DropDigest& e) {
  return fmt::format("drop the digests of {}", to_number(e.owner));
}
inline std::string describe(const Connect& e) {
  return fmt::format("connect {}", to_number(e.peer));
}
inline std::string describe(const Disconnect& e) {
  return fmt::format("disconnect {}", to_number(e.peer));
}
inline std::string describe(const Ban& e) {
  return fmt::format("ban {} for {}", to_number(e.peer), to_string(e.why));
}
inline std::string describe(const Deliver& e) {
  return fmt::format("deliver {}{}{}, sent {} answers {} hits {}", describe(e.id), describe(*e.hits),
                     e.last ? " last" : fmt::format(" over {} hops", e.hops), e.progress.messages_sent,
                     e.progress.answers, e.progress.hits);
}
inline std::string describe(const Effect& effect) {
  return std::visit([](const auto& body) { return describe(body); }, effect);
}

}  // namespace earshot::overlay
