// Deny list and token buckets.
#include "overlay/net/gate.h"

#include <algorithm>
#include <cstring>

#include "schema/defence.h"

namespace earshot::overlay::net {

Gate::Verdict Gate::admit(Instant now, std::string_view mechanism, ByteView credentials, const Endpoint& address) {
  if (mechanism != "CURVE") return Verdict::kNoCurve;
  NodeKey key;
  if (credentials.size() != key.bytes.size()) return Verdict::kBadKey;
  std::memcpy(key.bytes.data(), credentials.data(), credentials.size());
  if (key == NodeKey{}) return Verdict::kBadKey;
  if (is_denied(now, key) || reach_of({address.address, /*port=*/1}) > farthest_) return Verdict::kDenied;
  return address.is_loopback() || spend(now, address) ? Verdict::kWelcome : Verdict::kTooFast;
}

bool Gate::spend(Instant now, const Endpoint& address) {
  const std::size_t prefix = address.is_v4() ? 15 : 6;  // ::ffff:a.b.c or six bytes of IPv6
  Bucket& bucket = buckets_[siphash(hash_key_, ByteView(address.address).first(prefix)) % kBuckets];
  const std::int64_t grown = (now - bucket.counted) / 1ms * kRate / 1000;
  if (grown > 0) {
    bucket.spent = std::max<std::int64_t>(0, bucket.spent - grown);
    bucket.counted = now;
  }
  if (stands(Defence::kHandshakeRate) && bucket.spent >= kBurst) return false;
  ++bucket.spent;
  return true;
}

void Gate::deny(const NodeKey& key, Instant until) {
  if (denied_.size() >= kMaxDenied && !denied_.contains(key)) {
    const auto sooner = [](const auto& a, const auto& b) { return a.second < b.second; };
    denied_.erase(std::min_element(denied_.begin(), denied_.end(), sooner));
  }
  denied_[key] = until;
}

bool Gate::is_denied(Instant now, const NodeKey& key) const {
  const auto place = denied_.find(key);
  return place != denied_.end() && now < place->second;
}

std::string_view to_string(Gate::Verdict verdict) {
  constexpr std::array<std::string_view, 5> kWords = {"welcome", "no-curve", "bad-key", "denied", "too-fast"};
  return kWords[static_cast<std::size_t>(verdict)];
}

}  // namespace earshot::overlay::net
