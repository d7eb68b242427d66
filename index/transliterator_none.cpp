// Built without ICU: nothing is transliterated.
#include "index/transliterator.h"

namespace earshot::index {

const Transliterator* Transliterator::instance() { return nullptr; }

std::string Transliterator::rule() { return ""; }

}  // namespace earshot::index
