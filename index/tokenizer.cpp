// Chunks, pieces, groups: the rules of tokenizer.h.
#include "index/tokenizer.h"

#include <utf8proc.h>

#include <algorithm>

#include "schema/bytes.h"

namespace earshot::index {

namespace {

struct Decoded {
  char32_t code_point;
  std::size_t size;
};

Decoded decode(std::string_view rest) {
  const auto lead = static_cast<unsigned char>(rest[0]);
  if (lead < 0x80) return {lead, 1};
  utf8proc_int32_t code_point = 0;
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                                     static_cast<utf8proc_ssize_t>(rest.size()), &code_point);
  if (size < 1) return {U' ', 1};
  return {static_cast<char32_t>(code_point), static_cast<std::size_t>(size)};
}

bool holds_composing(std::string_view text) {
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (composes(next.code_point)) return true;
    text.remove_prefix(next.size);
  }
  return false;
}

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

constexpr bool is_plain(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

// How many ASCII letters and digits the text begins with.
std::size_t plain_run(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_plain(text[size])) ++size;
  return size;
}

std::size_t first_size(std::string_view text) { return decode(text).size; }

std::size_t last_size(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return text.size() - begin;
}

// The letters that a run of symbols stands for, empty when it is no such run. `left` and `right`: the words beside it.
// '!' and '@' are letters only alone and between words, since both also end or open words; money is no letter beside a
// digit.
std::string leet_letters(std::string_view symbols, std::string_view left, std::string_view right) {
  const bool between = !left.empty() && !right.empty();
  if (symbols == "!") return between ? "i" : "";
  if (symbols == "@") return between ? "a" : "";
  const bool beside_digit = (!left.empty() && is_digit(left.back())) || (!right.empty() && is_digit(right.front()));
  if (beside_digit) return "";
  std::string letters;
  while (!symbols.empty()) {
    if (symbols.starts_with("$")) {
      letters += 's';
    } else if (symbols.starts_with("€")) {
      letters += 'e';
    } else if (symbols.starts_with("¥")) {
      letters += 'y';
    } else if (symbols.starts_with("¢")) {
      letters += 'c';
    } else {
      return "";
    }
    symbols.remove_prefix(first_size(symbols));
  }
  return letters;
}

}  // namespace

void Tokens::clear() {
  text_.clear();
  entries_.clear();
  group_ = 0;
}

Token Tokens::operator[](std::size_t i) const {
  const Entry& entry = entries_[i];
  return {std::string_view(text_).substr(entry.begin, entry.end - entry.begin), entry.kind, entry.group};
}

void Tokens::append(CharKind kind, std::string_view text) {
  if (kind == CharKind::kDropped) return;
  if (kind == CharKind::kSpace) {
    end_chunk();
    return;
  }
  if (pieces_.empty() || pieces_.back().kind != kind) {
    const auto begin = static_cast<std::uint32_t>(chunk_.size());
    pieces_.push_back({begin, begin, 0, kind});
  }
  chunk_ += text;
  pieces_.back().end = static_cast<std::uint32_t>(chunk_.size());
  ++pieces_.back().characters;
}

// As append() of each: ASCII letters and digits, which most texts are made of.
void Tokens::append_plain(std::string_view run) {
  if (pieces_.empty() || pieces_.back().kind != CharKind::kWord) {
    const auto begin = static_cast<std::uint32_t>(chunk_.size());
    pieces_.push_back({begin, begin, 0, CharKind::kWord});
  }
  const std::size_t begin = chunk_.size();
  chunk_.resize(begin + run.size());
  std::transform(run.begin(), run.end(), chunk_.begin() + static_cast<std::ptrdiff_t>(begin),
                 [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte; });
  pieces_.back().end = static_cast<std::uint32_t>(chunk_.size());
  pieces_.back().characters += static_cast<std::uint32_t>(run.size());
}

