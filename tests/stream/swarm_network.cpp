// The loop and its faults.
#include "tests/stream/swarm_network.h"

#include <fmt/format.h>

namespace earshot::stream::ppspp {

SimulatedPeer::SimulatedPeer(std::uint64_t seed, Endpoint at, const Digest32& root, const SwarmConfig& config)
    : endpoint(at), ids(Random::stream(seed, at.port, 2)), swarm(root, config, ids, &allowance) {}

void SimulatedPeer::give_everything(const Published& published) { give(published, {{0, published.chunk_count()}}); }

void SimulatedPeer::give(const Published& published, const ChunkSet& which) {
  Possession possession;
  possession.peaks = published.peaks;
  possession.verified = which;
  if (which.contains(published.chunk_count() - 1)) possession.size = published.content.size();
  const TreeShape shape(published.chunk_count());
  for (const auto& [index, page] : published.pages) {
    pages[index] = page;
    const ChunkRange under{index * kPageChunks, std::min((index + 1) * kPageChunks, published.chunk_count())};
    const bool partial = index < shape.low_pages() && which.contains_any(under) && !which.contains_all(under);
    if (partial || index >= shape.low_pages()) possession.pages.emplace_back(index, page);
  }
  for (const ChunkRange& run : which.ranges()) {
    for (std::uint64_t chunk = run.begin; chunk < run.end; ++chunk) {
      const ByteView bytes = chunk_of(published.content, chunk);
      chunks[chunk] = Bytes(bytes.begin(), bytes.end());
    }
  }
  swarm.restore(possession);
}

Bytes SimulatedPeer::assembled() const {
  Bytes content;
  for (const auto& [chunk, bytes] : chunks) {
    if (chunk * 1024 != content.size()) return {};
    content.insert(content.end(), bytes.begin(), bytes.end());
  }
  return content;
}

SimulatedPeer& SwarmNetwork::add(const Digest32& root, const SwarmConfig& config) {
  return join(std::make_unique<SimulatedPeer>(seed_, next_endpoint(), root, config));
}

void SwarmNetwork::inject(SimulatedPeer& to, const Endpoint& from, ByteView datagram) {
  to.swarm.receive(now(), from, datagram, out_);
  carry_out(to);
}

void SwarmNetwork::carry_out(SimulatedPeer& peer) {
  for (std::size_t i = 0; i < out_.effects.size(); ++i) {
    const Effect effect = out_.effects[i];
    if (const auto* send = std::get_if<Send>(&effect)) {
      transmit(peer, send->to, ByteView(out_.arena).subspan(send->offset, send->size));
    } else if (const auto* load = std::get_if<Load>(&effect)) {
      Bytes bytes;
      for (std::uint64_t chunk = load->chunks.begin; chunk < load->chunks.end; ++chunk) {
        Bytes one = peer.chunks.at(chunk);
        if (peer.lie) peer.lie(chunk, one);
        bytes.insert(bytes.end(), one.begin(), one.end());
      }
      const auto page = peer.pages.find(load->chunks.begin / kPageChunks);
      peer.swarm.loaded(now(), *load, {bytes, page == peer.pages.end() ? nullptr : &page->second}, out_);
    } else if (const auto* keep = std::get_if<Keep>(&effect)) {
      peer.chunks[keep->chunk] = Bytes(keep->bytes.begin(), keep->bytes.end());
    } else if (const auto* page = std::get_if<KeepPage>(&effect)) {
      peer.pages[page->index] = *page->page;
    }
  }
  out_.clear();
}

void SwarmNetwork::transmit(const SimulatedPeer& from, const Endpoint& to, ByteView bytes) {
  if (on_send) on_send(from, to, bytes);
  bytes_sent += bytes.size();
  const impairment::Path path{.delay = faults_.delay, .jitter = faults_.jitter, .loss_percent = faults_.loss_percent,
                              .repeat_percent = faults_.repeat_percent, .bytes_per_second = faults_.bytes_per_second};
  auto& uplink = uplinks_.try_emplace(from.endpoint, path, seed_ * 65'536 + from.endpoint.port).first->second;
  for (const Instant arrival : uplink.arrivals(now(), bytes.size())) {
    send(from.endpoint, to, Bytes(bytes.begin(), bytes.end()), arrival - now());
  }
}

}  // namespace earshot::stream::ppspp
