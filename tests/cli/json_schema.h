// A validator for the part of JSON Schema that our schemas use. Stricter than the standard in one thing: a field that
// no schema describes is a complaint, so that nothing is written that is not documented.
#pragma once

#include <filesystem>
#include <string>

namespace earshot::cli {

/// What is wrong with this line by the schema in `file`; empty when nothing is.
std::string complaint_about(const std::string& line, const std::filesystem::path& file);

}  // namespace earshot::cli
