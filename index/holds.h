// Whether a query's tree holds for one track, whatever knows the track.
//
// `Facts` answers: bool has(word number); uint32_t number(Number); Codec codec(); Kind kind(); std::string_view
// licence(); bool holds(const InText&).
#pragma once

#include <algorithm>
#include <string_view>
#include <variant>

#include "index/query.h"

namespace earshot::index {

/// `licence` in any case against what a query says in small letters.
inline bool is_licence(std::string_view licence, const OfLicence& wanted) {
  if (licence.size() < wanted.text.size() || (!wanted.is_prefix && licence.size() != wanted.text.size())) return false;
  return std::equal(wanted.text.begin(), wanted.text.end(), licence.begin(), [](char small, char any) {
    return small == (any >= 'A' && any <= 'Z' ? static_cast<char>(any - 'A' + 'a') : any);
  });
}

template <class Facts>
bool holds(const Node& node, Facts& facts);

template <class Facts>
struct NodeHolds {
  Facts& facts;

  bool operator()(const HasWord& word) const { return facts.has(word.word); }
  bool operator()(const InRange& range) const {
    const std::uint32_t number = facts.number(range.number);
    return number != 0 && number >= range.least && number <= range.most;
  }
  bool operator()(const OfCodec& codec) const { return facts.codec() == codec.codec; }
  bool operator()(const OfKind& kind) const { return facts.kind() == kind.kind; }
  bool operator()(const OfLicence& licence) const { return is_licence(facts.licence(), licence); }
  bool operator()(const InText& text) const { return facts.holds(text); }
  bool operator()(const AllOf& all) const {
    return std::all_of(all.nodes.begin(), all.nodes.end(), [&](const Node& node) { return index::holds(node, facts); });
  }
  bool operator()(const AnyOf& any) const {
    return std::any_of(any.nodes.begin(), any.nodes.end(), [&](const Node& node) { return index::holds(node, facts); });
  }
  bool operator()(const Not& none) const { return !index::holds(none.nodes[0], facts); }
};

template <class Facts>
bool holds(const Node& node, Facts& facts) {
  return std::visit(NodeHolds<Facts>{facts}, node.what);
}

/// What a track itself knows; `Has` says which words it holds.
template <class Has, class InTextHolds>
class TrackFacts {
 public:
  TrackFacts(const Track& track, const Has& has, const InTextHolds& in_text)
      : track_(track), has_(has), in_text_(in_text) {}
  bool has(std::size_t word) const { return has_(word); }
  std::uint32_t number(Number number) const {
    switch (number) {
      case Number::kYear: return track_.year;
      case Number::kSeconds: return track_.duration_ms / 1000;
      case Number::kKbps: return track_.bitrate_kbps;
    }
    return 0;
  }
  Codec codec() const { return track_.codec; }
  Kind kind() const { return track_.kind; }
  std::string_view licence() const { return track_.licence; }
  bool holds(const InText& text) const { return in_text_(text); }

 private:
  const Track& track_;
  const Has& has_;
  const InTextHolds& in_text_;
};

}  // namespace earshot::index
