// troff: every line of text is escaped, so that nothing of it becomes a request.
#include "tools/cli/man_page.h"

#include <fmt/format.h>

#include "tools/cli/exit_code.h"
#include "tools/node/config.h"

namespace earshot::cli {

namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char byte : text) {
    if (byte == '\\')
      result += "\\e";
    else if (byte == '-')
      result += "\\-";
    else if (byte == '\'')
      result += "\\(aq";
    else if (byte == '\n')
      result += ' ';
    else
      result += byte;
  }
  if (result.starts_with('.')) result.insert(0, "\\&");
  return result;
}

// The day on which what these pages say was last revised; a day of the build would make builds differ.
constexpr std::string_view kRevised = "2026-11-20";

std::string header(std::string_view name, int section, std::string_view version) {
  return fmt::format(".\\\" Made from the option tree by: earshot man\n.TH {} {} \"{}\" \"earshot {}\" \"earshot\"\n",
                     escaped(name), section, kRevised, version);
}

std::string heading(std::string_view title) {
  return fmt::format(".SH {}\n", title);
}

std::string tagged(std::string_view tag, std::string_view text) {
  return fmt::format(".TP\n{}\n{}\n", tag, escaped(text));
}

std::string tag_of(const OptionRow& option) {
  std::string tag;
  for (const std::string& name : option.names)
    tag += fmt::format("{}\\fB{}\\fR", tag.empty() ? "" : ", ", escaped(name));
  if (option.value.empty()) return tag;
  const std::string value = option.choices.empty() ? option.value : fmt::format("{}", fmt::join(option.choices, "|"));
  return tag + fmt::format(" \\fI{}\\fR", escaped(value));
}

std::string text_of(const OptionRow& option) {
  std::string text = option.help;
  if (option.required) text += " (required)";
  if (option.repeats && !option.names.front().empty() && option.names.front().starts_with('-'))
    text += " (may be repeated)";
  if (!option.fallback.empty()) text += fmt::format(" (default: {})", option.fallback);
  return text;
}

std::string synopsis(const CommandRow& row) {
  std::string text = fmt::format(".B earshot {}\n[\\fIoptions\\fR]", escaped(row.name));
  for (const OptionRow& option : row.positionals) {
    const std::string word = fmt::format("\\fI{}\\fR{}", escaped(option.name()), option.repeats ? "..." : "");
    text += option.required ? " " + word : " [" + word + "]";
  }
  return text + "\n";
}

std::string page_name(const CommandRow& row) {
  std::string name = "earshot-" + row.name;
  for (char& byte : name) {
    if (byte == ' ') byte = '-';
  }
  return name;
}

std::string exit_status() {
  std::string text = heading("EXIT STATUS");
  for (const ExitCodeRow& row : kExitCodes)
    text += tagged(fmt::format("\\fB{}\\fR", static_cast<int>(row.code)), row.meaning);
  return text;
}

ManPage command_page(const CommandRow& row, std::string_view version) {
  const std::string name = page_name(row);
  std::string text = header(name, 1, version);
  text += heading("NAME") + fmt::format("{} \\- {}\n", escaped(name), escaped(row.what));
  text += heading("SYNOPSIS") + synopsis(row);
  if (!row.positionals.empty()) {
    text += heading("ARGUMENTS");
    for (const OptionRow& option : row.positionals)
      text += tagged(fmt::format("\\fI{}\\fR", escaped(option.name())), text_of(option));
  }
  text += heading("OPTIONS");
  for (const OptionRow& option : row.options) text += tagged(tag_of(option), text_of(option));
  text += exit_status();
  text += heading("SEE ALSO") + ".BR earshot (1),\n.BR earshot.toml (5),\n.BR earshot (7)\n";
  return {name, 1, text};
}

ManPage program_page(const CommandRow& root, const std::vector<const CommandRow*>& commands, std::string_view version) {
  std::string text = header("earshot", 1, version);
  text += heading("NAME") + "earshot \\- find and play music in a network without servers\n";
  text += heading("SYNOPSIS") + ".B earshot\n\\fIcommand\\fR [\\fIoptions\\fR]\n";
  text += heading("DESCRIPTION") +
          "Every node indexes its own tracks, asks its neighbors, and fetches what was found, verified chunk by chunk, "
          "from\n"
          "everyone who holds it.\nCommands talk to the node of the data folder;\n"
          "searching and fetching start a short\\-lived node of their own where none runs.\n"
          "Data goes to standard output, everything else to standard error.\n";
  text += heading("COMMANDS");
  for (const CommandRow* row : commands)
    text += tagged(fmt::format("\\fBearshot {}\\fR", escaped(row->name)), row->what + ": " + page_name(*row) + "(1)");
  text += heading("OPTIONS");
  for (const OptionRow& option : root.options) text += tagged(tag_of(option), text_of(option));
  text += exit_status();
  text += heading("EXAMPLES");
  for (const auto& [line, what] :
       {std::pair{"earshot up --share ~/Music", "Run a node in the background and share a folder."},
        {"earshot search so what", "Rows appear as answers come."},
        {"earshot get 1", "Fetch the first row, verified."},
        {"earshot doctor", "What is wrong, and how to mend it."},
        {"earshot demo", "A whole network on this machine."}})
    text += tagged(fmt::format("\\fB{}\\fR", escaped(line)), what);
  text += heading("SEE ALSO") + ".BR earshot.toml (5),\n.BR earshot (7)\n";
  return {"earshot", 1, text};
}

