// SPDX-License-Identifier: Apache-2.0

// The world's images: sections, measurements, remarks, and what differs between two.
import {element, visible, bytes, compared, definitions} from "./text.js";

function image_report(image) {
    const {description} = image;
    const sections = element("table", {}, element("tr", {}, ...["section", "offset", "size"].map((name) => element("th", {}, name))));
    for (const section of image.sections)
        sections.append(element("tr", {}, element("td", {}, visible(section.name)), element("td", {}, String(section.offset)), element("td", {}, bytes(section.bytes))));
    const pcrs = Object.entries(description.Measurements ?? {}).filter(([name]) => name.startsWith("PCR"));
    return element("div", {},
        element("p", {className: image.good ? "good" : "bad"}, image.good ? "Nitro would start this image." : "Nitro would not start this image."),
        element("table", {}, ...pcrs.map(([name, value]) => element("tr", {}, element("th", {}, name), element("td", {className: "hex"}, visible(value))))),
        definitions([
            ["size", bytes(image.bytes)], ["signed", description.IsSigned ? "yes" : "no"], ["CRC", description.CheckCRC ? "right" : "wrong"],
            ["name", description.ImageName ?? "none"], ["version", description.ImageVersion ?? "none"],
        ]),
        sections, ...image.remarks.map((remark) => element("p", {className: "warn foreign"}, visible(remark))));
}

function comparison_report(comparison) {
    const table = element("table", {});
    for (const [name, [first, second]] of Object.entries(comparison.pcrs))
        table.append(element("tr", {}, element("th", {}, name), element("td", {},
            element("div", {className: "hex"}, visible(first ?? "absent")),
            element("div", {}, first && second ? compared(first, second) : visible(second ?? "absent")))));
    return element("div", {},
        element("p", {className: comparison.same_measurements ? "good" : "bad"},
            comparison.same_bytes ? "The files are identical." : comparison.same_measurements ? "Both measure the same." : "They measure differently."),
        table, element("pre", {className: "foreign"}, visible(comparison.differences.join("\n"))));
}

export async function images_panel(panel, server) {
    const files = await server.get("images").catch(() => []);
    const page = element("div", {className: "page"});
    panel.append(page);
    if (files.length === 0) {
        page.append(element("p", {className: "hint"}, "No image: open `glovebox inspect first.eif second.eif`, or a world whose enclaves have an eif."));
        return 0;
    }
    const result = element("div", {"aria-live": "polite"});
    const ask = async (query, report) => {
        result.replaceChildren(element("p", {className: "hint"}, "reading"));
        try {
            result.replaceChildren(report(await server.get(`image?${query}`)));
        } catch (failure) {
            result.replaceChildren(element("p", {className: "bad"}, visible(failure.message)));
        }
    };
    const choice = (label) => {
        const select = element("select", {}, ...files.map((file, index) => element("option", {value: String(index)}, visible(file))));
        return [element("label", {}, `${label} `, select), select];
    };
    const [first_label, first] = choice("Image");
    const describe = element("button", {type: "button"}, "Describe");
    describe.addEventListener("click", () => ask(`first=${first.value}`, image_report));
    const row = element("p", {className: "fields"}, first_label, describe);
    if (files.length > 1) {
        const [second_label, second] = choice("Compare with");
        second.value = "1";
        const compare = element("button", {type: "button"}, "Compare");
        compare.addEventListener("click", () => ask(`first=${first.value}&second=${second.value}`, comparison_report));
        row.append(second_label, compare);
    }
    page.append(row, result);
    ask("first=0", image_report);
    return files.length;
}
