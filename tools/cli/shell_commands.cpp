// The commands that answer from our own tables, without a node: completion, man, config.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tools/cli/commands.h"
#include "tools/cli/completion.h"
#include "tools/cli/man_page.h"
#include "tools/cli/own_lines.h"
#include "tools/cli/render.h"
#include "tools/node/api.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

ExitCode print(const std::string& name, std::string text, Console& console) {
  while (text.ends_with('\n')) text.pop_back();
  console.data(console.json() ? text_line(name, text) : text);
  return ExitCode::kDone;
}

ExitCode write_pages(const std::vector<ManPage>& pages, const fs::path& folder, Console& console) {
  std::error_code error;
  fs::create_directories(folder, error);
  for (const ManPage& page : pages) {
    const fs::path file = folder / page.file_name();
    std::ofstream out(file, std::ios::binary);
    out << page.text;
    out.close();
    if (!out) return console.failed({ErrorCode::kDisk, fmt::format("cannot write '{}'", file.string())});
    console.data(console.json() ? path_line("man", file) : file.string());
  }
  return ExitCode::kDone;
}

// As the file would hold it.
std::string shown_value(const node::Setting& setting, const node::Decided& decided) {
  if (setting.shape == node::Shape::kNumber || setting.shape == node::Shape::kSwitch) return decided.texts.front();
  std::vector<std::string> quoted;
  for (const std::string& text : decided.texts) quoted.push_back("\"" + printable(text) + "\"");
  return setting.shape == node::Shape::kList ? fmt::format("[{}]", fmt::join(quoted, ", ")) : quoted.front();
}

}  // namespace

ExitCode completion(const Invocation& invocation, Console& console) {
  const auto script = completion_script(invocation.what, option_tree());
  if (!script) return console.failed({ErrorCode::kInvalid, "completion knows bash, zsh and fish"});
  return print(invocation.what, *script, console);
}

ExitCode man(const Invocation& invocation, Console& console) {
  const auto pages = man_pages(option_tree(), node::version());
  if (!invocation.out.empty()) return write_pages(pages, invocation.out, console);
  const std::string wanted = invocation.what.empty() ? "earshot" : invocation.what;
  const auto found = std::find_if(pages.begin(), pages.end(), [&](const ManPage& page) {
    return page.name == wanted || page.name == "earshot-" + wanted || page.file_name() == wanted;
  });
  if (found != pages.end()) return print(found->file_name(), found->text, console);
  std::vector<std::string> names;
  for (const ManPage& page : pages) names.push_back(page.name);
  const std::string hint = nearest(wanted, names);
  return console.failed(
      {ErrorCode::kInvalid, fmt::format("there is no page '{}'{}", printable(wanted),
                                        hint.empty() ? "" : fmt::format(" (did you mean '{}'?)", hint))});
}

ExitCode show_config(const Invocation& invocation, const node::Config& config, Console& console) {
  for (const node::Setting& setting : node::settings()) {
    const node::Decided& decided = node::decided_on(config, setting.key);
    if (console.json()) {
      console.data(setting_line(setting, decided));
      continue;
    }
    const std::string line = fmt::format("{:<16} = {}", setting.key, shown_value(setting, decided));
    console.data(invocation.origin ? fmt::format("{:<52} # {}", line, printable(decided.place)) : line);
  }
  return ExitCode::kDone;
}

ExitCode show_paths(const Invocation& invocation, const node::Config& config, Console& console) {
  const node::Folders& folders = config.folders;
  const fs::path file = node::config_file_of(folders, invocation.config, node::process_environment());
  for (const auto& [what, path] : {std::pair<std::string_view, fs::path>{"config", file},
                                   {"data", folders.data},
                                   {"state", folders.state},
                                   {"cache", folders.cache},
                                   {"runtime", folders.runtime},
                                   {"download", folders.download},
                                   {"socket", folders.runtime / "earshot.sock"},
                                   {"token", config.token_file},
                                   {"log", background_log(config)}}) {
    console.data(console.json() ? path_line(what, path) : fmt::format("{:<9} {}", what, printable(path.string())));
  }
  return ExitCode::kDone;
}

}  // namespace earshot::cli
