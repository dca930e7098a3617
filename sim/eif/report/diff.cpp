// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/report/diff.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>

#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "sim/eif/base/json_text.h"
#include "sim/eif/format/measurement.h"
#include "sim/eif/format/signature_section.h"
#include "sim/eif/report/indented_lines.h"
#include "sim/eif/report/ramdisk_diff.h"

namespace glovebox::eif {
namespace {

namespace json = boost::json;

bool equal(BytesView a, BytesView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::size_t first_difference(BytesView a, BytesView b) {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                    a.begin());
}

std::vector<const Section*> of_type(const Image& image, SectionType type) {
    std::vector<const Section*> found;
    for (const Section& section : image.sections())
        if (section.type == type)
            found.push_back(&section);
    return found;
}

// Which PCRs a measured section is in.
std::string pcrs_of(SectionType type, std::size_t number) {
    if (type == SectionType::ramdisk && number != 0)
        return "PCR0, PCR2";
    return "PCR0, PCR1";
}

void compare_section(const Section& a, const Section& b, const std::string& name,
                     std::size_t files_max, std::vector<std::string>& out, Progress& progress) {
    out.push_back(fmt::format("{}: {} / {} bytes", name, a.data.size(), b.data.size()));
    switch (a.type) {
        case SectionType::ramdisk:
            compare_ramdisks(a.data, b.data, files_max, out, progress);
            break;
        case SectionType::cmdline:
            out.push_back("    " + in_quotes(as_text(a.data)));
            out.push_back("    " + in_quotes(as_text(b.data)));
            break;
        default:
            out.push_back(
                fmt::format("    they differ from byte {} on", first_difference(a.data, b.data)));
    }
}

void compare_measured(const Image& a, const Image& b, std::size_t files_max,
                      std::vector<std::string>& out, Progress& progress) {
    for (const SectionType type :
         {SectionType::kernel, SectionType::cmdline, SectionType::ramdisk}) {
        const auto in_a = of_type(a, type);
        const auto in_b = of_type(b, type);
        for (std::size_t i = 0; i < std::max(in_a.size(), in_b.size()); ++i) {
            std::string name(to_string(type));
            if (type == SectionType::ramdisk || i != 0)
                name += fmt::format(" {}", i);
            name += fmt::format(" ({})", pcrs_of(type, i));
            if (i >= in_a.size() || i >= in_b.size())
                out.push_back(
                    fmt::format("{}: only in the {}", name, i >= in_a.size() ? "second" : "first"));
            else if (!equal(in_a[i]->data, in_b[i]->data))
                compare_section(*in_a[i], *in_b[i], name, files_max, out, progress);
        }
    }
}

// Leaf by leaf: "BuildMetadata.BuildTime: ... / ...".
void compare_json(const std::string& path, const json::value* a, const json::value* b,
                  IndentedLines& out) {
    const auto text = [](const json::value* value) {
        constexpr std::size_t shown_max = 100;
        return value == nullptr ? "absent" : shown(json_text(*value), shown_max);
    };
    const auto* x = a != nullptr ? a->if_object() : nullptr;
    const auto* y = b != nullptr ? b->if_object() : nullptr;
    if (x == nullptr || y == nullptr) {
        if (text(a) != text(b) || (a != nullptr && b != nullptr && *a != *b))
            out.add(fmt::format("{}: {} / {}", shown(path), text(a), text(b)));
        return;
    }
    std::map<std::string_view, std::pair<const json::value*, const json::value*>> members;
    for (const auto& member : *x)
        members[member.key()].first = &member.value();
    for (const auto& member : *y)
        members[member.key()].second = &member.value();
    for (const auto& [key, values] : members)
        compare_json(path.empty() ? std::string(key) : fmt::format("{}.{}", path, key),
                     values.first, values.second, out);
}

void compare_unmeasured(const Image& a, const Image& b, std::size_t files_max,
                        std::vector<std::string>& out) {
    const Section* x = a.find(SectionType::metadata);
    const Section* y = b.find(SectionType::metadata);
    const BytesView nothing;
    if (!equal(x != nullptr ? x->data : nothing, y != nullptr ? y->data : nothing)) {
        out.emplace_back("metadata (in no PCR)");
        const auto read = [](const Section* section) -> Result<json::value> {
            return section != nullptr ? read_json(as_text(section->data), json_budget)
                                      : json::value(json::object());
        };
        const auto value_a = read(x);
        const auto value_b = read(y);
        IndentedLines lines(out, files_max);
        if (!value_a)
            lines.add("the first: " + value_a.error().message);
        else if (!value_b)
            lines.add("the second: " + value_b.error().message);
        else
            compare_json("", &*value_a, &*value_b, lines);
        lines.end();
    }
    const Header& p = a.header();
    const Header& q = b.header();
    if (p.version != q.version)
        out.push_back(fmt::format("version (in no PCR): {} / {}", p.version, q.version));
    if (p.architecture() != q.architecture())
        out.push_back(fmt::format("architecture flag (in no PCR): {} / {}",
                                  to_string(p.architecture()), to_string(q.architecture())));
}

// PCR8 of a signature section that can be read.
std::optional<Pcr> signer_of(const Image& image) {
    const Section* section = image.find(SectionType::signature);
    if (section == nullptr)
        return std::nullopt;
    const auto signature = SignatureSection::decode(section->data);
    if (!signature)
        return std::nullopt;
    const auto pcr = signing_pcr(signature->certificate_pem);
    return pcr ? std::optional(*pcr) : std::nullopt;
}

void compare_signatures(const Image& a, const Image& b, const std::optional<Pcr>& pcr8_a,
                        const std::optional<Pcr>& pcr8_b, std::vector<std::string>& out) {
    const auto state = [](const Image& image, const std::optional<Pcr>& pcr8) {
        return !image.is_signed() ? "unsigned" : pcr8 ? "signed" : "signed unreadably";
    };
    if (a.is_signed() != b.is_signed() || a.is_signed() != pcr8_a.has_value() ||
        b.is_signed() != pcr8_b.has_value())
        out.push_back(fmt::format("signature (PCR8): {} / {}", state(a, pcr8_a), state(b, pcr8_b)));
    else if (pcr8_a != pcr8_b)
        out.emplace_back("signature (PCR8): by different certificates");
    else if (a.is_signed() &&
             !equal(a.find(SectionType::signature)->data, b.find(SectionType::signature)->data))
        out.emplace_back(
            "signature (in no PCR): by the same certificate, with other bytes: over another PCR0, "
            "or "
            "with a random nonce");
}

}  // namespace

Comparison compare_images(const Image& a, const Image& b, std::size_t files_max,
                          Progress& progress) {
    Comparison result;
    result.same_bytes = equal(a.file(), b.file());
    const Measurements x = measure_content(a, nullptr, progress).pcrs;
    const Measurements y = measure_content(b, nullptr, progress).pcrs;
    const auto pcr8_a = signer_of(a);
    const auto pcr8_b = signer_of(b);
    result.same_measurements = x == y && pcr8_a == pcr8_b && a.is_signed() == b.is_signed();

    const auto hex = [](const std::optional<Pcr>& pcr) {
        return pcr ? to_hex(*pcr) : std::string("none");
    };
    const auto compare = [&](const char* name, const std::optional<Pcr>& p,
                             const std::optional<Pcr>& q) {
        if (p == q)
            return;
        result.pcrs.push_back({name, p, q});
        result.lines.push_back(fmt::format("{}: {}\n      {}", name, hex(p), hex(q)));
    };
    compare("PCR0", x.pcr0, y.pcr0);
    compare("PCR1", x.pcr1, y.pcr1);
    compare("PCR2", x.pcr2, y.pcr2);
    compare("PCR8", pcr8_a, pcr8_b);
    const std::size_t before = result.lines.size();
    compare_measured(a, b, files_max, result.lines, progress);
    if (before == result.lines.size() && x != y)
        result.lines.emplace_back("the sections are equal and stand in another order");
    compare_signatures(a, b, pcr8_a, pcr8_b, result.lines);
    compare_unmeasured(a, b, files_max, result.lines);
    if (result.lines.empty() && !result.same_bytes)
        result.lines.emplace_back(
            "the files differ in their headers or in the place of sections (in no PCR)");
    return result;
}

boost::json::object to_json(const Comparison& comparison) {
    const auto hex_or_null = [](const std::optional<Pcr>& pcr) {
        return pcr ? boost::json::value(to_hex(*pcr)) : boost::json::value(nullptr);
    };
    boost::json::object pcrs;
    for (const PcrPair& pair : comparison.pcrs)
        pcrs[pair.name] = boost::json::array{hex_or_null(pair.first), hex_or_null(pair.second)};
    return {{"same_bytes", comparison.same_bytes},
            {"same_measurements", comparison.same_measurements},
            {"pcrs", std::move(pcrs)},
            {"differences", boost::json::value_from(comparison.lines)}};
}

}  // namespace glovebox::eif
