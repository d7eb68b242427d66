// The page's files (tools/web/dist), in the program itself: what a browser gets for "/" and what that asks for. They
// hold no secret and are the same for everybody, so they need no token; what they show they must ask the API for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace earshot::node {

/// One file as it is sent.
struct PageFile {
  std::string_view path;  // "/assets/index-Dh1x.js"; "/" is the page itself
  std::string_view type;  // Content-Type
  bool gzipped = false;   // Content-Encoding
  bool lasting = false;   // its name has a hash of its bytes in it: kept by browsers for ever
  std::span<const std::uint8_t> bytes;
};

/// The file of a path, without query; nullptr when there is none.
const PageFile* page_file(std::string_view path);

/// Every file, "/" first.
std::span<const PageFile> page_files();

/// The header lines that a file is sent with, each with its CRLF: what it is, who may frame or run it, how long it lasts.
std::string page_fields(const PageFile& file);

}  // namespace earshot::node