// What was appended last has, or is, a mark that a second spelling writes as a letter.
void Tokens::spell_out(char32_t code_point) {
  constexpr char32_t kDiaeresis = 0x308;
  constexpr char32_t kRing = 0x30A;
  const char base = chunk_.empty() ? '\0' : chunk_.back();
  char letter = spelled_out(code_point);
  if (code_point == kDiaeresis && (base == 'a' || base == 'o' || base == 'u')) letter = 'e';
  if (code_point == kRing && base == 'a') letter = 'a';
  if (letter != 0) inserted_.push_back({static_cast<std::uint32_t>(chunk_.size()), letter});
}

std::string_view Tokens::text_of(const Piece& piece) const {
  return std::string_view(chunk_).substr(piece.begin, piece.end - piece.begin);
}

void Tokens::add(std::string_view term, TokenKind kind) {
  term = clip_utf8(term, kMaxTerm);
  const auto begin = static_cast<std::uint32_t>(text_.size());
  text_ += term;
  entries_.push_back({begin, static_cast<std::uint32_t>(text_.size()), group_, kind});
}

// A chunk falls into CJK runs and the groups between them.
void Tokens::end_chunk() {
  const Piece* last_run = nullptr;
  const bool is_connective = pieces_.size() == 1 && (chunk_ == "&" || chunk_ == "+");
  if (is_connective && entries_.size() > text_first_) {
    ++group_;
    add("and", TokenKind::kLeet);
  }
  for (std::size_t i = 0; i < pieces_.size();) {
    if (pieces_[i].kind == CharKind::kCjk) {
      const bool touches_symbol = i >= 2 && last_run == &pieces_[i - 2] && pieces_[i - 1].kind == CharKind::kSymbol;
      if (touches_symbol) add_bridge(*last_run, pieces_[i]);
      add_run(pieces_[i]);
      last_run = &pieces_[i];
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < pieces_.size() && pieces_[end].kind != CharKind::kCjk) ++end;
    add_group(i, end);
    i = end;
  }
  pieces_.clear();
  chunk_.clear();
  inserted_.clear();
  is_wide_ = false;
}

void Tokens::add_group(std::size_t first, std::size_t last) {
  const auto is_word = [](const Piece& piece) { return piece.kind == CharKind::kWord; };
  const auto begin = pieces_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = pieces_.begin() + static_cast<std::ptrdiff_t>(last);
  const auto words = static_cast<std::size_t>(std::count_if(begin, end, is_word));
  if (words == 0) return;
  ++group_;
  for (auto piece = begin; piece != end; ++piece) {
    if (is_word(*piece)) add(text_of(*piece), TokenKind::kWord);
  }
  if (words > kMaxJoined) return;
  if (words > 1) add_joined(first, last);
  if (last - first > 1) add_leet(first, last);
  if (words > 1) return;
  const auto word = std::find_if(begin, end, is_word);
  const std::string_view after = word + 1 == end ? std::string_view() : text_of(word[1]);
  if (is_wide_ || may_have_other_spellings(text_of(*word), after)) add_other_spellings(*word, after);
}

void Tokens::add_joined(std::size_t first, std::size_t last) {
  scratch_.clear();
  for (std::size_t i = first; i < last; ++i) {
    if (pieces_[i].kind == CharKind::kWord) scratch_ += text_of(pieces_[i]);
  }
  add(scratch_, TokenKind::kJoined);
}

void Tokens::add_leet(std::size_t first, std::size_t last) {
  scratch_.clear();
  bool any = false;
  for (std::size_t i = first; i < last; ++i) {
    if (pieces_[i].kind == CharKind::kWord) {
      scratch_ += text_of(pieces_[i]);
      continue;
    }
    const std::string_view left = i > first ? text_of(pieces_[i - 1]) : std::string_view();
    const std::string_view right = i + 1 < last ? text_of(pieces_[i + 1]) : std::string_view();
    const std::string letters = leet_letters(text_of(pieces_[i]), left, right);
    any = any || !letters.empty();
    scratch_ += letters;
  }
  if (any) add(scratch_, TokenKind::kLeet);
}

