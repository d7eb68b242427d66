// What is wrong with a command line that the parser refused, in words that help: which word, and what was probably
// meant.
#pragma once

#include <span>
#include <string>

#include "tools/cli/option_tree.h"

namespace earshot::cli {

struct Misuse {
  std::string what;  // "no command 'serach' (did you mean 'search'?)"
  std::string see;   // "earshot help search"
};

/// `words` as typed, without the program's name; `refusal` is what the parser says, for what is not a misspelling.
Misuse explain_misuse(const CommandRow& root, std::span<const std::string> words, const std::string& refusal);

}  // namespace earshot::cli
