// The table is written by embed_page.cmake from what lies in tools/web/dist.
#include "tools/node/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/node/page_files.inc"

namespace earshot::node {

namespace {

// Everything from here, nothing inline, nothing framed. Pictures may also be Blobs that the page made of what it fetched,
// and sound may come from the radio, which is another port of this machine.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' http://127.0.0.1:* http://localhost:*; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

}  // namespace

std::span<const PageFile> page_files() {
  return kPageFiles;
}

const PageFile* page_file(std::string_view path) {
  const auto found =
      std::find_if(kPageFiles.begin(), kPageFiles.end(), [&](const PageFile& file) { return file.path == path; });
  return found == kPageFiles.end() ? nullptr : &*found;
}

std::string page_fields(const PageFile& file) {
  return fmt::format("Content-Type: {}\r\n{}Cache-Control: {}\r\nContent-Security-Policy: {}\r\n{}", file.type,
                     file.gzipped ? "Content-Encoding: gzip\r\n" : "",
                     file.lasting ? "private, max-age=31536000, immutable" : "no-cache", kPolicy,
                     file.path == "/" ? "Cross-Origin-Opener-Policy: same-origin\r\n"
                                        "Permissions-Policy: camera=(), geolocation=(), microphone=(self)\r\n"
                                      : "");
}

}  // namespace earshot::node
