// The commands and their options as plain values: what completion scripts, man pages and suggestions are made from.
// Read off the parser itself (flags.cpp), so that none of them can name an option that is not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace earshot::cli {

struct OptionRow {
  std::vector<std::string> names;    // "-o", "--out"; of a positional one name without dashes
  std::string value;                 // what it takes ("NUMBER", "FILE", ...); empty: a switch
  std::vector<std::string> choices;  // the only values it takes; empty: any
  std::string fallback;              // the default, as text
  std::string help;
  bool required = false;
  bool repeats = false;

  /// The longest name, which people read in scripts.
  const std::string& name() const { return names.back(); }
  bool takes_path() const { return value == "FILE" || value == "FOLDER" || value == "PATH"; }
};

struct CommandRow {
  std::string name;  // "config show" for one below another; empty for the program itself
  std::string what;
  std::vector<OptionRow> options;
  std::vector<OptionRow> positionals;
  std::vector<CommandRow> commands;
};

CommandRow option_tree();

/// Every command that can be run, the ones below another included, in the order of the help.
std::vector<const CommandRow*> all_commands(const CommandRow& root);
std::vector<const CommandRow*> all_commands(CommandRow&& root) = delete;

/// The known word that is nearest to a mistyped one, at most a third of it away; empty when none is.
std::string nearest(std::string_view typed, const std::vector<std::string>& known);

}  // namespace earshot::cli
