// Completion scripts for shells, made from the option tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/cli/option_tree.h"

namespace earshot::cli {

/// For "bash", "zsh" or "fish"; nothing for another shell.
std::optional<std::string> completion_script(std::string_view shell, const CommandRow& root);

}  // namespace earshot::cli
