// Out, in, sealed, opened.
#include "tools/node/browser.h"

#include <algorithm>
#include <utility>

#include "overlay/net/sealed_hits.h"
#include "overlay/wire.h"

namespace earshot::node {

Browser::Browser(Parts parts, Random random)
    : parts_(std::move(parts)), random_(random), browsing_(parts_.shows), list_(parts_.index, parts_.wake) {}

Result<void> Browser::ask(Instant now, const Contact& peer, std::uint32_t place, OnPage on_page) {
  const bool has_address = peer.endpoint.port != 0;
  const auto known = has_address ? parts_.book.intern(peer, kNoPeer) : parts_.book.find(peer.key);
  if (!known) return fail(ErrorCode::kNotFound, "nothing is known of this peer but its key: name it as earshot://KEY@ADDRESS:PORT");
  Asked asked;
  asked.holder = *known;
  asked.on_page = std::move(on_page);
  overlay::Browse question;
  question.id = {random_.next(), random_.next()};
  question.place = place;
  question.reply_key = asked.reply.key().bytes;
  if (!browsing_.ask(now, question.id, *known)) {
    return fail(ErrorCode::kExhausted, "{} shares are being browsed: wait for a page", overlay::Browsing::kMostOpen);
  }
  asked_.emplace(question.id, std::move(asked));
  parts_.send(*known, overlay::wire::encode(question));
  return {};
}

void Browser::take(Instant now, PeerId from, const overlay::Browse& question) {
  switch (browsing_.judge(now)) {
    case overlay::Browsing::Answer::kNothing:
      return;
    case overlay::Browsing::Answer::kNotShown: {
      overlay::Shelf shelf;
      shelf.id = question.id;
      shelf.hidden = true;
      return parts_.send(from, overlay::wire::encode(shelf));
    }
    case overlay::Browsing::Answer::kPage:
      (void)list_.submit(from, question);  // full: who asked asks again
  }
}

void Browser::answer(const ShareList::Page& page) {
  std::vector<Hit> hits;
  for (const Track& track : page.tracks) hits.push_back({track, parts_.self, 0});
  hits.resize(overlay::net::hits_in_box(hits));
  overlay::Shelf shelf;
  shelf.id = page.question.id;
  shelf.shared = page.shared;
  shelf.next = hits.size() == page.tracks.size() ? page.end : page.places[hits.size()];
  if (!hits.empty()) {
    auto box = overlay::net::seal_hits(parts_.identity, page.question.reply_key, hits, parts_.book);
    if (!box) return;  // nobody could open it, or nobody can dial us
    shelf.box = std::move(*box);
  }
  parts_.send(page.asker, overlay::wire::encode(shelf));
}

void Browser::take(PeerId from, const overlay::Shelf& shelf) {
  if (!browsing_.takes(from, shelf)) return;
  end(shelf.id, opened(asked_.at(shelf.id), shelf));
}

Result<SharePage> Browser::opened(const Asked& asked, const overlay::Shelf& shelf) {
  if (shelf.hidden) return fail(ErrorCode::kDenied, "this peer does not show what it shares");
  SharePage page;
  page.shared = shelf.shared;
  page.next = shelf.next;
  if (const auto contact = parts_.book.contact_of(asked.holder)) page.holder = *contact;
  if (shelf.box == nullptr) return page;
  auto hits = overlay::net::open_hits(asked.reply, *shelf.box, asked.holder, parts_.book);
  if (!hits) return tl::unexpected(std::move(hits.error()));
  for (Hit& hit : *hits) {
    if (hit.holder != asked.holder) return fail(ErrorCode::kInvalid, "the page is another peer's");
    page.tracks.push_back(std::move(hit.track));
  }
  return page;
}

void Browser::lost(PeerId peer) {
  for (const QueryId& id : browsing_.lost(peer)) end(id, fail(ErrorCode::kUnreachable, "the peer cannot be reached"));
}

void Browser::tick(Instant now) {
  for (const ShareList::Page& page : list_.take_pages()) answer(page);
  for (const QueryId& id : browsing_.expired(now)) end(id, fail(ErrorCode::kTimedOut, "the peer did not answer: it is away, busy or of an older version"));
}

void Browser::end(const QueryId& id, Result<SharePage> page) {
  const auto asked = asked_.extract(id);
  if (!asked.empty()) asked.mapped().on_page(std::move(page));
}

void Browser::stop() {
  while (!asked_.empty()) end(asked_.begin()->first, fail(ErrorCode::kStopped, "the node ends"));
}

}  // namespace earshot::node
