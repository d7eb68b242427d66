// The rows of the last search, so that `earshot get 1` knows what 1 is: one line of JSON a row, in the state folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "schema/result.h"

namespace earshot::cli {

/// Lines of type "hit", in the order in which a person saw them.
Result<void> remember_search(const std::filesystem::path& state, const std::vector<std::string>& lines);

/// Row `number`, from 1. Errors: kNotFound.
Result<std::string> row_of_last_search(const std::filesystem::path& state, std::size_t number);

/// The row of a content, when the last search saw it. Errors: kNotFound.
Result<std::string> row_with_content(const std::filesystem::path& state, const std::string& content);

}  // namespace earshot::cli
