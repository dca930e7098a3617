// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/image_view.h"

#include <boost/json.hpp>
#include <utility>

#include "sim/eif/format/image_file.h"
#include "sim/eif/format/measurement.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/report/diff.h"

namespace glovebox::inspect {

namespace json = boost::json;

Result<json::object> image_view(const std::string& file, TimePoint now) {
    const auto opened = eif::ImageFile::open(file);
    if (!opened)
        return opened.error();
    const auto measured = eif::measure_content(opened->image, &opened->file, no_progress());
    const auto description = eif::describe(opened->image, measured, now);
    if (!description)
        return Error(description.error()).in(file);
    json::array sections;
    for (const eif::Section& section : opened->image.sections())
        sections.emplace_back(json::object{{"name", eif::to_string(section.type)},
                                           {"offset", section.offset},
                                           {"bytes", section.data.size()}});
    return json::object{{"file", file},
                        {"bytes", opened->image.file().size()},
                        {"sections", std::move(sections)},
                        {"description", description->json},
                        {"remarks", json::value_from(description->remarks)},
                        {"good", description->good}};
}

Result<json::object> image_comparison(const std::string& first, const std::string& second) {
    const auto one = eif::ImageFile::open(first);
    if (!one)
        return one.error();
    const auto other = eif::ImageFile::open(second);
    if (!other)
        return other.error();
    return eif::to_json(eif::compare_images(one->image, other->image));
}

}  // namespace glovebox::inspect
