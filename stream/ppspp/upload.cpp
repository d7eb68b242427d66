// Requests in, batches of proven chunks out.
#include "stream/ppspp/upload.h"

#include <algorithm>

#include "schema/check.h"

namespace earshot::stream::ppspp {

namespace {

/// Batches that must be acknowledged after one until the one counts as lost: three, as TCP counts duplicates.
constexpr std::size_t kOvertaken = 3;

/// Ranges that the set of assumed chunks may fall into; 512 x 16 bytes. Full: forgetting only costs hashes.
constexpr std::size_t kMaxAssumedRuns = 512;

/// On a shorter path timers are coarser than the steps would be.
constexpr Duration kPacedRoundTrip = 10ms;
constexpr std::uint64_t kStepsOfWindow = 16;
constexpr std::uint64_t kLeastStep = 4;

/// Chunks of a batch that bring all of their proof on a path that loses: both are gone once in a hundred at a tenth of loss.
constexpr std::uint64_t kSureChunks = 2;

}  // namespace

void Upload::request(Instant now, ChunkRange chunks, const ChunkSet& has) {
  ChunkRange rest = chunks;
  std::uint64_t lost = 0;
  while (!rest.empty()) {
    const ChunkRange gap = queued_.first_gap(rest);
    if (gap.empty() || queue_.size() >= kMaxQueuedRuns) break;
    rest.begin = gap.end;
    // What was sent before and is not there did not arrive, or arrived without its proof.
    for (ChunkRange look = gap; !look.empty();) {
      const ChunkRange repeated = assumed_.first_run(look);
      if (repeated.empty()) break;
      look.begin = repeated.end;
      if (!has.contains_all(repeated)) again_.insert(repeated, kMaxAssumedRuns);
      lost += in_flight_.erase(repeated);
    }
    queue_.push_back(gap);
    queued_.insert(gap);
  }
  if (lost > 0) ledbat_.lost(now, lost, round_trip_.smoothed());
  forget_landed();
}

void Upload::forget_landed() {
  while (!flights_.empty() && !in_flight_.contains_any(flights_.front().chunks)) flights_.pop_front();
}

void Upload::cancel(ChunkRange chunks) {
  if (queued_.erase(chunks) == 0) return;
  std::deque<ChunkRange> kept;
  for (const ChunkRange& run : queue_) {
    const ChunkRange before{run.begin, std::min(run.end, chunks.begin)};
    const ChunkRange after{std::max(run.begin, chunks.end), run.end};
    if (!before.empty()) kept.push_back(before);
    if (!after.empty()) kept.push_back(after);
  }
  queue_ = std::move(kept);
}

void Upload::acknowledged(Instant now, ChunkRange chunks, std::optional<std::uint64_t> sample_us) {
  cancel(chunks);
  again_.erase(chunks);
  if (sample_us) round_trip_.answered();
  const std::uint64_t newly = in_flight_.erase(chunks);
  if (newly == 0) return;
  if (sample_us) peaks_known_ = true;
  ledbat_.acknowledged(now, newly, sample_us);
  std::size_t newest = 0;
  for (std::size_t i = flights_.size(); i > 0; --i) {
    Flight& flight = flights_[i - 1];
    if (intersection(flight.chunks, chunks).empty() || flight.sampled) continue;
    flight.sampled = true;
    round_trip_.sample(now - flight.sent);
    newest = i - 1;
    break;
  }
  find_lost(now, newest);
  forget_landed();
}

/// Overtaken by three batches, or by one that left a quarter of a round trip later (as TCP's RACK, RFC 8985).
void Upload::find_lost(Instant now, std::size_t newest_acknowledged) {
  std::uint64_t lost = 0;
  const Instant newest = flights_[newest_acknowledged].sent;
  for (std::size_t i = 0; i < newest_acknowledged; ++i) {
    const bool overtaken = i + kOvertaken <= newest_acknowledged || newest - flights_[i].sent >= round_trip_.smoothed() / 4;
    if (!overtaken || now - flights_[i].sent < round_trip_.longest()) break;
    const std::uint64_t gone = in_flight_.erase(flights_[i].chunks);
    if (gone == 0) continue;
    assumed_.erase(flights_[i].chunks);
    lost += gone;
  }
  if (lost > 0) ledbat_.lost(now, lost, round_trip_.smoothed());
}

std::optional<ChunkRange> Upload::next(Instant now, const ChunkSet& ours, std::uint64_t allowed) {
  if (now < paced_until_) return std::nullopt;
  while (!queue_.empty()) {
    ChunkRange& front = queue_.front();
    ChunkRange run = ours.first_run(front);
    if (run.empty()) {
      // Asked for what we do not have: no answer is the answer.
      queued_.erase(front);
      queue_.pop_front();
      continue;
    }
    run.end = std::min(run.end, (run.begin / kPageChunks + 1) * kPageChunks);
    const std::uint64_t window = ledbat_.window();
    const std::uint64_t under_way = in_flight_.size();
    const std::uint64_t room = window > under_way ? window - under_way : 0;
    // Small batches cost a system call each: wait until a quarter of the window is free.
    if (room < std::min({run.size(), kMaxBatch, window / 4})) return std::nullopt;
    run.end = std::min({run.end, run.begin + room, run.begin + kMaxBatch, run.begin + allowed});
    const Duration rtt = round_trip_.smoothed();
    if (rtt >= kPacedRoundTrip) {
      run.end = std::min(run.end, run.begin + std::max(window / kStepsOfWindow, kLeastStep));
      paced_until_ = now + rtt * static_cast<std::int64_t>(run.size() * 4) / static_cast<std::int64_t>(window * 5);
    }
    queued_.erase({front.begin, run.end});
    front.begin = run.end;
    if (front.empty()) queue_.pop_front();
    in_flight_.insert(run);
    flights_.push_back({run, now});
    return run;
  }
  return std::nullopt;
}

std::optional<std::vector<Node>> Upload::proof(std::uint64_t chunk, const HashTree& tree, const TreePage* low,
                                               const ChunkSet& has, bool optimistic) const {
  std::vector<Node> uncles;
  for (Bin bin = Bin::leaf(chunk); !tree.shape().is_peak(bin); bin = bin.parent()) {
    const ChunkRange under_parent = bin.parent().chunks();
    if (has.contains_any(under_parent) || (optimistic && assumed_.contains_any(under_parent))) break;
    const auto hash = tree.known(bin.sibling(), low);
    if (!hash) return std::nullopt;
    uncles.push_back({bin.sibling(), *hash});
  }
  std::reverse(uncles.begin(), uncles.end());
  return uncles;
}

void Upload::compose(Instant now, ChunkRange chunks, ByteView bytes, const HashTree& tree, const TreePage* low,
                     const ChunkSet& has, const Destination& to, Outbox& out) {
  std::optional<DatagramWriter> writer;
  const auto finish = [&] {
    if (writer && !writer->is_keep_alive()) out.effects.push_back(Send{to.endpoint, writer->begin(), writer->size()});
    writer.reset();
  };
  const auto add = [&](const Message& message) {
    if (!writer) writer.emplace(out.arena, to.channel, to.format, kMaxDatagram);
    if (writer->add(message)) return;
    finish();
    writer.emplace(out.arena, to.channel, to.format, kMaxDatagram);
    EARSHOT_CHECK(writer->add(message));
  };
  const auto add_hashes = [&](std::span<const Node> nodes) {
    for (const Node& node : nodes) add(IntegrityHash{node.bin.chunks(), ByteView(node.hash).first(to.format.hash_size)});
  };
  const std::size_t chunk_size = to.format.chunk_size;
  const auto add_chunk = [&](std::uint64_t chunk) {
    const std::size_t offset = (chunk - chunks.begin) * chunk_size;
    add(Data{{chunk, chunk + 1}, microseconds(now), bytes.subspan(offset, std::min(chunk_size, bytes.size() - offset))});
    finish();
  };

  if (!peaks_known_) add_hashes(tree.peaks());
  const bool bundled = ledbat_.is_clean() && chunks.size() > 1 && round_trip_.smoothed() < kPacedRoundTrip;
  std::vector<Node> bundle;
  std::vector<std::uint64_t> provable;
  for (std::uint64_t chunk = chunks.begin; chunk < chunks.end; ++chunk) {
    const bool sure = !bundled && chunk - chunks.begin < kSureChunks;
    const auto uncles = proof(chunk, tree, low, has, /*optimistic=*/!sure && !again_.contains(chunk));
    if (!uncles) continue;
    assumed_.insert({chunk, chunk + 1}, kMaxAssumedRuns);
    if (bundled) {
      bundle.insert(bundle.end(), uncles->begin(), uncles->end());
      provable.push_back(chunk);
    } else {
      add_hashes(*uncles);
      add_chunk(chunk);
    }
  }
  if (bundled) {
    std::stable_sort(bundle.begin(), bundle.end(),
                     [](const Node& a, const Node& b) { return a.bin.height() > b.bin.height(); });
    add_hashes(bundle);
    finish();
    for (const std::uint64_t chunk : provable) add_chunk(chunk);
  }
  again_.erase(chunks);
}

void Upload::tick(Instant now) {
  if (now < overdue_at()) return;
  in_flight_.clear();
  flights_.clear();
  assumed_.clear();
  ledbat_.timed_out();
  round_trip_.back_off();
}

Instant Upload::overdue_at() const {
  return flights_.empty() ? kNever : flights_.front().sent + 2 * round_trip_.timeout();
}

Instant Upload::next_deadline(Instant now) const {
  return !queue_.empty() && paced_until_ > now ? std::min(overdue_at(), paced_until_) : overdue_at();
}

}  // namespace earshot::stream::ppspp
