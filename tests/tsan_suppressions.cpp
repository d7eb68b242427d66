// libzmq, libsodium and libspdlog are not built with TSan, so what they guard themselves looks unguarded. Reports with a frame inside
// them are left out; linked into the threaded tests that use them.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:libzmq.so\nrace:libspdlog.so\nrace:libsodium.so\n"; }
