#include "sim/eif/measurement.h"

#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "sim/eif/signature_section.h"

namespace glovebox::eif {
namespace {

// Below this a second thread costs more than it brings.
constexpr std::size_t parallel_size_min = 4 << 20;
// The CRC is computed in blocks that whichever thread is idle takes.
constexpr std::size_t crc_block_size = 16 << 20;
// What is read before pages are given back.
constexpr std::size_t piece_size = 2 << 20;

using Content = std::vector<BytesView>;

struct Contents {
    Content pcr0, pcr1, pcr2;
};

Contents contents_of(const Image& image) {
    Contents contents;
    bool first_ramdisk = true;
    for (const Section& section : image.sections()) {
        if (section.type == SectionType::kernel || section.type == SectionType::cmdline) {
            contents.pcr0.push_back(section.data);
            contents.pcr1.push_back(section.data);
        } else if (section.type == SectionType::ramdisk) {
            contents.pcr0.push_back(section.data);
            (first_ramdisk ? contents.pcr1 : contents.pcr2).push_back(section.data);
            first_ramdisk = false;
        }
    }
    return contents;
}

// Calls `use` with piece after piece and gives each back.
template <class Use>
void in_pieces(BytesView bytes, const MappedFile* mapping, Use use) {
    while (!bytes.empty()) {
        const BytesView piece = bytes.first(std::min(bytes.size(), piece_size));
        use(piece);
        if (mapping != nullptr)
            mapping->give_back(piece);
        bytes = bytes.subspan(piece.size());
    }
}

// The contents of one measurement, hashed in order.
class ContentHash {
  public:
    explicit ContentHash(const MappedFile* mapping) : mapping_(mapping) {}
    void update(Content::const_iterator from, Content::const_iterator to) {
        for (; from != to; ++from)
            in_pieces(*from, mapping_, [this](BytesView piece) { hash_.update(piece); });
    }
    [[nodiscard]] Pcr finish() { return pcr_of_hash(hash_.finish()); }

  private:
    Hash hash_{Hash::Algorithm::sha384};
    const MappedFile* mapping_;
};

// PCR0 and PCR1 begin with the same bytes: hash those once and go on from a copy.
void measure_boot(const Contents& contents, const MappedFile* mapping, Pcr& pcr0, Pcr& pcr1) {
    const auto [end0, end1] = std::mismatch(
        contents.pcr0.begin(), contents.pcr0.end(), contents.pcr1.begin(), contents.pcr1.end(),
        [](BytesView a, BytesView b) { return a.data() == b.data() && a.size() == b.size(); });
    ContentHash common(mapping);
    common.update(contents.pcr0.begin(), end0);
    ContentHash only1(common);
    only1.update(end1, contents.pcr1.end());
    pcr1 = only1.finish();
    common.update(end0, contents.pcr0.end());
    pcr0 = common.finish();
}

Pcr measure_application(const Contents& contents, const MappedFile* mapping) {
    ContentHash hash(mapping);
    hash.update(contents.pcr2.begin(), contents.pcr2.end());
    return hash.finish();
}

std::uint32_t crc_of(BytesView bytes) {
    return static_cast<std::uint32_t>(::crc32_z(0, bytes.data(), bytes.size()));
}

// The CRC of a file's blocks behind the header, which any number of threads may work off together.
class BlockCrc {
  public:
    explicit BlockCrc(BytesView tail, const MappedFile* mapping)
        : tail_(tail),
          mapping_(mapping),
          crcs_((tail.size() + crc_block_size - 1) / crc_block_size) {}

    void work() {
        for (std::size_t i = next_++; i < crcs_.size(); i = next_++)
            in_pieces(block(i), mapping_, [this, i](BytesView piece) {
                crcs_[i] =
                    static_cast<std::uint32_t>(::crc32_z(crcs_[i], piece.data(), piece.size()));
            });
    }

    // After all workers have returned: continues `crc`, that of the bytes before the tail.
    [[nodiscard]] std::uint32_t continue_from(std::uint32_t crc) const {
        uLong sum = crc;
        for (std::size_t i = 0; i < crcs_.size(); ++i)
            sum = ::crc32_combine(sum, crcs_[i], static_cast<z_off_t>(block(i).size()));
        return static_cast<std::uint32_t>(sum);
    }

  private:
    [[nodiscard]] BytesView block(std::size_t i) const {
        const std::size_t at = i * crc_block_size;
        return tail_.subspan(at, std::min(crc_block_size, tail_.size() - at));
    }

    BytesView tail_;
    const MappedFile* mapping_;
    std::vector<std::uint32_t> crcs_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace

std::uint32_t image_crc32(BytesView checked_bytes) {
    BlockCrc tail(checked_bytes.subspan(header_size), nullptr);
    tail.work();
    return tail.continue_from(crc_of(checked_bytes.first(crc_offset)));
}

ContentMeasurement measure_content(const Image& image, const MappedFile* mapping) {
    const BytesView file = image.checked_bytes();
    const Contents contents = contents_of(image);
    ContentMeasurement result;
    BlockCrc tail(file.subspan(header_size), mapping);

    const auto boot = [&] {
        measure_boot(contents, mapping, result.pcrs.pcr0, result.pcrs.pcr1);
        tail.work();
    };
    const auto application = [&] {
        result.pcrs.pcr2 = measure_application(contents, mapping);
        tail.work();
    };
    if (file.size() >= parallel_size_min) {
        const std::jthread beside(application);
        boot();
    } else {
        boot();
        application();
    }
    result.crc32 = tail.continue_from(crc_of(file.first(crc_offset)));
    return result;
}

Result<Measurements> measure(const Image& image, const MappedFile* mapping) {
    Measurements pcrs = measure_content(image, mapping).pcrs;
    if (const Section* section = image.find(SectionType::signature)) {
        const auto signature = SignatureSection::decode(section->data);
        if (!signature)
            return signature.error();
        const auto pcr8 = signing_pcr(signature->certificate_pem);
        if (!pcr8)
            return pcr8.error();
        pcrs.pcr8 = *pcr8;
    }
    return pcrs;
}

}  // namespace glovebox::eif
