// The filters of a search text that are not words: year:1959..1965, length:<4m, bitrate:>=256, codec:flac, kind:track,
// licence:cc-by.
#pragma once

#include <optional>
#include <string_view>

#include "index/query.h"
#include "schema/result.h"

namespace earshot::index {

/// The text field that `name` calls, in any case.
std::optional<Field> field_named(std::string_view name);

/// True when parse_filter knows the name, in any case.
bool is_filter(std::string_view name);

/// Errors: kInvalid, what is wrong and how to mend it. REQUIRES: is_filter(name).
Result<Node> parse_filter(std::string_view name, std::string_view value);

}  // namespace earshot::index
