// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/step.h"

#include <sys/mount.h>

#include <utility>

namespace glovebox::sandbox {

std::string describe(const Step& step) {
    if (!step.text.empty())
        return step.text;
    switch (step.op) {
        case Step::Op::make_directory:
            return "make the directory " + step.target;
        case Step::Op::write_file:
            return "write " + step.target;
        case Step::Op::extend_file:
            return "write " + step.target + " after " + step.source;
        case Step::Op::symlink:
            return "make the symlink " + step.target;
        case Step::Op::whiteout:
            return "hide " + step.target;
        case Step::Op::mount:
            return "mount " + step.type + " on " + step.target;
        case Step::Op::bind:
            return "bind " + step.source + " on " + step.target;
        case Step::Op::unmount:
            return "unmount " + step.target;
        case Step::Op::enter_root:
            return "enter the new root";
    }
    return "an unknown step";
}

namespace steps {

Step make_directory(std::string target, mode_t mode) {
    Step step;
    step.op = Step::Op::make_directory;
    step.target = std::move(target);
    step.mode = mode;
    return step;
}

Step write_file(std::string target, std::string content, mode_t mode) {
    Step step;
    step.op = Step::Op::write_file;
    step.target = std::move(target);
    step.data = std::move(content);
    step.mode = mode;
    return step;
}

Step extend_file(std::string source, std::string target, std::string more) {
    Step step = write_file(std::move(target), std::move(more));
    step.op = Step::Op::extend_file;
    step.source = std::move(source);
    return step;
}

Step symlink(std::string target, std::string link_text) {
    Step step;
    step.op = Step::Op::symlink;
    step.target = std::move(target);
    step.source = std::move(link_text);
    return step;
}

Step whiteout(std::string target) {
    Step step;
    step.op = Step::Op::whiteout;
    step.target = std::move(target);
    return step;
}

Step mount(std::string type, std::string source, std::string target, unsigned long flags,
           std::string data) {
    Step step;
    step.op = Step::Op::mount;
    step.type = std::move(type);
    step.source = std::move(source);
    step.target = std::move(target);
    step.flags = flags;
    step.data = std::move(data);
    return step;
}

Step bind(std::string source, std::string target, bool read_only) {
    Step step;
    step.op = Step::Op::bind;
    step.source = std::move(source);
    step.target = std::move(target);
    step.flags = read_only ? MS_RDONLY : 0;
    return step;
}

Step unmount(std::string target) {
    Step step;
    step.op = Step::Op::unmount;
    step.target = std::move(target);
    return step;
}

Step enter_root() {
    Step step;
    step.op = Step::Op::enter_root;
    step.target.assign(1, '/');  // GCC 12 sees an overlap in an assignment of "/"
    return step;
}

Step on_stage(Step step) {
    step.place = Place::stage;
    return step;
}

Step from_stage(Step step) {
    step.source_place = Place::stage;
    return step;
}

Step from_root(Step step) {
    step.source_place = Place::root;
    return step;
}

Step says(Step step, std::string text) {
    step.text = std::move(text);
    return step;
}

}  // namespace steps
}  // namespace glovebox::sandbox
