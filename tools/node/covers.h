// Pictures of what is shared: the one in a file's tags, else one that lies beside it (cover, folder or front; .jpg, .jpeg,
// .png or .webp). Both are a stranger's bytes: tags are read in the limited child (tools/node/tag_child.h), files are opened beneath
// the share, nothing is decoded, and only what begins as JPEG, PNG or WebP goes out.
#pragma once

#include <filesystem>
#include <string>

#include "schema/ids.h"
#include "schema/result.h"
#include "tools/node/scanner.h"
#include "tools/node/tag_child.h"

namespace earshot::node {

/// One call at a time; one takes as long as reading the file's tags.
class Covers {
 public:
  /// `scanner` must outlive it.
  Covers(const Scanner& scanner, TagChild::Options options) : scanner_(scanner), child_(std::move(options)) {}

  /// At most kMaxArt bytes. Errors: kNotFound for what is not shared here or has no picture, those of open_beneath.
  Result<std::string> cover_of(const ContentId& content);

 private:
  const Scanner& scanner_;
  TagChild child_;
};

}  // namespace earshot::node
