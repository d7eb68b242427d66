// What ThreadSanitizer cannot see: the packaged RocksDB is not instrumented, so the atomics that order its memtables
// are invisible, and each read of a record beside a writer looks like a race inside of it. Our own races have no frame
// there.
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() { return "race:librocksdb.so\n"; }
