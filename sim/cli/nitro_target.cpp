// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/nitro_target.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <filesystem>

#include "sim/cli/findings.h"
#include "sim/nitro/preparation.h"
#include "sim/up/hardware.h"

namespace glovebox::cli {
namespace {

using State = Finding::State;

std::string sentence_of(const Finding& finding) {
    return fmt::format("{}: {}", finding.subject, finding.consequence);
}

}  // namespace

NitroTarget::NitroTarget(up::WorldFile& world)
    : images_(Scratch::make_folder(std::filesystem::temp_directory_path(), "glovebox-images-")
                  .value()) {
    nitro::ImagePlaces places;
    places.blobs = nitro::blobs_folder();
    places.made = images_.path();
    places.folder = world.folder;
    places.glovebox = std::filesystem::read_symlink("/proc/self/exe").string();
    findings_ = nitro::prepare(world, places, nitro::NitroCli()).value();
}

bool NitroTarget::print(const Colors& colors) const {
    print_findings(findings_, "note", colors);
    return std::none_of(findings_.begin(), findings_.end(),
                        [](const Finding& one) { return one.state == State::no; });
}

void NitroTarget::require(const std::function<void(const up::TimelineEntry&)>& tell) const {
    std::string refused;
    for (const Finding& finding : findings_) {
        if (finding.state == State::limited)
            tell(up::own_entry(LogLevel::warning, "checked", sentence_of(finding)));
        if (finding.state != State::no)
            continue;
        refused += "\n  " + sentence_of(finding);
        if (!finding.remedy.empty())
            refused += "\n    changed by: " + finding.remedy;
    }
    if (!refused.empty())
        throw ErrorException(Error(make_error_code(boost::system::errc::operation_not_supported),
                                   "this instance cannot run the world:" + refused));
}

Result<void> NitroTarget::end(const up::WorldFile& world, const std::string& directory) const {
    std::vector<std::string> names;
    for (const up::EnclavePart& enclave : world.enclaves)
        names.push_back(up::hardware_name(enclave, directory));
    return nitro::terminate_left(names, nitro::NitroCli());
}

}  // namespace glovebox::cli
