// SPDX-License-Identifier: Apache-2.0

// Any bytes as an enclave image. Whatever is parsed has sections inside the file, measures the same
// however often it is asked, and is described or refused with a sentence. The same bytes are also a
// signature section and a metadata section, so that those are reached without an envelope's luck.

#include "fuzz/require.h"
#include "sim/eif/base/json_text.h"
#include "sim/eif/build/program_file.h"
#include "sim/eif/format/certificate.h"
#include "sim/eif/format/header.h"
#include "sim/eif/format/image.h"
#include "sim/eif/format/metadata.h"
#include "sim/eif/format/signature_section.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/report/diff.h"

namespace {

using namespace glovebox;
using namespace glovebox::eif;

void read_image(BytesView bytes, TimePoint now) {
    const auto image = Image::parse(bytes);
    if (!image) {
        require(!image.error().message.empty());
        return;
    }
    std::uint64_t content = 0;
    for (std::size_t i = 0; i < image->sections().size(); ++i) {
        const Section& section = image->sections()[i];
        require(section.data.data() >= bytes.data() &&
                section.data.data() + section.data.size() <= bytes.data() + bytes.size());
        require(!image->name_of(i).empty());
        content += section.data.size() + section_header_size;
    }
    require(content <= bytes.size());
    require(image->checked_bytes().size() <= bytes.size());
    const ContentMeasurement measured = measure_content(*image);
    require(measured.crc32 == image_crc32(image->checked_bytes()));
    const auto description = describe(*image, measured, now);
    require(description ? !pretty_json(description->json).empty()
                        : !description.error().message.empty());
    if (description)
        require(description->pcrs.pcr0 == measured.pcrs.pcr0);
    require(compare_images(*image, *image, 5).same_measurements);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr TimePoint now{std::chrono::milliseconds(1'700'000'000'123)};
    const BytesView bytes(data, size);
    read_image(bytes, now);
    if (const auto section = SignatureSection::decode(bytes)) {
        const auto again = SignatureSection::decode(section->encode());
        require(again && again->certificate_pem == section->certificate_pem &&
                again->cose.payload == section->cose.payload);
        if (const auto certificate = Certificate::from_pem(section->certificate_pem))
            static_cast<void>(certificate->verifies(section->cose));
    }
    if (const auto metadata = Metadata::decode(bytes)) {
        const std::string text = metadata->encode();
        require(Metadata::decode(as_bytes(text)).has_value());
    }
    static_cast<void>(inspect_kernel(bytes));
    static_cast<void>(elf_architecture(bytes));
    return 0;
}
