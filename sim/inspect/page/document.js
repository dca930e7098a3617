// SPDX-License-Identifier: Apache-2.0

// An attestation document: its fields, its PCRs with what they measure, its chain and each check.
import {element, visible, definitions} from "./text.js";

// nsm-mock/module and AWS's user guide, "Where to get an enclave's measurements".
const measured = {
    0: "the image", 1: "its kernel and first ramdisk", 2: "its application", 3: "the parent's IAM role",
    4: "the parent's instance ID", 8: "the certificate that signed the image",
};

function checks_row(name, outcome) {
    const text = String(outcome);
    return element("tr", {}, element("th", {}, name), element("td", {className: text === "passed" ? "good" : text === "failed" ? "bad" : "hint"}, visible(text)));
}

function pcr_table(pcrs) {
    const table = element("table", {});
    let zeros = 0;
    for (const [index, value] of Object.entries(pcrs)) {
        const is_zero = /^0*$/.test(value);
        if (is_zero && Number(index) > 4 && measured[index] === undefined) {
            ++zeros;
            continue;
        }
        table.append(element("tr", {}, element("th", {}, `PCR${index}`), element("td", {}, measured[index] ?? "set by the program"),
            element("td", {className: "hex"}, is_zero ? "zeros" : visible(value))));
    }
    if (zeros > 0)
        table.append(element("tr", {}, element("th", {}, "others"), element("td", {colSpan: 2, className: "hint"}, `${zeros} PCRs of zeros`)));
    return table;
}

function field(value) {
    return value === null || value === undefined ? "absent" : value;
}

// What `glovebox verify --json` prints.
export function document_report(report) {
    if (report.error)
        return element("div", {}, element("h2", {className: "bad"}, "This is not an attestation document"), element("p", {className: "foreign"}, visible(report.error)));
    const is_good = report.verified;
    const view = element("div", {},
        element("h2", {className: is_good ? "good" : "bad"},
            is_good ? report.judged_at_its_time ? "Genuine when it was signed; its certificates have expired" : "Genuine" : `Refused: ${visible(report.message)}`),
        definitions([["root", `${report.root?.name ?? ""}: ${report.root?.subject ?? ""}`], ["judged at", report.verified_at]]));
    view.append(element("h3", {}, "Checks"), element("table", {}, ...Object.entries(report.checks ?? {}).map(([name, outcome]) => checks_row(name, outcome))));
    const fields = report.document ?? report.unverified_claims;
    if (fields) {
        view.append(element("h3", {}, is_good ? "Fields" : "Unverified fields"));
        if (fields.debug)
            view.append(element("p", {className: "warn"}, "Its enclave ran in debug mode: the PCRs are zeros."));
        view.append(definitions([
            ["module", fields.module_id], ["timestamp", fields.timestamp], ["digest", fields.digest],
            ["nonce", field(fields.nonce)], ["user data", field(fields.user_data)], ["public key", field(fields.public_key)],
        ]));
        if (fields.pcrs)
            view.append(element("h3", {}, "PCRs"), pcr_table(fields.pcrs));
    }
    if (report.chain) {
        const table = element("table", {}, element("tr", {}, ...["certificate", "from", "until"].map((name) => element("th", {}, name))));
        for (const certificate of report.chain)
            table.append(element("tr", {}, element("td", {className: "foreign"}, visible(certificate.subject)),
                element("td", {}, visible(certificate.not_before)), element("td", {}, visible(certificate.not_after))));
        view.append(element("h3", {}, "Chain"), table);
    }
    for (const warning of report.warnings ?? [])
        view.append(element("p", {className: "warn"}, visible(warning)));
    return view;
}

// `server.send(name, body)` sends to the inspector.
export function document_panel(panel, server) {
    const result = element("div", {"aria-live": "polite"});
    const show = async (content) => {
        result.replaceChildren(element("p", {className: "hint"}, "verifying"));
        try {
            result.replaceChildren(document_report(await server.send("document", content)));
        } catch (failure) {
            result.replaceChildren(element("p", {className: "bad"}, visible(failure.message)));
        }
    };
    const file = element("input", {type: "file", id: "document-file"});
    file.addEventListener("change", () => file.files[0] && show(file.files[0]));
    const pasted = element("textarea", {id: "document-text", spellcheck: false});
    const verify = element("button", {type: "button"}, "Verify the text");
    verify.addEventListener("click", () => show(pasted.value));
    const drop = element("div", {className: "drop"},
        element("p", {}, element("label", {for: "document-file"}, "Drop an attestation document here, or choose its file: "), file),
        element("p", {}, element("label", {for: "document-text"}, "Or paste it in base64 or hexadecimal:")), pasted, verify);
    for (const type of ["dragover", "dragleave", "drop"])
        drop.addEventListener(type, (drag) => {
            drag.preventDefault();
            drop.classList.toggle("over", type === "dragover");
            if (type === "drop" && drag.dataTransfer.files[0])
                show(drag.dataTransfer.files[0]);
        });
    panel.append(element("div", {className: "page"}, drop, result));
    return {
        async show_first() {
            const report = await server.get("document").catch(() => null);
            if (report)
                result.replaceChildren(document_report(report));
            return report !== null;
        },
    };
}
