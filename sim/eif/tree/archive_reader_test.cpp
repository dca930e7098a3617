// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/archive_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <string>

#include "sim/eif/testing/archive_fixture.h"

namespace glovebox::eif {
namespace {

using testing::TarBuilder;

// Memory ends after so many pieces.
class LackingSource final : public ByteSource {
  public:
    LackingSource(BytesView bytes, int pieces) : rest_(bytes), pieces_(pieces) {}
    Result<std::size_t> read(std::span<std::uint8_t> out) override {
        if (pieces_-- == 0)
            throw std::bad_alloc();
        return rest_.read(out.first(std::min(out.size(), piece)));
    }

    static constexpr std::size_t piece = 512;

  private:
    MemorySource rest_;
    int pieces_;
};

void read_all(ByteSource& source) {
    const auto reader = TarReader::open(source);
    if (!reader)
        FAIL() << reader.error().message;
    for (;;) {
        const auto entry = (*reader)->next();
        if (!entry)
            FAIL() << entry.error().message;
        if (!*entry)
            return;
        Bytes content((*entry)->size);
        if (const auto got = read_full((*reader)->content(), content); !got)
            FAIL() << got.error().message;
    }
}

TEST(TarReader, ALackOfMemoryIsNoDefectOfTheArchive) {
    const Bytes archive = TarBuilder().file("a", std::string(4000, 'a')).file("b", "b").take();
    int lacked = 0;
    for (std::size_t pieces = 0; pieces * LackingSource::piece < archive.size(); ++pieces) {
        LackingSource source(archive, static_cast<int>(pieces));
        try {
            read_all(source);
        } catch (const std::bad_alloc&) {
            ++lacked;
        }
    }
    EXPECT_GT(lacked, 10);
    MemorySource whole(archive);
    read_all(whole);
}

}  // namespace
}  // namespace glovebox::eif
