// Walks the words as the parser did, to the first that it cannot have known.
#include "tools/cli/misuse.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tools/cli/render.h"

namespace earshot::cli {

namespace {

// Words of the command line are shown back to the person, so they are shown safely and not at length.
std::string quoted(std::string_view word) {
  constexpr std::size_t kMaxShown = 60;
  const std::string clean = printable(word);
  return "'" + (cells(clean) > kMaxShown ? fitted(clean, kMaxShown) : clean) + "'";
}

std::string with_hint(std::string what, const std::string& hint) {
  return hint.empty() ? what : what + fmt::format(" (did you mean '{}'?)", hint);
}

const OptionRow* option_named(const CommandRow& row, std::string_view name) {
  const auto has = [&](const OptionRow& option) {
    return std::find(option.names.begin(), option.names.end(), name) != option.names.end();
  };
  const auto found = std::find_if(row.options.begin(), row.options.end(), has);
  return found == row.options.end() ? nullptr : &*found;
}

const CommandRow* command_named(const CommandRow& row, std::string_view word) {
  const auto is = [&](const CommandRow& below) {
    return std::string_view(below.name).substr(below.name.rfind(' ') + 1) == word;
  };
  const auto found = std::find_if(row.commands.begin(), row.commands.end(), is);
  return found == row.commands.end() ? nullptr : &*found;
}

std::string program(const CommandRow& row) {
  return row.name.empty() ? "earshot" : "earshot " + row.name;
}

std::string unknown_option(const CommandRow& row, std::string_view name) {
  std::vector<std::string> known;
  for (const OptionRow& option : row.options) known.insert(known.end(), option.names.begin(), option.names.end());
  return with_hint(fmt::format("{} has no option {}", program(row), quoted(name)), nearest(name, known));
}

std::string unknown_command(const CommandRow& row, std::string_view word) {
  std::vector<std::string> known;
  for (const CommandRow& below : row.commands) known.push_back(below.name.substr(below.name.rfind(' ') + 1));
  return with_hint(fmt::format("{} has no command {}", program(row), quoted(word)), nearest(word, known));
}

}  // namespace

Misuse explain_misuse(const CommandRow& root, std::span<const std::string> words, const std::string& refusal) {
  const CommandRow* row = &root;
  std::optional<std::string> what;
  for (std::size_t i = 0; i < words.size() && !what; ++i) {
    const std::string_view word = words[i];
    if (word == "--") break;
    if (word.starts_with("--") || (word.starts_with('-') && word.size() == 2)) {
      const std::string_view name = word.substr(0, word.find('='));
      const OptionRow* option = option_named(*row, name);
      if (!option) what = unknown_option(*row, name);
      if (option && !option->value.empty() && name.size() == word.size()) ++i;
    } else if (const CommandRow* below = command_named(*row, word)) {
      row = below;
    } else if (!row->commands.empty()) {
      what = unknown_command(*row, word);
    }
  }
  if (!what && !row->commands.empty()) what = fmt::format("{} needs a command", program(*row));
  if (!what) what = fmt::format("{}: {}", program(*row), printable(refusal));
  return {*what, row->name.empty() ? "earshot help" : "earshot help " + row->name};
}

}  // namespace earshot::cli
