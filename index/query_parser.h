// A search text into a typed query (index/query.h).
//
//   query  := any
//   any    := all ("OR" all)*                      OR in capitals, between two things
//   all    := item+                                white space in between; all must hold
//   item   := "-"? (group | phrase | filter | chunk)   "-": left out of what the items before it say
//   group  := "(" any ")"
//   phrase := '"' text '"'                         these words side by side in one field
//   filter := field ":" (phrase | chunk)           title artist album genre publisher: words of that field
//           | number ":" range                     year length bitrate
//           | label ":" chunk                      codec kind licence (a licence may end in "*")
//   range  := value | value ".." value | value ".." | ".." value | ("<" | "<=" | ">" | ">=" | "=") value
//   value  := a year; a length as 90, 90s, 4m, 4m30s, 1h or 4:30; a bitrate as 256 or 256k
//   chunk  := text "*"?                            a word, or the beginning of one
//
// Every text goes through the tokenizer, so a query is cut exactly as the tracks were. A group of words of one chunk
// ("ac/dc") is one word of the query with several spellings.
//
// Rationale: people paste titles. Signs mean something only where the grammar has a use for them, at the start of an
// item, and a dash only behind another item and when no later dash closes it: 12" mix, Re:Stacks, (What's the Story),
// -M- and "Song -live mix-" are searched as they stand.
#pragma once

#include <string_view>

#include "index/query.h"
#include "index/tokenizer.h"
#include "schema/result.h"

namespace earshot::index {

/// Errors: kInvalid, "column N: what is wrong: how to mend it", columns in characters from 1.
Result<Query> parse_query(std::string_view text, const Tokenizer& tokenizer);

}  // namespace earshot::index
