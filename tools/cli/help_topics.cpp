// The topics of `earshot help`.
#include "tools/cli/help_topics.h"

#include <fmt/format.h>

#include "tools/cli/exit_code.h"
#include "tools/node/config.h"

namespace earshot::cli {

std::string exit_code_help() {
  std::string text = "Exit codes\n";
  for (const ExitCodeRow& row : kExitCodes)
    text += fmt::format("  {:>3}  {}\n", static_cast<int>(row.code), row.meaning);
  return text;
}

std::string config_help() {
  std::string text =
      "Configuration\n"
      "  A flag beats the environment, which beats earshot.toml, which beats the default.\n"
      "  The file lies in $XDG_CONFIG_HOME/earshot (or ~/.config/earshot), or in the --datadir. An unknown key is an\n"
      "  error. 'node.listen' is written as  [node]  and below it  listen = \"0.0.0.0:4040\".\n\n";
  for (const node::Setting& setting : node::settings()) {
    text += fmt::format("  {}\n      {}\n      flag {}, environment {}, default {}\n", setting.key, setting.help,
                        setting.flag, setting.environment, setting.fallback.empty() ? "none" : setting.fallback);
  }
  text +=
      "\n  --datadir FOLDER (EARSHOT_DATADIR) puts configuration, data, state, cache and runtime files below one "
      "folder.\n";
  return text;
}

}  // namespace earshot::cli
