// Answers by definition.
#include "tests/index/twin.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "index/bm25.h"
#include "index/edits.h"
#include "index/query_parser.h"
#include "index/terms.h"

namespace earshot::index {

namespace {

using Counts = std::map<std::string, unsigned>;

std::optional<unsigned> count_of(const Counts& counts, const std::string& term) {
  const auto at = counts.find(term);
  return at == counts.end() ? std::nullopt : std::optional(at->second);
}

unsigned naive_edits(std::u32string_view a, std::u32string_view b) {
  std::vector<std::vector<unsigned>> table(a.size() + 1, std::vector<unsigned>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      unsigned& edits = table[i][j];
      if (i == 0 || j == 0) {
        edits = static_cast<unsigned>(i + j);
        continue;
      }
      edits = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        edits = std::min(edits, table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

std::u32string letters_of(const std::string& text) {
  std::u32string letters;
  for (const char byte : text) {
    if ((byte & 0xC0) == 0x80) {
      letters.back() = letters.back() << 6 | (static_cast<unsigned char>(byte) & 0x3F);
    } else {
      letters.push_back(static_cast<unsigned char>(byte));
    }
  }
  return letters;
}

struct Match {
  const Counts& counts;

  std::optional<unsigned> operator()(const Term& term) const { return count_of(counts, term.text); }

  std::optional<unsigned> operator()(const Prefix& prefix) const {
    return sum([&](const std::string& term, unsigned count) { return term.starts_with(prefix.text) ? count : 0; });
  }

  std::optional<unsigned> operator()(const Near& near) const {
    const std::u32string wanted = letters_of(near.text);
    return sum([&](const std::string& term, unsigned count) {
      const unsigned edits = naive_edits(wanted, letters_of(term));
      return edits > near.edits ? 0 : std::max(1u, count >> edits);
    });
  }

  std::optional<unsigned> operator()(const Compound& compound) const {
    unsigned least = kMaxCount;
    bool any = true;
    for (const auto& part : compound.parts) {
      const auto count = count_of(counts, part);
      any = any && count;
      least = std::min(least, count.value_or(0));
    }
    unsigned total = any ? least : 0;
    for (const auto& spelling : compound.spellings) {
      const auto count = count_of(counts, spelling);
      any = any || count;
      total = std::min(kMaxCount, total + count.value_or(0));
    }
    return any ? std::optional(total) : std::nullopt;
  }

  template <class Value>
  std::optional<unsigned> sum(const Value& value_of) const {
    unsigned total = 0;
    for (const auto& [term, count] : counts) total += value_of(term, count);
    return total > 0 ? std::optional(std::min(total, kMaxCount)) : std::nullopt;
  }
};

// How much a word counts in a track, nothing when it does not match: index/query.h.
std::optional<unsigned> match(const Word& word, const Counts& counts) {
  return std::visit(Match{counts}, word);
}

// The words of a text, and with them all the spellings that the tokenizer adds.
std::vector<std::string> words_of(const std::string& text, bool with_extras) {
  const Tokenizer tokenizer;
  Tokens tokens;
  tokenizer.append(text, tokens);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (with_extras || !is_extra(tokens[i].kind)) words.emplace_back(tokens[i].term);
  }
  return words;
}

bool stands_in(const Run& run, const std::string& text) {
  const auto words = words_of(text, run.terms.size() == 1);
  for (std::size_t at = 0; at + run.terms.size() <= words.size(); ++at) {
    std::size_t same = 0;
    for (std::size_t i = 0; i < run.terms.size(); ++i) {
      const bool may_go_on = run.is_open && i + 1 == run.terms.size();
      same += may_go_on ? words[at + i].starts_with(run.terms[i]) : words[at + i] == run.terms[i];
    }
    if (same == run.terms.size()) return true;
  }
  return false;
}

struct Holds {
  const Track& track;
  const std::vector<std::optional<unsigned>>& counts;  // by word

  bool of(const Node& node) const { return std::visit(*this, node.what); }
  bool operator()(const HasWord& word) const { return counts[word.word].has_value(); }
  bool operator()(const InRange& range) const {
    const std::uint32_t numbers[] = {track.year, track.duration_ms / 1000, track.bitrate_kbps};
    const std::uint32_t number = numbers[static_cast<std::size_t>(range.number)];
    return number > 0 && range.least <= number && number <= range.most;
  }
  bool operator()(const OfCodec& codec) const { return codec.codec == track.codec; }
  bool operator()(const OfKind& kind) const { return kind.kind == track.kind; }
  bool operator()(const OfLicence& licence) const {
    return licence.is_prefix ? track.licence.starts_with(licence.text) : track.licence == licence.text;
  }
  bool operator()(const InText& text) const {
    const std::string* fields[] = {&track.title, &track.artist, &track.album, &track.genre, &track.publisher};
    bool any = false;
    for (std::size_t i = 0; i < 5; ++i) {
      if (text.field && static_cast<std::size_t>(*text.field) != i) continue;
      for (const Run& run : text.runs) any = any || stands_in(run, *fields[i]);
    }
    return any;
  }
  bool operator()(const AllOf& all) const {
    bool every = true;
    for (const Node& node : all.nodes) every = every && of(node);
    return every;
  }
  bool operator()(const AnyOf& any) const {
    bool some = false;
    for (const Node& node : any.nodes) some = some || of(node);
    return some;
  }
  bool operator()(const Not& none) const { return !of(none.nodes[0]); }
};

// Words that stand somewhere but under a Not.
void mark_scoring(const Node& node, std::vector<bool>& marked) {
  const std::vector<Node>* nodes = nullptr;
  if (const auto* word = std::get_if<HasWord>(&node.what)) marked[word->word] = true;
  if (const auto* all = std::get_if<AllOf>(&node.what)) nodes = &all->nodes;
  if (const auto* any = std::get_if<AnyOf>(&node.what)) nodes = &any->nodes;
  for (std::size_t i = 0; nodes != nullptr && i < nodes->size(); ++i) mark_scoring((*nodes)[i], marked);
}

struct Sums final : Statistics {
  std::uint64_t tracks() const override { return track_count; }
  std::uint64_t total_length() const override { return length; }
  std::uint64_t tracks_with(std::size_t word) const override { return with[word]; }
  std::uint64_t track_count = 0;
  std::uint64_t length = 0;
  std::vector<std::uint64_t> with;
};

}  // namespace

void Twin::add(std::span<const Track> tracks) {
  TrackTerms terms(tokenizer_);
  for (const Track& track : tracks) {
    terms.read(track);
    Entry entry{track, {}, terms.length()};
    for (const auto& term : terms.terms()) entry.counts[std::string(term.text)] = term.count;
    entries_[track.content] = std::move(entry);
  }
}

std::size_t Twin::remove(std::span<const ContentId> contents) {
  std::size_t removed = 0;
  for (const ContentId& content : contents) removed += entries_.erase(content);
  return removed;
}

Result<Answer> Twin::search(std::string_view text, std::size_t limit) const {
  auto query = parse_query(text, tokenizer_);
  if (!query) return tl::unexpected(query.error());
  Answer answer = answer_to(*query, limit);
  // Slips: first of the words that are nowhere, one by one, then of all.
  while (answer.tracks.empty()) {
    std::optional<std::size_t> missing;
    for (const bool is_prefix : {false, true}) {
      for (const Node& node : query->root.nodes) {
        const auto* word = std::get_if<HasWord>(&node.what);
        if (missing || word == nullptr || tracks_with(query->words[word->word]) > 0) continue;
        const Word& nowhere = query->words[word->word];
        const bool is_dear = std::holds_alternative<Prefix>(nowhere) || std::holds_alternative<Near>(nowhere);
        if (is_dear == is_prefix) missing = word->word;
      }
    }
    bool changed = false;
    for (std::size_t i = 0; i < query->words.size(); ++i) {
      const auto* term = std::get_if<Term>(&query->words[i]);
      if (term == nullptr || term->is_quoted || missing.value_or(i) != i || allowed_edits(term->text) == 0) continue;
      query->words[i] = Near{std::string(term->text), allowed_edits(term->text)};
      changed = true;
    }
    if (!changed) break;
    answer = answer_to(*query, limit);
  }
  return answer;
}

std::uint64_t Twin::tracks_with(const Word& word) const {
  if (const auto* compound = std::get_if<Compound>(&word)) {
    // Its commonest spelling, a lone part included; when there is none, the rarest of its parts.
    std::vector<std::string> spellings = compound->spellings;
    if (compound->parts.size() == 1) spellings.push_back(compound->parts[0]);
    std::uint64_t most = 0;
    for (const auto& spelling : spellings) most = std::max(most, tracks_with(Term{spelling, false}));
    if (most > 0) return most;
    std::uint64_t least = UINT64_MAX;
    for (const auto& part : compound->parts) least = std::min(least, tracks_with(Term{part, false}));
    return least;
  }
  std::uint64_t tracks = 0;
  for (const auto& [content, entry] : entries_) tracks += match(word, entry.counts).has_value();
  return tracks;
}

Answer Twin::answer_to(const Query& query, std::size_t limit) const {
  Sums sums;
  sums.with.resize(query.words.size());
  struct Candidate {
    const Entry* entry;
    std::vector<std::optional<unsigned>> counts;
  };
  std::vector<bool> is_scoring(query.words.size());
  mark_scoring(Node{query.root}, is_scoring);
  std::vector<Candidate> candidates;
  for (const auto& [content, entry] : entries_) {
    ++sums.track_count;
    sums.length += entry.length;
    Candidate candidate{&entry, {}};
    for (std::size_t i = 0; i < query.words.size(); ++i) {
      candidate.counts.push_back(match(query.words[i], entry.counts));
      if (candidate.counts.back()) ++sums.with[i];
    }
    if (Holds{entry.track, candidate.counts}.of(Node{query.root})) candidates.push_back(std::move(candidate));
  }
  for (std::size_t i = 0; i < query.words.size(); ++i) {
    if (std::holds_alternative<Compound>(query.words[i])) sums.with[i] = tracks_with(query.words[i]);
  }
  std::vector<WordScore> scores;
  for (std::size_t i = 0; i < query.words.size(); ++i) scores.emplace_back(sums, i);
  struct Scored {
    const Entry* entry;
    std::uint32_t score;
  };
  std::vector<Scored> scored;
  for (const Candidate& candidate : candidates) {
    std::uint32_t score = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (!is_scoring[i] || !candidate.counts[i]) continue;
      score += scores[i].of(static_cast<std::uint8_t>(*candidate.counts[i]), candidate.entry->length);
    }
    scored.push_back({candidate.entry, score});
  }
  std::sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) {
    if (a.score != b.score) return a.score > b.score;
    const Track& left = a.entry->track;
    const Track& right = b.entry->track;
    return std::tie(a.entry->length, left.artist, left.album, left.content) <
           std::tie(b.entry->length, right.artist, right.album, right.content);
  });
  Answer answer;
  for (const Scored& one : scored) answer.tracks.push_back({one.entry->track, one.score});
  if (answer.tracks.size() > limit) answer.tracks.resize(limit);
  return answer;
}

}  // namespace earshot::index
