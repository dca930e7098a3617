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

void update_all(Hash& hash, Content::const_iterator from, Content::const_iterator to) {
    for (; from != to; ++from)
        hash.update(*from);
}

Pcr pcr_of(Hash&& hash) {
    return pcr_of_hash(hash.finish());
}

// PCR0 and PCR1 begin with the same bytes: hash those once and go on from a copy.
void measure_boot(const Contents& contents, Pcr& pcr0, Pcr& pcr1) {
    const auto [end0, end1] = std::mismatch(
        contents.pcr0.begin(), contents.pcr0.end(), contents.pcr1.begin(), contents.pcr1.end(),
        [](BytesView a, BytesView b) { return a.data() == b.data() && a.size() == b.size(); });
    Hash common(Hash::Algorithm::sha384);
    update_all(common, contents.pcr0.begin(), end0);
    Hash only1(common);
    update_all(only1, end1, contents.pcr1.end());
    pcr1 = pcr_of(std::move(only1));
    update_all(common, end0, contents.pcr0.end());
    pcr0 = pcr_of(std::move(common));
}

Pcr measure_application(const Contents& contents) {
    Hash hash(Hash::Algorithm::sha384);
    update_all(hash, contents.pcr2.begin(), contents.pcr2.end());
    return pcr_of(std::move(hash));
}

std::uint32_t crc_of(BytesView bytes) {
    return static_cast<std::uint32_t>(::crc32_z(0, bytes.data(), bytes.size()));
}

// The CRC of a file's blocks behind the header, which any number of threads may work off together.
class BlockCrc {
  public:
    explicit BlockCrc(BytesView tail)
        : tail_(tail), crcs_((tail.size() + crc_block_size - 1) / crc_block_size) {}

    void work() {
        for (std::size_t i = next_++; i < crcs_.size(); i = next_++)
            crcs_[i] = crc_of(block(i));
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
    std::vector<std::uint32_t> crcs_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace

std::uint32_t image_crc32(BytesView checked_bytes) {
    BlockCrc tail(checked_bytes.subspan(header_size));
    tail.work();
    return tail.continue_from(crc_of(checked_bytes.first(crc_offset)));
}

ContentMeasurement measure_content(const Image& image) {
    const BytesView file = image.checked_bytes();
    const Contents contents = contents_of(image);
    ContentMeasurement result;
    BlockCrc tail(file.subspan(header_size));

    const auto boot = [&] {
        measure_boot(contents, result.pcrs.pcr0, result.pcrs.pcr1);
        tail.work();
    };
    const auto application = [&] {
        result.pcrs.pcr2 = measure_application(contents);
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

Result<Measurements> measure(const Image& image) {
    Measurements pcrs = measure_content(image).pcrs;
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
