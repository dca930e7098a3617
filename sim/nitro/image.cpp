// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/image.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <sstream>

#include "core/base/json_text.h"
#include "core/base/scratch.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/build/source_date.h"
#include "sim/eif/format/image.h"
#include "sim/nitro/command_root.h"
#include "sim/nitro_cli/image_commands.h"

namespace glovebox::nitro {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t mib = 1024 * 1024;
constexpr std::uint32_t memory_ratio = 4;
constexpr std::uint32_t memory_floor_mib = 64;

Result<EnclaveImage> measured(const std::string& path) {
    const auto file = eif::MappedFile::open(path);
    if (!file)
        return file.error();
    const auto image = eif::Image::parse(file->bytes());
    if (!image)
        return Error(image.error()).in(path);
    const auto pcrs = eif::measure(*image, &*file);
    if (!pcrs)
        return Error(pcrs.error()).in(path);
    return EnclaveImage{path, file->bytes().size(), *pcrs};
}

}  // namespace

fs::path blobs_folder() {
    const char* const named = std::getenv("NITRO_CLI_BLOBS");
    return named != nullptr && *named != '\0' ? named : "/usr/share/nitro_enclaves/blobs/";
}

std::uint32_t memory_least(const EnclaveImage& image) {
    const auto size = static_cast<std::uint32_t>((image.bytes + mib - 1) / mib);
    return std::max(memory_floor_mib, memory_ratio * size);
}

Result<EnclaveImage> make_image(const up::EnclavePart& enclave, const ImagePlaces& places) {
    if (!enclave.eif.empty())
        return measured(enclave.eif);
    nitro_cli::BuildArguments build;
    build.output_file = (places.made / fmt::format("{}.eif", enclave.cid)).string();
    build.blobs = places.blobs;
    build.name = enclave.name;
    const auto date = eif::source_date();
    if (!date)
        return date.error();
    build.source_date = *date;
    std::optional<Scratch> root;
    std::vector<std::string> command = enclave.command;
    if (!enclave.root_fs.empty()) {
        if (command.empty())
            return invalid_input("rootfs: an image needs a command: add one");
        build.rootfs = enclave.root_fs;
        for (const auto& [name, value] : enclave.environment)
            build.environment.push_back(name + "=" + value);
    } else {
        auto made = Scratch::make_folder(places.made, "root-");
        if (!made)
            return made.error();
        build.rootfs = root.emplace(std::move(*made)).path().string();
        auto copied = make_command_root(enclave, places.folder, places.glovebox, root->path());
        if (!copied)
            return copied.error();
        command = std::move(copied->command);
        build.environment = std::move(copied->environment);
    }
    build.command = json_text(boost::json::value_from(command));
    std::ostringstream progress;
    if (const auto built = nitro_cli::build_enclave(build, progress); !built)
        return built.error();
    return measured(build.output_file);
}

}  // namespace glovebox::nitro
