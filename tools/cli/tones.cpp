// Integer square waves and RIFF INFO tags.
#include "tools/cli/tones.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace earshot::cli {

namespace {

constexpr std::uint32_t kRate = 22'050;     // samples a second, mono, 16 bits
constexpr std::uint32_t kNote = kRate / 4;  // samples of one note
constexpr std::uint32_t kNotes = 24;        // 6 s and 265 kB a tune

constexpr std::array<std::string_view, 16> kTitles = {
    "Morning Ferry",  "Copper Kettle",   "Walk to the Lighthouse", "Seven Paper Boats",
    "Night Bus Home", "Orchard in Rain", "Long Division",          "Harbour Signals",
    "Clockmaker",     "Low Tide Waltz",  "Attic Telescope",        "Bread and Salt",
    "Quiet Machines", "Snow on Rails",   "Postcard from Oporto",   "Second Lantern"};

// Semitones above the root, one tune's scale (major pentatonic).
constexpr std::array<std::uint32_t, 5> kScale = {0, 2, 4, 7, 9};

// 2^(n/12) in parts of 2^16, rounded.
constexpr std::array<std::uint32_t, 12> kSemitone = {65'536, 69'433, 73'562,  77'936,  82'570,  87'480,
                                                     92'682, 98'193, 104'032, 110'218, 116'772, 123'715};

void put16(std::string& out, std::uint32_t value) {
  out.push_back(static_cast<char>(value & 0xFF));
  out.push_back(static_cast<char>(value >> 8 & 0xFF));
}

void put32(std::string& out, std::uint32_t value) {
  put16(out, value & 0xFFFF);
  put16(out, value >> 16);
}

void put_chunk(std::string& out, std::string_view name, std::string_view body) {
  out += name;
  put32(out, static_cast<std::uint32_t>(body.size()));
  out += body;
  if (body.size() % 2 == 1) out.push_back('\0');
}

std::string samples_of(std::size_t tune, std::uint32_t notes) {
  std::string samples;
  std::uint32_t step = static_cast<std::uint32_t>(tune) * 7 + 3;
  for (std::uint32_t note = 0; note < notes; ++note) {
    step = step * 1'664'525 + 1'013'904'223;  // a fixed sequence: which note comes next
    const std::uint32_t semitone = kScale[step / 65'536 % kScale.size()] + static_cast<std::uint32_t>(tune) % 3;
    const std::uint32_t frequency = (220u << (step >> 30 & 1)) * kSemitone[semitone % 12] / 65'536;
    for (std::uint32_t i = 0; i < kNote; ++i) {
      const bool up = i * frequency * 2 / kRate % 2 == 0;
      const std::int32_t loudness = static_cast<std::int32_t>(6'000 * (kNote - i) / kNote);
      put16(samples, static_cast<std::uint32_t>(up ? loudness : -loudness) & 0xFFFF);
    }
  }
  return samples;
}

std::string wave_of(std::size_t tune, std::uint32_t notes) {
  std::string format;
  put16(format, 1);  // PCM
  put16(format, 1);  // channels
  put32(format, kRate);
  put32(format, kRate * 2);
  put16(format, 2);
  put16(format, 16);
  std::string info = "INFO";
  put_chunk(info, "INAM", std::string(kTitles[tune]) + '\0');
  put_chunk(info, "IART", std::string("The Plain Tones") + '\0');
  put_chunk(info, "IPRD", std::string("Generated") + '\0');
  std::string body = "WAVE";
  put_chunk(body, "fmt ", format);
  put_chunk(body, "LIST", info);
  put_chunk(body, "data", samples_of(tune, notes));
  std::string file;
  put_chunk(file, "RIFF", body);
  return file;
}

Result<void> write_file(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return fail(ErrorCode::kDisk, "write '{}'", file.string());
  return {};
}

}  // namespace

Result<std::vector<std::filesystem::path>> write_tones(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (std::size_t tune = 0; tune < kTitles.size(); ++tune) {
    files.push_back(folder / fmt::format("{}.wav", kTitles[tune]));
    if (auto written = write_file(files.back(), wave_of(tune, kNotes)); !written) return tl::unexpected(written.error());
  }
  return files;
}

Result<void> write_long_tune(const std::filesystem::path& file, std::uint32_t notes) {
  return write_file(file, wave_of(0, notes));
}

}  // namespace earshot::cli
