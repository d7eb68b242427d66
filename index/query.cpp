// Queries in words, for tests and for people who wonder.
#include "index/query.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace earshot::index {

namespace {

constexpr std::array<std::string_view, 5> kFieldNames = {"title", "artist", "album", "genre", "publisher"};
constexpr std::array<std::string_view, 3> kNumberNames = {"year", "seconds", "kbps"};

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string all;
  for (const std::string& text : texts) {
    if (!all.empty()) all += between;
    all += text;
  }
  return all;
}

struct WordText {
  std::string operator()(const Term& term) const { return term.is_quoted ? "'" + term.text + "'" : term.text; }
  std::string operator()(const Prefix& prefix) const { return prefix.text + "*"; }
  std::string operator()(const Compound& compound) const {
    return joined(compound.spellings, "=") + "=" + joined(compound.parts, "+");
  }
  std::string operator()(const Near& near) const { return fmt::format("{}~{}", near.text, near.edits); }
};

class NodeText {
 public:
  explicit NodeText(const Query& query) : query_(query) {}

  std::string operator()(const Node& node) const { return std::visit(*this, node.what); }
  std::string operator()(const HasWord& word) const { return std::visit(WordText(), query_.words[word.word]); }
  std::string operator()(const InRange& range) const {
    const bool is_open = range.most == InRange().most;
    return fmt::format("{}={}..{}", kNumberNames[static_cast<std::size_t>(range.number)], range.least,
                       is_open ? "" : std::to_string(range.most));
  }
  std::string operator()(const OfCodec& codec) const { return fmt::format("codec={}", earshot::to_string(codec.codec)); }
  std::string operator()(const OfKind& kind) const { return fmt::format("kind={}", earshot::to_string(kind.kind)); }
  std::string operator()(const OfLicence& licence) const {
    return "licence=" + licence.text + (licence.is_prefix ? "*" : "");
  }
  std::string operator()(const InText& text) const {
    std::vector<std::string> runs;
    for (const Run& run : text.runs) runs.push_back(joined(run.terms, " ") + (run.is_open ? "*" : ""));
    return fmt::format("in:{}({})", text.field ? kFieldNames[static_cast<std::size_t>(*text.field)] : "any",
                       joined(runs, "|"));
  }
  std::string operator()(const AllOf& all) const { return "all(" + listed(all.nodes) + ")"; }
  std::string operator()(const AnyOf& any) const { return "any(" + listed(any.nodes) + ")"; }
  std::string operator()(const Not& none) const { return "not(" + listed(none.nodes) + ")"; }

 private:
  std::string listed(const std::vector<Node>& nodes) const {
    std::vector<std::string> texts;
    for (const Node& node : nodes) texts.push_back((*this)(node));
    return joined(texts, " ");
  }

  const Query& query_;
};

}  // namespace

std::string to_string(const Query& query) {
  return NodeText(query)(query.root);
}

}  // namespace earshot::index
