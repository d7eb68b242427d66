// The address book and its file.
#include "overlay/net/address_book.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "overlay/net/disk_error.h"
#include "schema/check.h"

namespace earshot::overlay::net {

namespace {

constexpr std::string_view kBookHead = "earshot-address-book 1\n";
constexpr std::string_view kEnd = "end ";

/// A line has at most 5 + 1 + 10 + 64 + 1 + 47 + 1 bytes.
constexpr std::size_t kMaxFile = limits::kMaxContacts * 129 + 128;

constexpr Duration kFirstWait = 1s;
constexpr Duration kLongestWait = 60s;

/// Detects rot, not malice: whoever can write the file owns the node.
std::uint64_t checksum(std::string_view text) {
  return siphash({}, as_bytes(text));
}

template <class Number>
bool parse_number(std::string_view digits, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  return error == std::errc{} && end == digits.data() + digits.size();
}

/// Cuts `text` at the first `mark`; the mark itself is dropped.
std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t place = text.find(mark);
  const std::string_view head = text.substr(0, place);
  text.remove_prefix(place == std::string_view::npos ? text.size() : place + 1);
  return head;
}

std::optional<Contact> parse_line(std::string_view line) {
  std::uint16_t stream_port = 0;
  if (!parse_number(take_until(line, ' '), stream_port)) return std::nullopt;
  auto contact = contact_from(line);
  if (!contact) return std::nullopt;
  contact->stream_port = stream_port;
  return *contact;
}

}  // namespace

