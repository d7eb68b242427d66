// Frames as a stranger sends them: whatever is accepted can be written and read again with the same meaning.
#include <cstdlib>

#include "overlay/wire.h"
#include "tests/net/small_directory.h"

namespace {

using namespace earshot;
using namespace earshot::overlay;

constexpr PeerId kSender{0};

void require(bool condition) {
  if (!condition) std::abort();
}

struct Same {
  const Message& other;

  template <class T>
  bool operator()(const T& message) const {
    return message == std::get<T>(other);
  }
  bool operator()(const Query& query) const {
    const auto& read = std::get<Query>(other);
    return query.id == read.id && *query.request == *read.request && query.strategy == read.strategy &&
           query.ttl == read.ttl && query.hops == read.hops && query.visits == read.visits &&
           query.direct == read.direct;
  }
  bool operator()(const Hits& hits) const {
    const auto& read = std::get<Hits>(other);
    const bool same_box = hits.box == nullptr ? read.box == nullptr : read.box != nullptr && *hits.box == *read.box;
    return hits.id == read.id && same_box && hits.hops == read.hops && hits.canaries == read.canaries;
  }
  bool operator()(const Publish& publish) const {
    const auto& read = std::get<Publish>(other);
    return publish.id == read.id && *publish.digest == *read.digest && publish.owner == read.owner &&
           publish.visits == read.visits && publish.life_s == read.life_s && publish.walk == read.walk &&
           publish.hops == read.hops;
  }
  bool operator()(const Estimate& estimate) const {
    const auto& read = std::get<Estimate>(other);
    return estimate.epoch == read.epoch && estimate.seed == read.seed && *estimate.shares == *read.shares &&
           estimate.peers == read.peers && estimate.degree == read.degree && estimate.meeting == read.meeting &&
           estimate.meetings == read.meetings;
  }
};

void check_message(const Message& message, SmallDirectory& book) {
  const auto frame = wire::encode(message, book);
  require(frame.has_value() && frame->size() <= limits::kMaxFrame);
  const auto again = wire::decode(*frame, kSender, book);
  require(again.has_value());
  const auto& read = std::get<Message>(*again);
  require(message.index() == read.index() && std::visit(Same{read}, message));
}

/// Lists out of boxes are strangers' words, too.
void check_hits(ByteView bytes, SmallDirectory& book) {
  const auto hits = wire::decode_hits(bytes, kSender, book);
  if (!hits || hits->empty()) return;
  const auto list = wire::encode_hits(*hits, limits::kMaxFrame, book);
  require(list.has_value());
  const auto again = wire::decode_hits(*list, kSender, book);
  require(again.has_value() && again->size() <= hits->size() && std::equal(again->begin(), again->end(), hits->begin()));
}

void check_hello(const wire::Hello& hello) {
  const auto again = wire::decode_hello(wire::encode(hello));
  require(again.has_value() && again->self == hello.self && again->agent == hello.agent &&
          again->version == hello.version);
}

void check_browse(const Browse& question, SmallDirectory& book) {
  const auto again = wire::decode(wire::encode(question), kSender, book);
  require(again.has_value() && std::get<Browse>(*again) == question);
}

void check_shelf(const Shelf& shelf, SmallDirectory& book) {
  const auto again = wire::decode(wire::encode(shelf), kSender, book);
  require(again.has_value());
  const auto& read = std::get<Shelf>(*again);
  const bool same_box = shelf.box == nullptr ? read.box == nullptr : read.box != nullptr && *shelf.box == *read.box;
  require(same_box && read.id == shelf.id && read.shared == shelf.shared && read.next == shelf.next && read.hidden == shelf.hidden);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SmallDirectory book;
  book.intern(contact_number(0), kNoPeer);
  check_hits({data, size}, book);
  const auto frame = wire::decode({data, size}, kSender, book);
  if (!frame) return 0;
  if (const auto* message = std::get_if<Message>(&*frame)) check_message(*message, book);
  if (const auto* question = std::get_if<Browse>(&*frame)) check_browse(*question, book);
  if (const auto* shelf = std::get_if<Shelf>(&*frame)) check_shelf(*shelf, book);
  if (const auto* hello = std::get_if<wire::Hello>(&*frame)) check_hello(*hello);
  return 0;
}
