// libzmq, libsodium, libspdlog and librocksdb are not built with TSan, so what they guard themselves looks unguarded (of RocksDB the
// atomics that order its memtables: each read of a record beside a writer). Reports with a frame inside them are left out; linked into
// the threaded tests that use them.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:libzmq.so\nrace:libspdlog.so\nrace:libsodium.so\nrace:librocksdb.so\n";
}
