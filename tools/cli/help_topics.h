// What `earshot help` says beyond the commands: exit codes and the configuration, both from their tables.
#pragma once

#include <string>

namespace earshot::cli {

std::string exit_code_help();
std::string config_help();

}  // namespace earshot::cli
