// One script a shell. Each walks the words typed so far to find the command, then offers its commands, options, the
// values of an option that has a few, or files.
#include "tools/cli/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace earshot::cli {

namespace {

std::string last_word(const CommandRow& row) {
  return row.name.substr(row.name.rfind(' ') + 1);
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// Every row that can stand on a command line, the program itself first.
void collect(const CommandRow& row, std::vector<const CommandRow*>& into) {
  into.push_back(&row);
  for (const CommandRow& below : row.commands) collect(below, into);
}

std::vector<const CommandRow*> rows_of(const CommandRow& root) {
  std::vector<const CommandRow*> rows;
  collect(root, rows);
  return rows;
}

// "/config/show": how the scripts name a command.
std::string path_of(const CommandRow& row) {
  std::string path = row.name.empty() ? "" : "/" + row.name;
  std::replace(path.begin(), path.end(), ' ', '/');
  return path;
}

std::vector<std::string> words_after(const CommandRow& row) {
  std::vector<std::string> words;
  for (const CommandRow& below : row.commands) words.push_back(last_word(below));
  for (const OptionRow& option : row.positionals)
    words.insert(words.end(), option.choices.begin(), option.choices.end());
  return words;
}

std::string bash_values(const std::vector<const CommandRow*>& rows) {
  std::string cases;
  for (const CommandRow* row : rows) {
    for (const OptionRow& option : row->options) {
      if (option.value.empty()) continue;
      std::string patterns;
      for (const std::string& name : option.names)
        patterns += fmt::format("{}{}:{}", patterns.empty() ? "" : "|", path_of(*row), name);
      const std::string offer = !option.choices.empty() ? fmt::format("offer '{}'", joined(option.choices))
                                : option.takes_path()   ? "files"
                                                        : ":";
      cases += fmt::format("    {}) {}; return ;;\n", patterns, offer);
    }
  }
  return cases;
}

std::string bash_script(const CommandRow& root) {
  const auto rows = rows_of(root);
  std::string commands, offers;
  for (const CommandRow* row : rows) {
    std::vector<std::string> options;
    for (const OptionRow& option : row->options) options.push_back(option.name());
    if (!row->name.empty()) commands += (commands.empty() ? "" : "|") + path_of(*row);
    offers += fmt::format("    '{}') options='{}'; words='{}' ;;\n", path_of(*row), joined(options),
                          joined(words_after(*row)));
  }
  return fmt::format(R"(# bash completion for earshot, made by: earshot completion bash
_earshot() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command= options= words= i
  offer() {{ mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word"); }}
  files() {{ compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word"); }}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command/${{COMP_WORDS[i]}}" in
      {}) command=$command/${{COMP_WORDS[i]}} ;;
    esac
  done
  case "$command:$before" in
{}  esac
  case "$command" in
{}  esac
  if [[ $word == -* ]]; then
    offer "$options"
  elif [[ -n $words ]]; then
    offer "$words"
  else
    files
  fi
}}
complete -F _earshot earshot
)",
                     commands, bash_values(rows), offers);
}

// Inside '...' of a shell.
std::string shell_quoted(std::string_view text) {
  std::string result;
  for (const char byte : text) result += byte == '\'' ? std::string("'\\''") : std::string(1, byte);
  return result;
}

// Inside [...] of a specification of zsh's _arguments.
std::string zsh_help(std::string_view text) {
  std::string result;
  for (const char byte : shell_quoted(text)) {
    if (byte == '[' || byte == ']' || byte == ':') result += '\\';
    result += byte;
  }
  return result;
}

std::string zsh_action(const OptionRow& option) {
  if (!option.choices.empty()) return fmt::format("({})", joined(option.choices));
  return option.takes_path() ? "_files" : "";
}

std::string zsh_spec(const OptionRow& option) {
  std::string lines;
  for (const std::string& name : option.names) {
    const std::string spec =
        fmt::format("{}[{}]{}", name, zsh_help(option.help),
                    option.value.empty() ? "" : fmt::format(":{}:{}", zsh_help(option.value), zsh_action(option)));
    lines += fmt::format(" \\\n        '{}{}'", option.repeats ? "*" : "", spec);
  }
  return lines;
}

std::string zsh_commands(const CommandRow& row) {
  std::string list;
  for (const CommandRow& below : row.commands)
    list += fmt::format(" \\\n        '{}:{}'", last_word(below), zsh_help(below.what));
  return list;
}

std::string zsh_case(const CommandRow& row) {
  std::string text = fmt::format("    '{}')\n", path_of(row));
  if (!row.commands.empty())
    return text + fmt::format("      commands=({})\n      _describe command commands ;;\n", zsh_commands(row));
  text += "      _arguments -s";
  for (const OptionRow& option : row.options) text += zsh_spec(option);
  for (const OptionRow& option : row.positionals)
    text += fmt::format(" \\\n        '*:{}:{}'", zsh_help(option.name()), zsh_action(option));
  return text + " ;;\n";
}

std::string zsh_script(const CommandRow& root) {
  std::string cases, known;
  for (const CommandRow* row : rows_of(root)) {
    cases += zsh_case(*row);
    if (!row->name.empty()) known += (known.empty() ? "" : "|") + path_of(*row);
  }
  return fmt::format(R"(#compdef earshot
# zsh completion for earshot, made by: earshot completion zsh
_earshot() {{
  local command= i
  local -a commands
  for ((i = 2; i < CURRENT; i++)); do
    case "$command/${{words[i]}}" in
      {}) command=$command/${{words[i]}}; words=("$command" "${{words[@]:$i}}"); ((CURRENT -= i - 1)); i=1 ;;
    esac
  done
  case "$command" in
{}  esac
}}
if [ "$funcstack[1]" = _earshot ]; then _earshot "$@"; else compdef _earshot earshot; fi
)",
                     known, cases);
}

