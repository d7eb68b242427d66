// Effects carried out, readers served.
#include "stream/ppspp/engine/content.h"

#include <algorithm>
#include <chrono>

namespace earshot::stream::ppspp {

Content::Content(std::unique_ptr<ChunkStore> store, bool shared) : shared_(shared), store_(std::move(store)) {
  const Possession& possession = store_->possession();
  readable_ = possession.verified;
  size_ = possession.size;
  chunk_count_ = possession.peaks.empty() ? 0 : possession.peaks.back().bin.chunks().end;
  named_ = shared || (chunk_count_ > 0 && readable_.size() == chunk_count_);
}

void Content::start(ChannelIds& ids, Allowance& allowance, const SwarmConfig& config) {
  swarm_ = std::make_unique<Swarm>(store_->root(), config, ids, &allowance);
  if (!store_->possession().peaks.empty()) swarm_->restore(store_->possession());
  store_->forget_possession();
}

void Content::stop(Instant now, Ways& ways) {
  if (!swarm_) return;
  swarm_->leave(now, out_);
  swarm_->checkpoint(out_);
  carry_out(now, ways);
  checked(store_->flush());
  swarm_.reset();
}

void Content::receive(Instant now, const net::Incoming& datagram, Ways& ways) {
  if (!swarm_) return;
  swarm_->receive(now, datagram.from, datagram.bytes, out_);
  carry_out(now, ways);
}

void Content::add_peers(Instant now, std::span<const Endpoint> peers, Ways& ways) {
  if (!swarm_) return;
  for (const bool links : {false, true}) {  // who is reached by UDP comes first
    for (const Endpoint& peer : peers) {
      if (relay::is_link(peer) == links) swarm_->add_peer(now, peer, out_);
    }
  }
  carry_out(now, ways);
}

void Content::want(Instant now, const void* stream, std::span<const Wish> wishes, Rest rest, Ways& ways) {
  constexpr std::uint64_t kEnd = kMaxChunks * ChunkStore::kChunkSize;
  Demand& demand = demands_[stream];
  demand = {{}, rest};
  for (const Wish& wish : wishes) {
    const std::uint64_t first = std::min(wish.range.first, kEnd);
    const std::uint64_t end = first + std::min(wish.range.size, kEnd - first);
    const ChunkRange chunks{first / ChunkStore::kChunkSize, (end + ChunkStore::kChunkSize - 1) / ChunkStore::kChunkSize};
    demand.wishes.push_back({chunks, now + wish.within, wish.from_end});
  }
  apply_wishes(now, ways);
}

void Content::want_no_more(Instant now, const void* stream, Ways& ways) {
  if (demands_.erase(stream) > 0) apply_wishes(now, ways);
}

void Content::apply_wishes(Instant now, Ways& ways) {
  if (!swarm_) return;
  std::vector<ChunkWish> wishes;
  Rest rest = demands_.empty() ? Rest::kFetch : Rest::kLeave;
  for (const auto& [stream, demand] : demands_) {
    wishes.insert(wishes.end(), demand.wishes.begin(), demand.wishes.end());
    if (demand.rest == Rest::kFetch) rest = Rest::kFetch;
  }
  swarm_->want(now, std::move(wishes), rest, out_);
  carry_out(now, ways);
}

void Content::settle(Instant now, Ways& ways) {
  if (!swarm_) return;
  if (now >= swarm_->next_deadline()) {
    swarm_->tick(now, out_);
    touched_ = true;
  }
  if (!touched_) return;
  carry_out(now, ways);
  touched_ = false;
  checked(store_->flush());
  if (is_broken()) return stop(now, ways);
  if (!named_ && swarm_->is_complete()) {
    swarm_->checkpoint(out_);
    carry_out(now, ways);
    checked(store_->complete());
    named_ = true;
  }
  if (!is_broken()) publish();
}

void Content::carry_out(Instant now, Ways& ways) {
  touched_ = true;
  struct Visitor {
    Content& content;
    Instant now;
    void operator()(const Send& send) { content.outgoing_.push_back({send.to, send.offset, send.size}); }
    void operator()(const Load& load) { content.carry_out(now, load); }
    void operator()(const Sized& sized) { content.checked(content.store_->sized(sized)); }
    void operator()(const Keep& keep) { content.checked(content.store_->keep(keep.chunk, keep.bytes)); }
    void operator()(const KeepPage& keep) {
      if (content.page_read_ == keep.index) content.page_read_.reset();
      content.checked(content.store_->keep_page(keep.index, *keep.page));
    }
  };
  // A Load adds Sends behind itself, so the list grows while it is gone through.
  for (std::size_t i = 0; i < out_.effects.size(); ++i) {
    const Effect effect = out_.effects[i];
    std::visit(Visitor{*this, now}, effect);
  }
  ways.send(now, outgoing_, out_.arena);
  outgoing_.clear();
  out_.clear();
}

void Content::carry_out(Instant now, const Load& load) {
  checked(store_->flush());
  Loaded loaded;
  chunks_.resize(load.chunks.size() * ChunkStore::kChunkSize);
  const auto got = store_->read(load.chunks.begin * ChunkStore::kChunkSize, chunks_);
  if (!got) {
    checked(tl::unexpected<Error>(got.error()));
    swarm_->loaded(now, load, loaded, out_);
    return;
  }
  loaded.bytes = ByteView(chunks_).first(*got);
  // A page serves several batches.
  const std::uint64_t index = load.chunks.begin / kPageChunks;
  if (page_read_ != index) {
    auto page = store_->page(index);
    page_read_.reset();
    if (page) page_read_ = index;
    if (page) page_ = std::move(*page);
  }
  if (page_read_) loaded.page = &page_;
  swarm_->loaded(now, load, loaded, out_);
}

void Content::checked(Result<void> result) {
  if (result) return;
  const std::lock_guard lock(mutex_);
  if (!failed_) failed_ = std::move(result.error());
  changed_.notify_all();
}

void Content::publish() {
  const std::lock_guard lock(mutex_);
  answered_ = swarm_->was_answered();
  const auto& records = swarm_->records();
  const bool same = readable_.size() == swarm_->verified().size() && size_ == swarm_->size() && sources_.size() == records.size();
  if (same && bans_ == swarm_->counters().bans) return;
  bans_ = swarm_->counters().bans;
  readable_ = swarm_->verified();
  size_ = swarm_->size();
  chunk_count_ = swarm_->chunk_count();
  sources_.clear();
  for (const auto& [endpoint, record] : records) {
    sources_.push_back({endpoint, record.bytes, !record.banned.empty()});
  }
  changed_.notify_all();
}

Result<std::size_t> Content::read(std::uint64_t offset, std::span<std::uint8_t> into, Duration patience) {
  if (into.empty()) return std::size_t{0};
  const std::uint64_t chunk = offset / ChunkStore::kChunkSize;
  std::uint64_t end = 0;
  {
    std::unique_lock lock(mutex_);
    const auto past_end = [&] { return size_ != 0 && offset >= size_; };
    const auto ready = [&] { return readable_.contains(chunk) || past_end() || failed_ || closed_; };
    if (!changed_.wait_for(lock, patience, ready)) {
      if (answered_) return fail(ErrorCode::kTimedOut, "no byte {} of {} in time", offset, to_hex(root()));
      return fail(ErrorCode::kUnreachable, "no provider of {} answers", to_hex(root()));
    }
    if (past_end()) return std::size_t{0};
    if (failed_ && !readable_.contains(chunk)) return tl::unexpected<Error>(*failed_);
    if (closed_) return fail(ErrorCode::kStopped, "the engine is closed");
    end = readable_.around(chunk).end * ChunkStore::kChunkSize;
    if (size_ != 0) end = std::min(end, size_);
  }
  return store_->read(offset, into.first(std::min<std::uint64_t>(into.size(), end - offset)));
}

Status Content::status() const {
  const std::lock_guard lock(mutex_);
  Status status;
  status.size = size_;
  status.verified = readable_.size() * ChunkStore::kChunkSize;
  if (chunk_count_ > 0 && size_ > 0 && readable_.contains(chunk_count_ - 1)) {
    status.verified -= chunk_count_ * ChunkStore::kChunkSize - size_;
  }
  status.complete = chunk_count_ > 0 && readable_.size() == chunk_count_;
  status.sources = sources_;
  status.file = store_->file();
  return status;
}

bool Content::is_complete() const {
  const std::lock_guard lock(mutex_);
  return chunk_count_ > 0 && readable_.size() == chunk_count_;
}

bool Content::is_broken() const {
  const std::lock_guard lock(mutex_);
  return failed_.has_value();
}

void Content::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace earshot::stream::ppspp
