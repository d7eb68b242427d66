// Chunks and their proofs: what is taken, what waits for its proof, what gets its sender banned.
#include <algorithm>

#include "schema/defence.h"
#include "stream/ppspp/swarm.h"

namespace earshot::stream::ppspp {

/// Every chunk but the last is of full size. Which one is last, the smallest claim says.
bool Swarm::fits(const Channel& channel, std::uint64_t chunk, std::size_t size) const {
  if (size == config_.chunk_size) return true;
  if (tree_) return chunk + 1 == chunk_count();
  return channel.claim.settled() && chunk + 1 == channel.claim.chunk_count();
}

Verdict Swarm::judge(Channel& channel, std::uint64_t chunk, const Digest32& leaf, std::size_t size, Outbox& out) {
  if (tree_ && !stands(Defence::kChunkCheck)) return Verdict::kVerified;
  if (tree_) return chunk < chunk_count() ? tree_->admit(chunk, leaf, channel.hints) : Verdict::kUnprovable;
  // No chunk has verified yet: this one is judged by its sender's claim, and proves the claim if it verifies.
  if (!channel.claim.settled() || chunk >= channel.claim.chunk_count()) return Verdict::kUnprovable;
  if (size == 2 * format_.hash_size) return channel.claim.chunk_count() == 1 ? Verdict::kForged : Verdict::kUnprovable;
  const Verdict verdict = climb_to_peak(channel.claim.peaks(), chunk, leaf, channel.hints, config_.hash);
  if (verdict != Verdict::kVerified) return verdict;
  tree_.emplace(root_, channel.claim.peaks(), config_.hash);
  announce_size(out);
  return tree_->admit(chunk, leaf, channel.hints);
}

void Swarm::announce_size(Outbox& out) {
  picker_.know_length(chunk_count());
  out.effects.push_back(Sized{chunk_count(), size_, {tree_->peaks().begin(), tree_->peaks().end()}});
}

void Swarm::accept(Channel& channel, std::uint64_t chunk, ByteView bytes, Outbox& out) {
  const ChunkRange one{chunk, chunk + 1};
  verified_.insert(one);
  picker_.claim(one);
  doubled_.erase(one);
  channel.to_acknowledge.insert(one);
  channel.has.insert(one, Channel::kMaxRuns);
  channel.bytes_verified += bytes.size();
  if (Record* kept = record(channel.endpoint)) kept->bytes += bytes.size();
  news_.insert(one);
  learned_ = learned_ || !stash_.empty();
  for (const auto& other : channels_) {
    if (other.get() == &channel || other->download.outstanding() == 0) continue;
    if (other->download.drop(one) > 0) other->to_cancel.insert(one);
  }
  out.effects.push_back(Keep{chunk, bytes});
  if (chunk + 1 == chunk_count()) {
    size_ = chunk * config_.chunk_size + bytes.size();
    announce_size(out);
  }
  const std::uint64_t page = chunk / kPageChunks;
  const ChunkRange under_page = intersection({page * kPageChunks, (page + 1) * kPageChunks}, {0, chunk_count()});
  if (page < tree_->shape().low_pages() && verified_.contains_all(under_page)) {
    if (auto full = tree_->release_page(page)) {
      out.effects.push_back(KeepPage{page, full.get()});
      retired_.push_back(std::move(full));
    }
  }
}

void Swarm::retry_stash(Instant now, Outbox& out) {
  while (learned_) {
    learned_ = false;
    for (std::size_t i = 0; i < stash_.size();) {
      Channel* channel = find(stash_[i].channel);
      const Stashed& waiting = stash_[i];
      auto verdict = Verdict::kUnprovable;
      const bool settled = verified_.contains(waiting.chunk);
      if (channel != nullptr && !settled && fits(*channel, waiting.chunk, waiting.bytes.size())) {
        verdict = judge(*channel, waiting.chunk, waiting.leaf, waiting.bytes.size(), out);
      }
      if (!settled && verdict == Verdict::kUnprovable) {
        ++i;
        continue;
      }
      const Stashed taken = std::move(stash_[i]);
      stash_.erase(stash_.begin() + static_cast<std::ptrdiff_t>(i));
      if (verdict == Verdict::kVerified) {
        spent_.push_back(taken.bytes);
        accept(*channel, taken.chunk, spent_.back(), out);
      } else if (verdict == Verdict::kForged) {
        ++counters_.forged;
        picker_.release({taken.chunk, taken.chunk + 1});
        ban(now, *channel, fmt::format("chunk {} failed verification", taken.chunk), out);
        i = 0;
      }
    }
  }
}

}  // namespace earshot::stream::ppspp
