// Links are given endpoints that exist nowhere else, so that the swarm can tell its neighbors apart.
#include "stream/munro/munro.h"

#include <algorithm>
#include <vector>

namespace earshot::stream::munro {

namespace {

/// In fd00::/8, which no network routes; the port is the link.
Endpoint endpoint_of(LinkId link) {
  Endpoint endpoint;
  endpoint.address[0] = 0xfd;
  endpoint.port = static_cast<std::uint16_t>(link);
  return endpoint;
}

/// Nobody else could reach the endpoint of a link, so none is told of.
ppspp::LiveConfig without_addresses(ppspp::LiveConfig config) {
  config.pex = ppspp::Pex::kOff;
  return config;
}

}  // namespace

Munro::Munro(ppspp::LiveKey key, const ppspp::LiveConfig& config, bool appends, ppspp::LiveSwarm swarm)
    : key_(std::move(key)), config_(config), appends_(appends), swarm_(std::move(swarm)) {}

Munro::Munro(ppspp::LiveSigner signer, const ppspp::LiveConfig& config, Random random)
    : Munro(signer.key(), config, /*appends=*/true, ppspp::LiveSwarm(signer, without_addresses(config), random)) {}

Munro::Munro(ppspp::LiveKey key, const ppspp::LiveConfig& config, Random random)
    : Munro(key, config, /*appends=*/false, ppspp::LiveSwarm(key, without_addresses(config), random)) {}

Munro::~Munro() {
  for (const auto& [index, answer] : waiting_) answer(fail(ErrorCode::kStopped, "the stream was closed before block {} came", index));
}

Result<LinkId> Munro::connect(Instant now, Side side, Carry carry) {
  if (links_.size() >= kMaxLinks) return fail(ErrorCode::kExhausted, "{} links are open", links_.size());
  while (next_link_ == 0 || links_.contains(LinkId{next_link_})) ++next_link_;
  const LinkId link{next_link_++};
  links_.emplace(link, std::move(carry));
  if (side == Side::kDials) swarm_.add_peer(now, endpoint_of(link), out_);
  settle();
  return link;
}

void Munro::disconnect(LinkId link) { links_.erase(link); }

void Munro::receive(Instant now, LinkId from, ByteView message) {
  if (!links_.contains(from) || message.size() > kMaxMessage) return;
  swarm_.receive(now, endpoint_of(from), message, out_);
  settle();
}

Result<void> Munro::append(Instant now, ByteView bytes) {
  if (!appends_) return fail(ErrorCode::kDenied, "only who has the key's secret half can append to this stream");
  swarm_.append(now, bytes, out_);
  settle();
  return {};
}

Result<void> Munro::end(Instant now) {
  if (!appends_) return fail(ErrorCode::kDenied, "only who has the key's secret half can end this stream");
  swarm_.end(now, out_);
  settle();
  return {};
}

void Munro::tick(Instant now) {
  swarm_.tick(now, out_);
  settle();
}

void Munro::get(std::uint64_t index, Answer answer) {
  if (waiting_.size() >= kMaxWaiting) return answer(fail(ErrorCode::kExhausted, "{} gets wait already", waiting_.size()));
  waiting_.emplace(index, std::move(answer));
  settle();
}

std::uint64_t Munro::window_begin() const { return size() - std::min(size(), config_.discard_window); }

bool Munro::is_gone(std::uint64_t index) const {
  if (!swarm_.verified().contains(index) && index < window_begin()) return true;
  return swarm_.tuned_in().has_value() && index < *swarm_.tuned_in();
}

/// Carries messages out, then answers who waited for what is here, or is gone. Answers may ask again.
void Munro::settle() {
  for (const ppspp::Effect& effect : out_.effects) {
    const auto& send = std::get<ppspp::Send>(effect);
    const auto link = links_.find(LinkId{send.to.port});
    if (link != links_.end()) link->second(ByteView(out_.arena).subspan(send.offset, send.size));
  }
  out_.clear();
  std::vector<std::pair<Answer, Result<Bytes>>> answers;
  for (auto at = waiting_.begin(); at != waiting_.end() && (at->first < size() || is_gone(at->first));) {
    const ByteView block = swarm_.get(at->first);
    if (!block.empty()) {
      answers.emplace_back(std::move(at->second), Bytes(block.begin(), block.end()));
    } else if (is_gone(at->first)) {
      answers.emplace_back(std::move(at->second), fail(ErrorCode::kNotFound, "block {} is no longer kept", at->first));
    } else {
      ++at;
      continue;
    }
    at = waiting_.erase(at);
  }
  for (auto& [answer, block] : answers) answer(std::move(block));
}

std::size_t Munro::Reader::read(std::span<std::uint8_t> into) {
  const auto from = munro_->swarm_.tuned_in();
  if (!from) return 0;
  const std::uint64_t oldest = std::max(*from, munro_->window_begin());
  if (block_ < oldest) {
    block_ = oldest;
    offset_ = 0;
  }
  const ByteView rest = munro_->swarm_.get(block_);
  if (rest.empty()) return 0;
  const std::size_t size = std::min(into.size(), rest.size() - offset_);
  std::copy_n(rest.begin() + static_cast<std::ptrdiff_t>(offset_), size, into.begin());
  offset_ += size;
  if (offset_ == rest.size()) {
    ++block_;
    offset_ = 0;
  }
  return size;
}

}  // namespace earshot::stream::munro
