// Lines of JSON that the command line itself writes, where no node is asked. nlohmann::json stays inside own_lines.cpp.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tools/cli/doctor_findings.h"
#include "tools/node/config.h"

namespace earshot::cli {

std::string setting_line(const node::Setting& setting, const node::Decided& decided);
std::string path_line(std::string_view what, const std::filesystem::path& path);
std::string finding_line(const Finding& finding);
/// A script or a page: {"type": "text", "name", "text"}.
std::string text_line(std::string_view name, std::string_view text);
/// {"type": "up", ...}: a node runs in the background.
std::string up_line(std::string_view self, std::int64_t pid, bool was_running, std::string_view page);
std::string down_line(bool was_running);

/// "default", "file", "environment", "flag".
std::string_view name_of(node::Origin origin);

}  // namespace earshot::cli
