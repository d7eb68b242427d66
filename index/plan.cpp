// Walks over the tree.
#include "index/plan.h"

#include <algorithm>

namespace earshot::index {

namespace {

using SizeOf = std::function<std::uint64_t(std::size_t)>;

// What a look at a node costs: a word's cursor, a column, a track's texts.
struct Cost {
  int operator()(const HasWord&) const { return 1; }
  int operator()(const InText&) const { return 2; }
  int operator()(const AllOf& all) const { return of(all.nodes); }
  int operator()(const AnyOf& any) const { return of(any.nodes); }
  int operator()(const Not& none) const { return of(none.nodes); }
  template <class Number>
  int operator()(const Number&) const {
    return 0;
  }
  static int of(const std::vector<Node>& nodes) {
    int most = 0;
    for (const Node& node : nodes) most = std::max(most, std::visit(Cost(), node.what));
    return most;
  }
};

int cost_of(const Node& node) {
  return std::visit(Cost(), node.what);
}

// Marks words that do not stand under a Not.
struct Scoring {
  std::vector<bool>& marked;
  void operator()(const HasWord& word) const { marked[word.word] = true; }
  void operator()(const AllOf& all) const { of(all.nodes); }
  void operator()(const AnyOf& any) const { of(any.nodes); }
  template <class Other>
  void operator()(const Other&) const {}
  void of(const std::vector<Node>& nodes) const {
    for (const Node& node : nodes) std::visit(*this, node.what);
  }
};

struct Covered {
  std::vector<std::size_t> words;
  std::uint64_t size = 0;
};

struct Cover {
  const SizeOf& size_of;
  std::optional<Covered> operator()(const HasWord& word) const { return Covered{{word.word}, size_of(word.word)}; }
  std::optional<Covered> operator()(const AllOf& all) const {
    std::optional<Covered> best;
    for (const Node& node : all.nodes) {
      auto covered = std::visit(*this, node.what);
      if (covered && (!best || covered->size < best->size)) best = std::move(covered);
    }
    return best;
  }
  std::optional<Covered> operator()(const AnyOf& any) const {
    Covered all;
    for (const Node& node : any.nodes) {
      const auto covered = std::visit(*this, node.what);
      if (!covered) return std::nullopt;
      all.words.insert(all.words.end(), covered->words.begin(), covered->words.end());
      all.size += covered->size;
    }
    return all;
  }
  template <class Other>
  std::optional<Covered> operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

Plan::Plan(const Query& query) : query_(&query) {
  std::vector<bool> scoring(query.words.size());
  Scoring{scoring}(query.root);
  for (const Node& node : query.root.nodes) {
    if (const auto* word = std::get_if<HasWord>(&node.what)) {
      // A word may stand here twice, as in "acdc artist:acdc"; it scores once.
      if (scoring[word->word]) required.push_back(word->word);
      scoring[word->word] = false;
    } else {
      conditions.push_back(&node);
      reads_texts = reads_texts || cost_of(node) == Cost()(InText());
    }
  }
  for (std::size_t word = 0; word < scoring.size(); ++word) {
    if (scoring[word]) optional.push_back(word);
  }
  std::stable_sort(conditions.begin(), conditions.end(),
                   [](const Node* a, const Node* b) { return cost_of(*a) < cost_of(*b); });
}

std::optional<std::vector<std::size_t>> Plan::cover(const SizeOf& size_of) const {
  auto covered = Cover{size_of}(query_->root);
  if (!covered) return std::nullopt;
  std::sort(covered->words.begin(), covered->words.end());
  covered->words.erase(std::unique(covered->words.begin(), covered->words.end()), covered->words.end());
  return std::move(covered->words);
}

}  // namespace earshot::index
