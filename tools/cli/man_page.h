// Manual pages as troff source (man(7)), made from the option tree and the tables of settings and exit codes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/option_tree.h"

namespace earshot::cli {

struct ManPage {
  std::string name;  // "earshot-search"
  int section = 1;
  std::string text;

  std::string file_name() const { return name + "." + std::to_string(section); }
};

/// earshot(1), one page for each command, earshot.toml(5) and earshot(7). `version` stands in the footer.
std::vector<ManPage> man_pages(const CommandRow& root, std::string_view version);

}  // namespace earshot::cli
