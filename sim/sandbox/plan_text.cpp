// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/plan_text.h"

#include <fmt/format.h>
#include <sys/mount.h>

namespace glovebox::sandbox {
namespace {

std::string flags_text(unsigned long flags) {
    std::string text;
    const auto add = [&](unsigned long flag, const char* name) {
        if ((flags & flag) != 0)
            text += (text.empty() ? " " : ",") + std::string(name);
    };
    add(MS_RDONLY, "ro");
    add(MS_NOSUID, "nosuid");
    add(MS_NODEV, "nodev");
    add(MS_NOEXEC, "noexec");
    add(MS_REC, "rec");
    add(MS_PRIVATE, "private");
    return text;
}

std::string place_text(Place place) {
    switch (place) {
        case Place::host:
            return "host:";
        case Place::stage:
            return "stage:";
        case Place::root:
            return "";
    }
    return "?";
}

}  // namespace

std::string to_line(const Step& step) {
    const std::string target = place_text(step.place) + step.target;
    std::string line;
    switch (step.op) {
        case Step::Op::make_directory:
            line = fmt::format("mkdir {} {:o}", target, step.mode);
            break;
        case Step::Op::write_file:
            line = fmt::format("write {} {:o}", target, step.mode);
            break;
        case Step::Op::extend_file:
            line = fmt::format("extend {} after {}", target, step.source);
            break;
        case Step::Op::symlink:
            line = fmt::format("symlink {} -> {}", target, step.source);
            break;
        case Step::Op::whiteout:
            line = fmt::format("whiteout {}", target);
            break;
        case Step::Op::mount:
            line = fmt::format("mount {} {}{}{}", step.type, target, flags_text(step.flags),
                               step.data.empty() ? "" : " " + step.data);
            break;
        case Step::Op::bind:
            line = fmt::format("bind {}{} on {}{}",
                               step.source_place == Place::stage  ? "stage:"
                               : step.source_place == Place::root ? "root:"
                                                                  : "",
                               step.source, target, flags_text(step.flags));
            break;
        case Step::Op::unmount:
            line = fmt::format("unmount {}", target);
            break;
        case Step::Op::enter_root:
            line = "enter root";
            break;
    }
    if (step.may_be_absent)
        line += " (if there)";
    return line;
}

std::vector<std::string> to_lines(const std::vector<Step>& steps) {
    std::vector<std::string> lines;
    lines.reserve(steps.size());
    for (const Step& step : steps)
        lines.push_back(to_line(step));
    return lines;
}

}  // namespace glovebox::sandbox
