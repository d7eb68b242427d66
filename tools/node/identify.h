// The content id of a file, computed from its bytes alone: the check that trusts neither a peer nor a store.
#pragma once

#include <filesystem>

#include "schema/ids.h"
#include "schema/result.h"

namespace earshot::node {

/// Errors: kUnsupported for a scheme without a digest of bytes, kDisk, kInvalid (empty or too large).
Result<ContentId> identify(const std::filesystem::path& file, Scheme scheme);

}  // namespace earshot::node
