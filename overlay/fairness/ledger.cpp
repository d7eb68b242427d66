// Accounts of links.
#include "overlay/fairness/ledger.h"

#include <algorithm>
#include <cstdlib>

#include "schema/defence.h"

namespace earshot::overlay {

namespace {

struct Rule {
  std::string_view name;
  std::int32_t points;  // hundredths
  std::int32_t worst;   // it brings nobody below this
};

// A hundred frames that are none would be forgiven in ten minutes each; five within a minute are no accident.
constexpr std::array<Rule, kDeeds> kRules = {{
    {"useful", 100, Ledger::kBanned},
    {"over-rate", -1, Ledger::kWorstByRate},
    {"flooding", -6'000, 2 * Ledger::kBanned},
    {"impossible", -500, 2 * Ledger::kBanned},
    {"unasked", -20, 2 * Ledger::kBanned},
    {"bad-box", -50, Ledger::kWorstByRate},
    {"malformed", -2'200, 2 * Ledger::kBanned},
}};

const Rule& rule_of(Deed deed) { return kRules[static_cast<std::size_t>(deed)]; }

/// Brings a score towards 0 for every whole minute since the account was touched.
std::int32_t forgiven(std::int32_t score, Duration quiet) {
  const auto minutes = std::min<std::int64_t>(quiet / 1min, 100);
  const auto back = static_cast<std::int32_t>(minutes * Ledger::kForgiven);
  return score > 0 ? std::max(score - back, 0) : std::min(score + back, 0);
}

}  // namespace

std::string_view to_string(Deed deed) { return rule_of(deed).name; }

bool Ledger::admits_query(Instant now, PeerId from, std::uint32_t per_second) {
  return take(now, from, &Account::queries_until, per_second);
}

bool Ledger::admits_box(Instant now, PeerId from, const QueryId& id) {
  const std::uint64_t key = id.high ^ (std::uint64_t{to_number(from)} + 1) * 0x9E3779B97F4A7C15u;
  Count& count = counts_[key % kCounts];
  if (count.key != key) count = {key, 0};
  if (count.boxes == kBoxesPerQuery) {
    note(now, from, Deed::kOverRate);
    return false;
  }
  ++count.boxes;
  return take(now, from, &Account::boxes_until, kBoxesPerSecond);
}

bool Ledger::take(Instant now, PeerId from, Instant Account::*until, std::uint32_t per_second) {
  Account& account = open(now, from);
  const Duration one = Duration(1s) / per_second;
  if (!stands(Defence::kQueryRate) || account.*until - now <= one * (per_second * kBurstSeconds)) {
    account.*until = std::max(account.*until, now) + one;
    return true;
  }
  note(now, from, Deed::kOverRate);
  if (now - account.second >= 1s) {
    account.second = now;
    account.dropped = 0;
  }
  if (++account.dropped == kFloodPerSecond) note(now, from, Deed::kFlooding);
  return false;
}

void Ledger::note(Instant now, PeerId who, Deed deed) {
  Account& account = open(now, who);
  ++account.deeds[static_cast<std::size_t>(deed)];
  const Rule& rule = rule_of(deed);
  if (account.score <= rule.worst && rule.points < 0) return;
  account.score = std::clamp(account.score + rule.points, rule.worst, kBest);
}

std::optional<Deed> Ledger::due_for_ban(PeerId who) {
  const auto found = accounts_.find(who);
  if (found == accounts_.end() || found->second.score > kBanned) return std::nullopt;
  std::size_t worst = 1;
  for (std::size_t i = 1; i < kDeeds; ++i) {
    const auto cost = [&](std::size_t deed) { return std::int64_t{found->second.deeds[deed]} * kRules[deed].points; };
    if (static_cast<Deed>(i) != Deed::kOverRate && cost(i) < cost(worst)) worst = i;
  }
  if (found->second.deeds[static_cast<std::size_t>(Deed::kFlooding)] > 0) worst = static_cast<std::size_t>(Deed::kFlooding);
  accounts_.erase(found);
  return static_cast<Deed>(worst);
}

std::optional<Ledger::Account> Ledger::account_of(Instant now, PeerId who) const {
  const auto found = accounts_.find(who);
  if (found == accounts_.end()) return std::nullopt;
  Account account = found->second;
  account.score = forgiven(account.score, now - account.touched);
  return account;
}

Ledger::Account& Ledger::open(Instant now, PeerId who) {
  const auto found = accounts_.find(who);
  if (found == accounts_.end()) {
    if (accounts_.size() >= capacity_) make_room();
    Account& account = accounts_[who];
    account.touched = account.second = now;
    return account;
  }
  Account& account = found->second;
  const Duration quiet = now - account.touched;
  if (quiet >= 1min) {
    account.score = forgiven(account.score, quiet);
    account.touched += quiet / 1min * Duration(1min);
  }
  return account;
}

void Ledger::make_room() {
  const auto matters_less = [](const auto& a, const auto& b) {
    const std::int32_t first = std::abs(a.second.score), second = std::abs(b.second.score);
    return first != second ? first < second : a.second.touched < b.second.touched;
  };
  accounts_.erase(std::min_element(accounts_.begin(), accounts_.end(), matters_less));
}

}  // namespace earshot::overlay
