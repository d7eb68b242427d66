// Reads tags, and hashes sound, in a process of its own: a file is a stranger's bytes, and a parser of six formats has bugs.
//
// 1. The child gets open files over a socket and opens none itself: seccomp allows it to read, to allocate and to answer, and
//    kills it for anything else. 256 MiB of memory, two seconds of CPU a file and one more for each 100 MB, no files to write.
// 2. A child that dies, hangs, or answers nonsense costs its file and nothing else; the next file gets a new child.
// 3. A child is replaced after kFilesPerChild files, so that what leaks does not pile up.
//
// Under sanitizers the limits on memory and system calls are off: they need both for themselves.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "schema/result.h"
#include "schema/time.h"
#include "tools/node/beneath.h"
#include "tools/node/tag_message.h"

namespace earshot::node {

inline constexpr unsigned kFilesPerChild = 1000;

/// The word that makes the program be the child: its first argument.
inline constexpr const char* kTagChildWord = "tag-child";

class TagChild {
 public:
  struct Options {
    std::vector<std::string> command;  // empty: this program, with kTagChildWord
    Duration patience = 10s;           // with a file; more by one second for each 20 MB
  };

  explicit TagChild(Options options) : options_(std::move(options)) {}
  ~TagChild();
  TagChild(const TagChild&) = delete;
  TagChild& operator=(const TagChild&) = delete;

  /// One at a time. Errors: those of index::read_tags, kCorrupt when the file killed the child, kTimedOut when it hung,
  /// kExhausted when no child can be started.
  Result<AudioFile> read(int descriptor, const std::filesystem::path& name);

  /// The picture in its tags: JPEG, PNG or WebP by its first bytes, at most kMaxArt. Errors: as read(), kNotFound when there is
  /// none, kUnsupported for another kind of picture.
  Result<std::string> art(int descriptor, const std::filesystem::path& name);

  /// Children started so far.
  unsigned started() const { return started_; }

 private:
  Result<void> start();
  Result<std::string> exchange(int descriptor, int memory, const std::filesystem::path& name);
  template <class T>
  Result<T> judged(Result<T> decoded);
  std::string end();

  Options options_;
  OpenFile socket_;
  pid_t process_ = -1;
  unsigned files_ = 0;  // given to this child
  unsigned started_ = 0;
};

/// The child's side, on the socket that is its standard input; the program's exit code.
int run_tag_child();

}  // namespace earshot::node