std::string fish_condition(const CommandRow& row) {
  return row.name.empty() ? "__fish_use_subcommand" : fmt::format("__earshot_is {}", row.name);
}

std::string fish_script(const CommandRow& root) {
  std::string text =
      "# fish completion for earshot, made by: earshot completion fish\n"
      "function __earshot_is --description 'the command typed so far begins with these words'\n"
      "  set -l typed (commandline -opc | string match -v -- '-*')\n"
      "  set -l last (math (count $argv) + 1)\n"
      "  test (count $typed) -ge $last; and test \"$typed[2..$last]\" = \"$argv\"\n"
      "end\n"
      "complete -c earshot -f\n";
  for (const CommandRow* row : rows_of(root)) {
    for (const CommandRow& below : row->commands) {
      text += fmt::format("complete -c earshot -n '{}' -a {} -d '{}'\n", fish_condition(*row), last_word(below),
                          shell_quoted(below.what));
    }
    for (const OptionRow& option : row->options) {
      text += fmt::format("complete -c earshot -n '{}'", fish_condition(*row));
      for (const std::string& name : option.names)
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.value.empty())
        text += option.takes_path() ? " -r -F" : fmt::format(" -x -a '{}'", joined(option.choices));
      text += fmt::format(" -d '{}'\n", shell_quoted(option.help));
    }
    for (const OptionRow& option : row->positionals) {
      if (option.takes_path()) text += fmt::format("complete -c earshot -n '{}' -F\n", fish_condition(*row));
      if (!option.choices.empty())
        text += fmt::format("complete -c earshot -n '{}' -a '{}'\n", fish_condition(*row), joined(option.choices));
    }
  }
  return text;
}

}  // namespace

std::optional<std::string> completion_script(std::string_view shell, const CommandRow& root) {
  if (shell == "bash") return bash_script(root);
  if (shell == "zsh") return zsh_script(root);
  if (shell == "fish") return fish_script(root);
  return std::nullopt;
}

}  // namespace earshot::cli