std::optional<std::uint64_t> public_group_of(const Endpoint& endpoint) {
  constexpr std::uint64_t kV6 = std::uint64_t{1} << 39;
  if (reach_of(endpoint) != Reach::kPublic) return std::nullopt;
  const auto& bytes = endpoint.address;
  const std::size_t at = endpoint.is_v4() ? 12 : 0;
  const std::uint64_t first = std::uint64_t{bytes[at]} << 8 | bytes[at + 1];
  return endpoint.is_v4() ? first : kV6 | first << 16 | std::uint64_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

Reach reach_of(const Endpoint& endpoint) {
  if (endpoint.port == 0 || endpoint.is_unspecified()) return Reach::kNowhere;
  if (endpoint.is_loopback()) return Reach::kMachine;
  const auto& bytes = endpoint.address;
  if (endpoint.is_v4()) {
    const std::uint8_t a = bytes[12], b = bytes[13];
    if (a == 0 || a >= 224) return Reach::kNowhere;  // "this network", multicast, reserved, broadcast
    const bool is_private = a == 10 || (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168) ||
                            (a == 169 && b == 254) || (a == 100 && b >= 64 && b < 128);
    return is_private ? Reach::kPrivate : Reach::kPublic;
  }
  if (bytes[0] == 0xff) return Reach::kNowhere;  // multicast
  const bool is_link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
  const bool is_unique_local = (bytes[0] & 0xfe) == 0xfc;
  return is_link_local || is_unique_local ? Reach::kPrivate : Reach::kPublic;
}

AddressBook::AddressBook(const Contact& self, SipKey hash_key, std::size_t capacity)
    : capacity_(std::max<std::size_t>(capacity, 2)), by_key_(16, KeyHash{hash_key}) {
  self_ = tell(self, Source::kOwn);
  keep(self_);
}

void AddressBook::set_self(const Contact& self) {
  Entry* entry = entry_of(self_);
  EARSHOT_CHECK(entry != nullptr && entry->contact.key == self.key);
  entry->contact = self;
}

std::optional<Contact> AddressBook::contact_of(PeerId peer) const {
  const Entry* entry = entry_of(peer);
  if (entry == nullptr) return std::nullopt;
  return entry->contact;
}

std::optional<PeerId> AddressBook::find(const NodeKey& key) const {
  const auto place = by_key_.find(key);
  if (place == by_key_.end()) return std::nullopt;
  return place->second->peer;
}

PeerId AddressBook::intern(const Contact& contact, PeerId told_by) {
  if (told_by == kNoPeer) return tell(contact, Source::kTold);
  Contact believed = contact;
  const Entry* teller = entry_of(told_by);
  const Reach claimed = reach_of(contact.endpoint);
  // A teller that cannot be dialled itself is judged like the public.
  const Reach allowed = teller == nullptr || reach_of(teller->contact.endpoint) == Reach::kNowhere
                            ? Reach::kPublic
                            : reach_of(teller->contact.endpoint);
  if (claimed == Reach::kNowhere || claimed < allowed) believed.endpoint = {};
  return tell(believed, Source::kHeard);
}

PeerId AddressBook::introduce(const Contact& claimed, const Endpoint& seen) {
  Contact contact = claimed;
  const Endpoint seen_here{seen.address, claimed.endpoint.port};
  if (reach_of(claimed.endpoint) < reach_of(seen_here)) contact.endpoint = seen_here;
  if (contact.endpoint.is_unspecified()) contact.endpoint = {};
  return tell(contact, Source::kOwn);
}

PeerId AddressBook::tell(Contact contact, Source source) {
  if (reach_of(contact.endpoint) > farthest_) contact.endpoint = {};
  if (const auto place = by_key_.find(contact.key); place != by_key_.end()) {
    Entry& entry = *place->second;
    entries_.splice(entries_.end(), entries_, place->second);
    if (entry.peer == self_) return self_;
    const bool undialable = entry.contact.endpoint.port == 0 && entry.source == Source::kHeard;
    const bool outworn = entry.is_doubtful && contact.endpoint != entry.contact.endpoint && contact.endpoint.port != 0;
    const std::uint16_t known_stream_port = entry.contact.stream_port;
    if (source != Source::kHeard || undialable || outworn) {
      entry.contact = contact;
      entry.source = source;
      entry.is_doubtful = false;
      entry.failures = 0;
      entry.not_before = {};
    }
    // A contact from the command line does not say where streams are served, hearsay of the same endpoint does.
    const bool same_place = contact.endpoint == entry.contact.endpoint;
    if (entry.source != Source::kOwn && same_place && entry.contact.stream_port == 0) {
      entry.contact.stream_port = contact.stream_port != 0 ? contact.stream_port : known_stream_port;
    }
    return entry.peer;
  }
  make_room();
  const PeerId peer = fresh_name();
  entries_.push_back({peer, contact, source, /*is_doubtful=*/false, 0, 0, {}});
  const auto place = std::prev(entries_.end());
  by_key_.emplace(contact.key, place);
  by_peer_.emplace(peer, place);
  return peer;
}

AddressBook::Entry* AddressBook::entry_of(PeerId peer) {
  const auto place = by_peer_.find(peer);
  return place == by_peer_.end() ? nullptr : &*place->second;
}

const AddressBook::Entry* AddressBook::entry_of(PeerId peer) const {
  const auto place = by_peer_.find(peer);
  return place == by_peer_.end() ? nullptr : &*place->second;
}

/// Kept entries that stand in the way move to the end, so that the search does not meet them each time. All kept: the
/// book grows beyond its capacity by what is kept, which the transport bounds.
void AddressBook::make_room() {
  if (entries_.size() < capacity_) return;
  for (std::size_t tried = 0; tried < entries_.size(); ++tried) {
    const auto oldest = entries_.begin();
    if (oldest->keeps == 0) {
      by_key_.erase(oldest->contact.key);
      by_peer_.erase(oldest->peer);
      entries_.erase(oldest);
      return;
    }
    entries_.splice(entries_.end(), entries_, oldest);
  }
}

PeerId AddressBook::fresh_name() {
  while (PeerId{next_name_} == kNoPeer || by_peer_.contains(PeerId{next_name_})) ++next_name_;
  return PeerId{next_name_++};
}

void AddressBook::keep(PeerId peer) {
  if (Entry* entry = entry_of(peer)) ++entry->keeps;
}

void AddressBook::release(PeerId peer) {
  Entry* entry = entry_of(peer);
  if (entry != nullptr && entry->keeps > 0) --entry->keeps;
}

void AddressBook::dial_failed(PeerId peer, Instant now, Random& random) {
  Entry* entry = entry_of(peer);
  if (entry == nullptr) return;
  const int doublings = std::min<int>(entry->failures, 6);
  const Duration wait = std::min(kFirstWait * (1 << doublings), kLongestWait);
  const auto quarter = static_cast<std::uint64_t>(wait.count() / 4);
  entry->not_before = now + wait - Duration(quarter) + Duration(static_cast<std::int64_t>(random.below(2 * quarter)));
  if (entry->failures < 255) ++entry->failures;
  entry->is_doubtful = true;
}

void AddressBook::dial_succeeded(PeerId peer) {
  Entry* entry = entry_of(peer);
  if (entry == nullptr) return;
  entry->failures = 0;
  entry->not_before = {};
  entry->is_doubtful = false;
}

bool AddressBook::may_dial(PeerId peer, Instant now) const {
  const Entry* entry = entry_of(peer);
  return entry != nullptr && peer != self_ && reach_of(entry->contact.endpoint) != Reach::kNowhere &&
         now >= entry->not_before;
}

std::vector<PeerId> AddressBook::recent(std::size_t at_most) const {
  std::vector<PeerId> peers;
  for (auto entry = entries_.rbegin(); entry != entries_.rend() && peers.size() < at_most; ++entry) {
    if (entry->peer != self_ && reach_of(entry->contact.endpoint) != Reach::kNowhere) peers.push_back(entry->peer);
  }
  return peers;
}

std::string AddressBook::text() const {
  std::string text(kBookHead);
  std::size_t count = 0;
  for (const Entry& entry : entries_) {
    if (entry.peer == self_ || reach_of(entry.contact.endpoint) == Reach::kNowhere) continue;
    text += fmt::format("{} {}\n", entry.contact.stream_port, to_string(entry.contact));
    ++count;
  }
  text += fmt::format("{}{} {:016x}\n", kEnd, count, checksum(text));
  return text;
}

Result<void> AddressBook::save(const std::filesystem::path& file) const {
  const std::string whole = text();
  const std::filesystem::path beside = file.string() + ".new";
  const int fd = ::open(beside.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return disk_error("create", beside);
  std::string_view rest = whole;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool synced = rest.empty() && ::fsync(fd) == 0;
  const int why = errno;
  ::close(fd);
  errno = why;
  if (!synced) return disk_error("write", beside);
  if (::rename(beside.c_str(), file.c_str()) != 0) return disk_error("rename to", file);
  return {};
}

Result<void> AddressBook::load(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {};
  const auto size = std::filesystem::file_size(file, error);
  if (error) return fail(ErrorCode::kDisk, "address book {}: {}", file.string(), error.message());
  std::string text(std::min<std::uintmax_t>(size, kMaxFile + 1), '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in) return fail(ErrorCode::kDisk, "address book {} cannot be read", file.string());
  auto known = read(text);
  if (known) return {};
  const std::filesystem::path aside = file.string() + ".damaged";
  std::filesystem::rename(file, aside, error);
  return fail_in(fmt::format("address book {}, moved to {}", file.string(), aside.string()), std::move(known.error()));
}

/// All lines are parsed before the first is believed.
Result<void> AddressBook::read(std::string_view text) {
  const auto damaged = [] { return fail(ErrorCode::kCorrupt, "the file is damaged"); };
  if (text.size() > kMaxFile || !text.starts_with(kBookHead)) return damaged();
  const std::size_t end = text.rfind("\nend ") + 1;
  if (end == 0 || text.back() != '\n') return damaged();
  std::string_view last = text.substr(end + kEnd.size(), text.size() - end - kEnd.size() - 1);
  std::size_t count = 0;
  std::uint64_t sum = 0;
  if (!parse_number(take_until(last, ' '), count) || !parse_number(last, sum, 16)) return damaged();
  if (sum != checksum(text.substr(0, end))) return damaged();

  std::vector<Contact> contacts;
  std::string_view body = text.substr(kBookHead.size(), end - kBookHead.size());
  while (!body.empty()) {
    const auto contact = parse_line(take_until(body, '\n'));
    if (!contact) return damaged();
    contacts.push_back(*contact);
  }
  if (contacts.size() != count) return damaged();
  for (const Contact& contact : contacts) {
    if (Entry* entry = entry_of(tell(contact, Source::kHeard))) entry->is_doubtful = entry->peer != self_;
  }
  return {};
}

}  // namespace earshot::overlay::net
