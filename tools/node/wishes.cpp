// Asked, gathered, written down.
#include "tools/node/wishes.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "schema/limits.h"
#include "tools/node/api_json.h"
#include "tools/node/clocks.h"
#include "tools/node/runtime_files.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kWishesHead = "earshot-wishes 1";

/// 64 wishes of 1,000 contents of 80 bytes, and 200 lines of 2 kB each: 31 MB. A larger file is not ours.
constexpr std::size_t kMostWishesBytes = 64u << 20;

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

template <class T>
std::optional<T> take_number(std::string_view& line) {
  const std::string_view word = take_word(line);
  T number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::kCorrupt, "the file of wishes is damaged");
}

}  // namespace

Wishes::Row Wishes::Wish::row(std::uint64_t id) const {
  return {id, text, added, fresh.size() + seen.size(), fresh.size()};
}

std::unique_ptr<Wishes> Wishes::open(Node& node, fs::path file, std::string& trouble) {
  std::unique_ptr<Wishes> wishes(new Wishes(node, std::move(file)));
  const auto text = read_small_file(wishes->file_, kMostWishesBytes);
  auto usable = text ? wishes->read(*text) : Result<void>();
  if (!text && text.error().code != ErrorCode::kNotFound) usable = tl::unexpected(text.error());
  if (!usable) {
    trouble = usable.error().what;
    wishes->state_->wishes.clear();
    std::error_code ignored;
    fs::rename(wishes->file_, wishes->file_.string() + ".damaged", ignored);
  }
  wishes->thread_ = std::thread([self = wishes.get()] { self->run(); });
  return wishes;
}

Wishes::~Wishes() {
  std::vector<QueryId> open;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (const auto& [id, wish] : state_->wishes) {
      if (wish.query) open.push_back(*wish.query);
    }
  }
  state_->wake.notify_all();
  thread_.join();
  for (const QueryId& query : open) node_.cancel(query);
}

Result<Wishes::Row> Wishes::add(const std::string& text) {
  SearchRequest request;
  request.text = text;
  if (auto valid = validate(request); !valid) return tl::unexpected(valid.error());
  if (text.find('\n') != std::string::npos) return fail(ErrorCode::kInvalid, "a wish is one line");
  if (keys_.asked_by(text).empty()) {
    return fail(ErrorCode::kInvalid, "'{}' needs a whole word of a title, an artist or an album that must be there", text);
  }
  const std::lock_guard lock(state_->mutex);
  for (const auto& [id, wish] : state_->wishes) {
    if (wish.text == text) return wish.row(id);
  }
  if (state_->wishes.size() >= kMost) return fail(ErrorCode::kExhausted, "{} wishes are enough: remove one", kMost);
  const std::uint64_t id = state_->next_id++;
  Wish& wish = state_->wishes[id];
  wish.text = text;
  wish.added = seconds_since_1970();
  if (auto saved = save(*state_); !saved) {
    state_->wishes.erase(id);
    return tl::unexpected(saved.error());
  }
  state_->wake.notify_all();
  return wish.row(id);
}

Result<void> Wishes::remove(std::uint64_t id) {
  std::optional<QueryId> query;
  {
    const std::lock_guard lock(state_->mutex);
    const auto at = state_->wishes.find(id);
    if (at == state_->wishes.end()) return fail(ErrorCode::kNotFound, "there is no wish {}: earshot wish list", id);
    query = at->second.query;
    auto removed = state_->wishes.extract(at);
    if (auto saved = save(*state_); !saved) {
      state_->wishes.insert(std::move(removed));
      return saved;
    }
  }
  if (query) node_.cancel(*query);
  return {};
}

std::vector<Wishes::Row> Wishes::list() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Row> rows;
  for (const auto& [id, wish] : state_->wishes) rows.push_back(wish.row(id));
  return rows;
}

Result<std::vector<std::string>> Wishes::take() {
  const std::lock_guard lock(state_->mutex);
  const auto before = state_->wishes;
  std::vector<std::string> lines;
  for (auto& [id, wish] : state_->wishes) {
    for (auto& [content, line] : wish.fresh) {
      lines.push_back(std::move(line));
      wish.seen.insert(content);
    }
    wish.fresh.clear();
  }
  if (lines.empty()) return lines;
  if (auto saved = save(*state_); !saved) {
    state_->wishes = before;
    return tl::unexpected(saved.error());
  }
  return lines;
}

