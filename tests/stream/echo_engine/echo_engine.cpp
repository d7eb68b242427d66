// Reads what it is asked for.
#include "tests/stream/echo_engine/echo_engine.h"

#include <algorithm>

namespace earshot::stream::echo {

namespace {

class EchoStream final : public Stream {
 public:
  explicit EchoStream(const Digest32& text) : text_(text) {}
  void add_providers(std::span<const Endpoint>) override {}
  void want(std::span<const Wish>, Rest) override {}
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into, Duration) override {
    const ByteView rest = ByteView(text_).subspan(std::min<std::uint64_t>(offset, text_.size()));
    const std::size_t size = std::min(into.size(), rest.size());
    std::copy_n(rest.begin(), size, into.begin());
    return size;
  }
  Status status() const override {
    Status status;
    status.size = status.verified = text_.size();
    status.complete = true;
    return status;
  }

 private:
  Digest32 text_;
};

class EchoEngine final : public Engine {
 public:
  Scheme scheme() const override { return Scheme::kDescribed; }
  std::uint16_t port() const override { return 0; }
  Result<std::unique_ptr<Stream>> open(const ContentId& content, std::span<const Endpoint>) override {
    if (content.scheme != scheme()) return fail(ErrorCode::kInvalid, "{} is not for this engine", to_string(content));
    return std::make_unique<EchoStream>(content.digest);
  }
  Result<ContentId> share(const std::filesystem::path& file, const std::function<bool(std::uint64_t)>&) override {
    return fail(ErrorCode::kUnsupported, "{} cannot be shared by an echo", file.string());
  }
  bool moved(const std::filesystem::path&, const std::filesystem::path&) override { return false; }
  void forget(const ContentId&) override {}
};

}  // namespace

Result<std::unique_ptr<Engine>> open_engine(const EngineSettings&) { return std::make_unique<EchoEngine>(); }

}  // namespace earshot::stream::echo