void Tokens::add_other_spellings(const Piece& word, std::string_view after) {
  scratch_.clear();
  std::vector<Inserted> inserted;
  for (const Inserted& one : inserted_) {
    if (one.at > word.begin && one.at <= word.end) inserted.push_back({one.at - word.begin, one.letter});
  }
  append_other_spellings(text_of(word), after, inserted, scratch_);
  std::string_view rest = scratch_;
  while (!rest.empty()) {
    const std::size_t end = rest.find(' ');
    add(rest.substr(0, end), TokenKind::kLeet);
    rest.remove_prefix(end + 1);
  }
}

void Tokens::add_run(const Piece& run) {
  ++group_;
  std::string_view rest = text_of(run);
  if (run.characters == 1) {
    add(rest, TokenKind::kSingle);
    return;
  }
  while (true) {
    const std::size_t size = first_size(rest);
    if (size == rest.size()) break;
    add(rest.substr(0, size + first_size(rest.substr(size))), TokenKind::kBigram);
    rest.remove_prefix(size);
  }
  add(rest, TokenKind::kTail);
}

void Tokens::add_bridge(const Piece& left, const Piece& right) {
  const std::string_view before = text_of(left);
  const std::string_view after = text_of(right);
  scratch_ = before.substr(before.size() - last_size(before));
  scratch_ += after.substr(0, first_size(after));
  add(scratch_, TokenKind::kTail);
}

void Tokenizer::append(std::string_view text, Tokens& tokens) const {
  std::string in_composed_form;
  if (!is_ascii(text) && holds_composing(text)) {
    in_composed_form = composed(text);
    text = in_composed_form;
  }
  const std::size_t first = tokens.size();
  tokens.begin_text();
  const std::string_view whole = text;
  while (!text.empty()) {
    if (const std::size_t run = plain_run(text); run > 0) {
      tokens.append_plain(text.substr(0, run));
      text.remove_prefix(run);
      continue;
    }
    const Decoded next = decode(text);
    text.remove_prefix(next.size);
    const Folded& folded = table_.of(next.code_point);
    if (folded.kind == CharKind::kExpanded) {
      append_expanded(next.code_point, tokens);
    } else {
      tokens.append(folded.kind, folded.text());
    }
    if (next.size > 1) tokens.is_wide_ = true;
    if (next.size == 2) tokens.spell_out(next.code_point);
  }
  tokens.end_chunk();
  if (tokens.size() == first) append_symbols(whole, tokens);
}

// The characters of an expansion are folded already, so each has an entry of its own.
void Tokenizer::append_expanded(char32_t code_point, Tokens& tokens) const {
  for (const char32_t part : expansion_of(code_point)) {
    const Folded& folded = table_.of(part);
    if (folded.kind != CharKind::kExpanded) tokens.append(folded.kind, folded.text());
  }
}

// A name without any word: its chunks are its terms.
void Tokenizer::append_symbols(std::string_view text, Tokens& tokens) const {
  std::string chunk;
  const auto end_chunk = [&] {
    if (!chunk.empty()) {
      ++tokens.group_;
      tokens.add(chunk, TokenKind::kSymbols);
    }
    chunk.clear();
  };
  const auto take = [&](const Folded& folded) {
    if (folded.kind == CharKind::kSpace) end_chunk();
    if (folded.kind == CharKind::kSymbol) chunk += folded.text();
  };
  while (!text.empty()) {
    const Decoded next = decode(text);
    text.remove_prefix(next.size);
    const Folded& folded = table_.of(next.code_point);
    if (folded.kind != CharKind::kExpanded) {
      take(folded);
      continue;
    }
    for (const char32_t part : expansion_of(next.code_point)) take(table_.of(part));
  }
  end_chunk();
}

}  // namespace earshot::index