void Wishes::State::take(std::uint64_t id, const SearchEvent& event, const NodeKey& self) {
  const std::lock_guard lock(mutex);
  const auto at = wishes.find(id);
  if (at == wishes.end()) return;
  Wish& wish = at->second;
  wish.reached |= event.progress.messages_sent > 0;
  for (const ReachableHit& hit : event.hits) {
    const bool full = wish.fresh.size() >= kMostFresh || wish.fresh.size() + wish.seen.size() >= kMostFound;
    const ContentId& content = hit.track.content;
    if (full || hit.holder.key == self || wish.seen.contains(content) || wish.fresh.contains(content)) continue;
    json::HitRow row;
    row.track = hit.track;
    row.holders = {hit.holder};
    row.hops = hit.hops;
    row.score = hit.score;
    wish.fresh.emplace(content, json::wish_hit(id, row));
    dirty = true;
  }
  if (dirty) wake.notify_all();
}

void Wishes::run() {
  std::unique_lock lock(state_->mutex);
  while (!state_->stopping) {
    if (std::exchange(state_->dirty, false)) {
      if (auto saved = save(*state_); !saved) spdlog::error("event=wishes-unsaved why=\"{}\"", saved.error().what);
    }
    const auto now = Clock::now();
    std::vector<std::uint64_t> due;
    for (const auto& [id, wish] : state_->wishes) {
      if (now >= wish.ask_at) due.push_back(id);
    }
    lock.unlock();
    for (const std::uint64_t id : due) ask(id);
    lock.lock();
    state_->wake.wait_for(lock, std::chrono::seconds(1), [this] { return state_->stopping || state_->dirty; });
  }
}

/// Without a neighbor nobody can be asked, so it is tried again soon.
void Wishes::ask(std::uint64_t id) {
  SearchRequest request;
  std::optional<QueryId> before;
  {
    const std::lock_guard lock(state_->mutex);
    const auto at = state_->wishes.find(id);
    if (at == state_->wishes.end()) return;
    before = std::exchange(at->second.query, std::nullopt);
    at->second.reached = false;
    request.text = at->second.text;
  }
  if (before) node_.cancel(*before);
  request.strategy = StrategyKind::kBubble;
  request.wanted = static_cast<std::uint16_t>(limits::kMaxHitsPerQuery);
  request.keep = kKept;
  const auto query = node_.search(request, [state = state_, id, self = self_](const SearchEvent& event) {
    state->take(id, event, self);
  });
  const bool reaches = query && node_.status().neighbors > 0;
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->wishes.find(id);
  if (query && at == state_->wishes.end()) node_.cancel(*query);
  if (at == state_->wishes.end()) return;
  if (query) at->second.query = *query;
  at->second.ask_at = Clock::now() + (reaches || at->second.reached ? Clock::duration(kRenewed) : Clock::duration(kAgain));
}

std::string Wishes::State::text() const {
  std::string text = std::string(kWishesHead) + "\n";
  std::size_t count = 0;
  for (const auto& [id, wish] : wishes) {
    text += fmt::format("wish {} {} {}\n", id, wish.added, wish.text);
    for (const auto& [content, line] : wish.fresh) text += fmt::format("fresh {} {} {}\n", id, to_string(content), line);
    for (const ContentId& content : wish.seen) text += fmt::format("seen {} {}\n", id, to_string(content));
    count += 1 + wish.fresh.size() + wish.seen.size();
  }
  return text + fmt::format("end {}\n", count);
}

Result<void> Wishes::save(const State& state) const { return write_private_file(file_, state.text()); }

Result<void> Wishes::read(std::string_view text) {
  State& state = *state_;
  std::size_t count = 0;
  bool has_head = false, has_end = false;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!has_head) {
      if (line != kWishesHead) return damaged();
      has_head = true;
      continue;
    }
    const std::string_view what = take_word(line);
    if (has_end || (what != "end" && ++count > kMost * (kMostFound + 1))) return damaged();
    const auto id = take_number<std::uint64_t>(line);
    if (!id) return damaged();
    if (what == "end") {
      if (*id != count) return damaged();
      has_end = true;
    } else if (what == "wish") {
      const auto added = take_number<std::int64_t>(line);
      if (!added || line.empty() || state.wishes.size() >= kMost || keys_.asked_by(line).empty()) return damaged();
      Wish wish;
      wish.text = line;
      wish.added = *added;
      state.wishes[*id] = std::move(wish);
      state.next_id = std::max(state.next_id, *id + 1);
    } else {
      const auto wish = state.wishes.find(*id);
      const auto content = content_id_from(take_word(line));
      if (wish == state.wishes.end() || !content || (what != "fresh" && what != "seen")) return damaged();
      if (what == "seen") wish->second.seen.insert(*content);
      if (what == "fresh") wish->second.fresh.emplace(*content, line);
    }
  }
  return has_end ? Result<void>() : damaged();
}

}  // namespace earshot::node
