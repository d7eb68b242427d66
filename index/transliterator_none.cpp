// Built without ICU: nothing is transliterated.
#include "index/transliterator.h"

namespace earshot::index {

std::unique_ptr<const Transliterator> Transliterator::make() { return nullptr; }

std::string Transliterator::rule() { return ""; }

}  // namespace earshot::index
