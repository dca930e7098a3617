// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/earlier_enclave.h"

#include <stdio.h>
#include <unistd.h>

#include "sim/enclave/record.h"

namespace glovebox::enclave {
namespace {

std::vector<std::string> names_of(core::Cid cid) {
    return {record_file_name(cid), console_file_name(cid), log_file_name(cid)};
}

std::string aside(const std::string& name) {
    return name + ".earlier";
}

}  // namespace

EarlierEnclave::EarlierEnclave(int world, core::Cid cid) : world_(world), cid_(cid) {
    for (const std::string& name : names_of(cid_))
        ::renameat(world_, name.c_str(), world_, aside(name).c_str());
}

EarlierEnclave::~EarlierEnclave() {
    if (is_discarded_)
        return;
    for (const std::string& name : names_of(cid_)) {
        ::unlinkat(world_, name.c_str(), 0);
        ::renameat(world_, aside(name).c_str(), world_, name.c_str());
    }
}

void EarlierEnclave::discard() {
    is_discarded_ = true;
    for (const std::string& name : names_of(cid_))
        ::unlinkat(world_, aside(name).c_str(), 0);
}

std::vector<std::string> EarlierEnclave::file_names(core::Cid cid) {
    std::vector<std::string> all{record_file_name(cid) + ".new"};
    for (const std::string& name : names_of(cid)) {
        all.push_back(name);
        all.push_back(aside(name));
    }
    return all;
}

}  // namespace glovebox::enclave
