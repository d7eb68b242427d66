// The content id of a track that is only described: metadata rows without audio, so that two nodes that hold the same row
// name it alike.
//
//   text   := artist 0x1F title 0x1F album 0x1F seconds          each text normalised, seconds rounded, decimal
//   digest := XXH3-128(text, seed 1) XXH3-128(text, seed 2)      in xxHash's canonical byte order
//   normalised: NFKC with case folding, typographic quotes and dashes as ' and -, runs of white space as one space
//
// XXH3 is fast and not collision-resistant: whoever likes can describe two tracks with one id. That gains nothing, since
// there is no content to verify behind a description; ids of contents come from stream.
#pragma once

#include <string>
#include <string_view>

#include "schema/ids.h"
#include "schema/track.h"

namespace earshot::index {

/// REQUIRES: the texts are clean UTF-8.
ContentId described_id(const Track& track);

/// `text` as it enters the digest.
std::string normalized(std::string_view text);

}  // namespace earshot::index
