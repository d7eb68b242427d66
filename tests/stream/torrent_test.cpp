// The torrent engine against itself: one engine has the files of a torrent, the other only a link.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "stream/ppspp/merkle_hash.h"
#include "stream/torrent/engine.h"
#include "tests/stream/content.h"

namespace earshot::stream::torrent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::size_t kPiece = 16 * 1024;

std::string text(std::string_view words) { return fmt::format("{}:{}", words.size(), words); }

Bytes sha1(ByteView bytes) {
  const Digest32 digest = ppspp::chunk_hash(ppspp::MerkleHash::kSha1, bytes);
  return {digest.begin(), digest.begin() + kInfoHashSize};
}

/// An album of a small file and a large one, and the torrent that describes it, written by hand.
struct Album {
  Bytes notes = ppspp::random_bytes(1, 5'000), sound = ppspp::random_bytes(2, 500'000);
  std::string info;
  std::string id;

  Album() {
    Bytes all = notes;
    all.insert(all.end(), sound.begin(), sound.end());
    std::string pieces;
    for (std::size_t at = 0; at < all.size(); at += kPiece) {
      const Bytes hash = sha1(ByteView(all).subspan(at, std::min(kPiece, all.size() - at)));
      pieces.append(hash.begin(), hash.end());
    }
    const auto file = [](std::string_view name, std::size_t size) {
      return fmt::format("d6:lengthi{}e4:pathl{}ee", size, text(name));
    };
    info = fmt::format("d5:filesl{}{}e4:name5:album12:piece lengthi{}e6:pieces{}e", file("notes.txt", notes.size()),
                       file("sound.ogg", sound.size()), kPiece, text(pieces));
    id = to_hex(sha1(as_bytes(info)));
  }
  static void write(const fs::path& file, ByteView bytes) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  /// Puts everything where an engine expects it; returns the .torrent.
  fs::path lay_out(const fs::path& folder) const {
    write(folder / id / "album/notes.txt", notes);
    write(folder / id / "album/sound.ogg", sound);
    write(folder / "album.torrent", as_bytes(fmt::format("d4:info{}e", info)));
    return folder / "album.torrent";
  }
};

class Torrents : public testing::Test {
 protected:
  static constexpr Duration kPatience = 20s;

  std::unique_ptr<Engine> engine(const std::string& name) {
    EngineOptions options;
    options.folder = root_ / name;
    options.listen = endpoint_from("127.0.0.1:0").value();
    options.reach_out = false;
    return open_engine(options).value();
  }
  /// Reads a stream to its end.
  static Result<Bytes> all_of(Stream& stream, Duration patience = kPatience) {
    Bytes bytes, block(64 * 1024);
    while (true) {
      const auto got = stream.read(bytes.size(), block, patience);
      if (!got) return tl::unexpected(got.error());
      if (*got == 0) return bytes;
      bytes.insert(bytes.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(*got));
    }
  }
  void TearDown() override { fs::remove_all(root_); }

  const fs::path root_ = fs::path(testing::TempDir()) / fmt::format("torrents-{}", ::getpid());
  const Album album_;
};

TEST_F(Torrents, AMagnetLinkAndAPeerAreEnoughForTheLargestFileAndForANamedOne) {
  const auto seeder = engine("seeder");
  const ContentId content = seeder->introduce(album_.lay_out(root_ / "seeder").string()).value();
  EXPECT_EQ(to_string(content), "torrent:" + album_.id);
  EXPECT_EQ(seeder->port(), 0) << "nothing happens before the first torrent";
  const auto source = seeder->open(content, {}).value();
  ASSERT_EQ(all_of(*source), album_.sound) << "files that lie there are checked, not fetched";

  const auto leecher = engine("leecher");
  ASSERT_EQ(leecher->introduce("magnet:?xt=urn:btih:" + album_.id), content);
  const Endpoint provider{endpoint_from("127.0.0.1:0").value().address, seeder->port()};
  const auto stream = leecher->open(content, {&provider, 1}).value();
  stream->want(std::vector<Wish>{{{0, 1000}, 1s, /*from_end=*/false}, {{1000, 1000}, 1s, /*from_end=*/true}}, Rest::kFetch);
  ASSERT_EQ(all_of(*stream), album_.sound);
  EXPECT_TRUE(stream->status().complete);
  EXPECT_EQ(stream->status().file.filename(), "sound.ogg");
  ASSERT_EQ(stream->status().sources.size(), 1u);
  EXPECT_EQ(stream->status().sources[0].endpoint, provider);

  const auto first = leecher->open(content_id_from("torrent:" + album_.id + ":1").value(), {}).value();
  EXPECT_EQ(all_of(*first), album_.notes);
  const auto third = leecher->open(content_id_from("torrent:" + album_.id + ":3").value(), {});
  ASSERT_FALSE(third);
  EXPECT_THAT(third.error().what, HasSubstr("has 2 files"));
}

TEST_F(Torrents, WhatWasFetchedIsThereAfterARestartByItsIdAlone) {
  ContentId content;
  {
    const auto before = engine("seeder");
    content = before->introduce(album_.lay_out(root_ / "seeder").string()).value();
    ASSERT_EQ(all_of(*before->open(content, {}).value()), album_.sound);
  }
  fs::remove(root_ / "seeder/album.torrent");
  const auto after = engine("seeder");
  EXPECT_EQ(all_of(*after->open(content, {}).value()), album_.sound);
}

TEST_F(Torrents, APieceThatDoesNotFitItsHashIsNotHandedOn) {
  const auto seeder = engine("seeder");
  const fs::path torrent = album_.lay_out(root_ / "seeder");
  Bytes altered = album_.sound;
  altered[100'000] ^= 1;
  Album::write(root_ / "seeder" / album_.id / "album/sound.ogg", altered);
  const auto stream = seeder->open(seeder->introduce(torrent.string()).value(), {}).value();
  Bytes block(1024);
  ASSERT_EQ(stream->read(0, block, kPatience), 1024u);
  const auto got = stream->read(100'000, block, 10ms);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kTimedOut);
  EXPECT_FALSE(stream->status().complete);
}

TEST_F(Torrents, WhatIsNoTorrentIsRefusedWithAReason) {
  const auto any = engine("any");
  EXPECT_EQ(any->introduce("magnet:?xt=urn:btih:xyz").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(any->introduce("/nowhere.torrent").error().code, ErrorCode::kInvalid);
  const std::string version2 = "magnet:?xt=urn:btmh:1220" + std::string(64, 'a');
  EXPECT_EQ(any->introduce(version2).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(any->open({Scheme::kPpspp, {}}, {}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(any->share("/etc/hostname", {}).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace earshot::stream::torrent