ManPage config_page(std::string_view version) {
  std::string text = header("earshot.toml", 5, version);
  text += heading("NAME") + "earshot.toml \\- configuration of earshot\n";
  text +=
      heading("DESCRIPTION") +
      "A TOML file of at most 64 KiB.\nA flag beats the environment, which beats the file, which beats the default;\n"
      "\\fBearshot config show \\-\\-origin\\fR says where each value comes from.\n"
      "An unknown key, a wrong type or a value out of range is an error that names its line.\n"
      "The key \\fBnode.listen\\fR is written as \\fBlisten\\fR in the table \\fB[node]\\fR.\n";
  text += heading("KEYS");
  for (const node::Setting& setting : node::settings()) {
    std::string what = fmt::format("{}. Flag {}, environment {}, default {}", setting.help, setting.flag,
                                   setting.environment, setting.fallback.empty() ? "none" : setting.fallback);
    if (!setting.index_fallback.empty()) what += fmt::format(" ({} for role \"index\")", setting.index_fallback);
    text += tagged(fmt::format("\\fB{}\\fR = \\fI{}\\fR", escaped(setting.key), escaped(setting.value)), what + ".");
  }
  text += heading("EXAMPLE") +
          ".nf\n[node]\nlisten = \"0.0.0.0:4040\"\nbootstrap = [\"earshot://KEY@192.0.2.7:4040\"]\n\n[share]\n"
          "folders = [\"/srv/music\"]\n.fi\n";
  text +=
      heading("FILES") +
      tagged("\\fI$XDG_CONFIG_HOME/earshot/earshot.toml\\fR", "Of a person; ~/.config where the variable is not set.") +
      tagged("\\fI/etc/earshot/earshot.toml\\fR", "Of the system's node (earshot.service).");
  text += heading("SEE ALSO") + ".BR earshot (1),\n.BR earshot (7)\n";
  return {"earshot.toml", 5, text};
}

ManPage overview_page(std::string_view version) {
  std::string text = header("earshot", 7, version);
  text += heading("NAME") + "earshot \\- files, ports, environment and promises of earshot\n";
  text += heading("QUESTIONS") +
          "All words of a question must occur in a track's title, artist, album or genre;\naccents and case do not "
          "matter;\n"
          "\\fBword*\\fR matches beginnings.\n";
  text += heading("FILES");
  for (const auto& [path, what] :
       {std::pair{"data/key", "The node's identity. Whoever has it is this node. Mode 0600."},
        {"data/index", "The index, on RocksDB. It can be rebuilt from the shared folders."},
        {"data/ppspp", "Chunks that were fetched and verified."},
        {"state", "What is shared, remembered contacts, the rows of the last search, the log of earshot up."},
        {"run/earshot.sock", "The HTTP API for the node's own user. Mode 0600."},
        {"run/token", "The token for the HTTP API on loopback, new at every start. Mode 0600."}})
    text += tagged(fmt::format("\\fI{}\\fR", escaped(path)), what);
  text += "\\fBearshot config paths\\fR says where they lie.\n";
  text += heading("PORTS");
  for (const auto& [port, what] :
       {std::pair{"TCP 4040 (node.listen)", "Other nodes dial it. Encrypted and authenticated by key."},
        {"UDP, any free one (stream.port)", "Music is served there, every chunk checked by its receiver."},
        {"TCP on 127.0.0.1 (http.port)", "The HTTP API. Needs the token; /metrics is there for Prometheus."}})
    text += tagged(escaped(port), what);
  text += heading("ENVIRONMENT");
  text += tagged("\\fBEARSHOT_DATADIR\\fR, \\fBEARSHOT_CONFIG\\fR", "As --datadir and --config.");
  text += tagged("\\fBNO_COLOR\\fR", "When set and not empty, no colours (unless --color always).");
  for (const node::Setting& setting : node::settings())
    text += tagged(fmt::format("\\fB{}\\fR", escaped(setting.environment)), fmt::format("As {}.", setting.flag));
  text += heading("SEE ALSO") + ".BR earshot (1),\n.BR earshot.toml (5)\n";
  return {"earshot", 7, text};
}

}  // namespace

std::vector<ManPage> man_pages(const CommandRow& root, std::string_view version) {
  const auto commands = all_commands(root);
  std::vector<ManPage> pages = {program_page(root, commands, version)};
  for (const CommandRow* row : commands) pages.push_back(command_page(*row, version));
  pages.push_back(config_page(version));
  pages.push_back(overview_page(version));
  return pages;
}

}  // namespace earshot::cli
