// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/measurement.h"

#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/crypto/hash.h"
#include "sim/eif/format/signature_section.h"

namespace glovebox::eif {
namespace {

// Below this size a second thread costs more time than it saves.
constexpr std::size_t parallel_size_min = 4 << 20;
// The file is processed in blocks of this size, which begin at its multiples.
constexpr std::size_t block_size = 1 << 20;

using Content = std::vector<BytesView>;

struct Contents {
    Content pcr0, pcr1, pcr2;
};

std::uint64_t size_of(const Content& content) {
    std::uint64_t size = 0;
    for (const BytesView section : content)
        size += section.size();
    return size;
}

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

// Computes a file's CRC from those of its blocks. Two threads hash most blocks, each for another
// PCR. The thread that reaches a block first computes its CRC, while the bytes are in the
// processor's cache.
class BlockCrc {
  public:
    explicit BlockCrc(BytesView file)
        : file_(file),
          crcs_((file.size() + block_size - 1) / block_size),
          taken_(std::make_unique<std::atomic<bool>[]>(crcs_.size())) {}

    // The block in which the byte at `offset` lies.
    void compute(std::size_t offset) {
        const std::size_t i = offset / block_size;
        if (taken_[i].exchange(true, std::memory_order_relaxed))
            return;
        if (i == 0) {  // where the CRC itself lies, which is left out
            const BytesView tail = block(0).subspan(header_size);
            crcs_[0] = continued(continued(0, file_.first(crc_offset)), tail);
        } else {
            crcs_[i] = continued(0, block(i));
        }
    }
    void compute_rest() {
        for (std::size_t i = 0; i < crcs_.size(); ++i)
            compute(i * block_size);
    }
    // After all threads have returned from compute_rest().
    [[nodiscard]] std::uint32_t finish() const {
        uLong sum = crcs_[0];
        for (std::size_t i = 1; i < crcs_.size(); ++i)
            sum = ::crc32_combine(sum, crcs_[i], static_cast<z_off_t>(block(i).size()));
        return static_cast<std::uint32_t>(sum);
    }

  private:
    [[nodiscard]] static std::uint32_t continued(std::uint32_t crc, BytesView bytes) {
        return static_cast<std::uint32_t>(::crc32_z(crc, bytes.data(), bytes.size()));
    }
    [[nodiscard]] BytesView block(std::size_t i) const {
        const std::size_t at = i * block_size;
        return file_.subspan(at, std::min(block_size, file_.size() - at));
    }

    BytesView file_;
    std::vector<std::uint32_t> crcs_;
    std::unique_ptr<std::atomic<bool>[]> taken_;
};

// Hashes the contents of one measurement in order; on the way, computes the CRC and drops pages.
class ContentHash {
  public:
    ContentHash(BytesView file, BlockCrc& crc, const MappedFile* mapping, Progress& progress,
                std::stop_token stop = {})
        : file_(file), crc_(crc), mapping_(mapping), progress_(progress), stop_(std::move(stop)) {}

    void update(Content::const_iterator from, Content::const_iterator to) {
        for (; from != to; ++from)
            update(*from);
    }
    [[nodiscard]] Pcr finish() { return extended(Pcr{}, hash_.finish()); }

  private:
    void update(BytesView section) {
        while (!section.empty() && !stop_.stop_requested()) {
            const auto offset = static_cast<std::size_t>(section.data() - file_.data());
            const std::size_t to_block_end = block_size - offset % block_size;
            const BytesView piece = section.first(std::min(section.size(), to_block_end));
            hash_.update(piece);
            crc_.compute(offset);
            if (mapping_ != nullptr)
                mapping_->give_back(piece);
            section = section.subspan(piece.size());
            progress_.add(piece.size());
        }
    }

    Hash hash_{HashAlgorithm::sha384};
    BytesView file_;
    BlockCrc& crc_;
    const MappedFile* mapping_;
    Progress& progress_;
    std::stop_token stop_;
};

// PCR0 and PCR1 begin with the same bytes: hash those once and go on from a copy.
void measure_boot(const Contents& contents, ContentHash common, Pcr& pcr0, Pcr& pcr1) {
    const auto [end0, end1] = std::mismatch(
        contents.pcr0.begin(), contents.pcr0.end(), contents.pcr1.begin(), contents.pcr1.end(),
        [](BytesView a, BytesView b) { return a.data() == b.data() && a.size() == b.size(); });
    common.update(contents.pcr0.begin(), end0);
    ContentHash only1(common);
    only1.update(end1, contents.pcr1.end());
    pcr1 = only1.finish();
    common.update(end0, contents.pcr0.end());
    pcr0 = common.finish();
}

}  // namespace

std::uint32_t image_crc32(BytesView checked_bytes) {
    BlockCrc crc(checked_bytes);
    crc.compute_rest();
    return crc.finish();
}

ContentMeasurement measure_content(const Image& image, const MappedFile* mapping,
                                   Progress& progress) {
    const BytesView file = image.checked_bytes();
    const Contents contents = contents_of(image);
    ContentMeasurement result;
    BlockCrc crc(file);
    // PCR2's bytes are among PCR0's, and a large image's are hashed for both at the same time.
    progress.begin("measuring", size_of(contents.pcr0));

    const auto boot = [&] {
        measure_boot(contents, ContentHash(file, crc, mapping, progress), result.pcrs.pcr0,
                     result.pcrs.pcr1);
        crc.compute_rest();
    };
    const auto application = [&](const std::stop_token& stop) {
        ContentHash hash(file, crc, mapping, no_progress(), stop);
        hash.update(contents.pcr2.begin(), contents.pcr2.end());
        result.pcrs.pcr2 = hash.finish();
        if (!stop.stop_requested())
            crc.compute_rest();
    };
    if (file.size() >= parallel_size_min) {
        // Where boot() is interrupted, the thread's destructor asks it to stop and waits for it.
        std::jthread beside(application);
        boot();
        beside.join();
    } else {
        boot();
        application({});
    }
    progress.end();
    result.crc32 = crc.finish();
    return result;
}

Result<Pcr> measure_signatures(const std::vector<const Section*>& signatures) {
    Bytes certificates;
    for (const Section* section : signatures) {
        const auto signature = SignatureSection::decode(section->data);
        if (!signature)
            return signature.error();
        const auto certificate = Certificate::from_pem(signature->certificate_pem);
        if (!certificate)
            return certificate.error();
        const Bytes der = certificate->der();
        certificates.insert(certificates.end(), der.begin(), der.end());
    }
    return extended(Pcr{}, sha384({certificates}));
}

Result<Measurements> measure(const Image& image, const MappedFile* mapping) {
    Measurements pcrs = measure_content(image, mapping).pcrs;
    const auto signatures = image.all(SectionType::signature);
    if (signatures.empty())
        return pcrs;
    const auto pcr8 = measure_signatures(signatures);
    if (!pcr8)
        return pcr8.error();
    pcrs.pcr8 = *pcr8;
    return pcrs;
}

}  // namespace glovebox::eif
