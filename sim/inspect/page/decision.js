// SPDX-License-Identifier: Apache-2.0

// Why the KMS answered as it did: the statements of the policies, condition by condition, and the
// edit that would allow the request.
import {element, visible, compared, definitions} from "./text.js";

const hexadecimal = /^[0-9a-f]{16,}$/i;

function values(list) {
    return list === null ? "nothing" : list.join(" or ");
}

function condition_row(condition) {
    const expected = condition.expected ?? [];
    const found = condition.actual;
    const both_are_hex = found?.length === 1 && expected.length > 0 && hexadecimal.test(found[0]) && hexadecimal.test(expected[0]);
    const is_zero = both_are_hex && /^0+$/.test(found[0]);
    const cell = element("td", {className: both_are_hex ? "hex" : "foreign"});
    cell.append(both_are_hex && !condition.met ? compared(expected[0], found[0]) : visible(values(found)));
    if (is_zero)
        cell.append(element("div", {className: "warn"}, "All zeros: the enclave runs in debug mode."));
    return element("tbody", {},
        element("tr", {}, element("th", {colSpan: 2, className: condition.met ? "good" : "bad"},
            `${condition.met ? "met" : "not met"}: ${visible(condition.operator)} ${visible(condition.key)}`)),
        element("tr", {}, element("th", {}, "expected"), element("td", {className: both_are_hex ? "hex" : "foreign"}, visible(values(expected)))),
        element("tr", {}, element("th", {}, "found"), cell),
        condition.remark ? element("tr", {}, element("th", {}, "note"), element("td", {}, visible(condition.remark))) : null);
}

function statement_box(statement) {
    const applies = statement.outcome === "applies";
    const box = element("div", {className: `statement ${applies ? "applies" : statement.conditions.length > 0 ? "decided" : ""}`},
        element("strong", {}, visible(`${statement.effect} ${statement.statement}`)),
        ` of ${visible(statement.policy)} ${visible(statement.outcome)}`);
    if (statement.conditions.length > 0)
        box.append(element("table", {}, ...statement.conditions.map(condition_row)));
    return box;
}

// The lines that differ between two texts with the same lines otherwise.
function edit_of(before, after) {
    const old_lines = before.split("\n");
    const new_lines = after.split("\n");
    let first = 0;
    while (first < old_lines.length && old_lines[first] === new_lines[first])
        ++first;
    let same = 0;
    while (same < old_lines.length - first && same < new_lines.length - first &&
        old_lines[old_lines.length - 1 - same] === new_lines[new_lines.length - 1 - same])
        ++same;
    const lines = (list, tag, mark) => list.slice(first, list.length - same)
        .map((line) => element(tag, {className: "foreign"}, visible(`${mark} ${line.trimEnd()}`)));
    return element("div", {className: "edit"}, ...lines(old_lines, "del", "-"), ...lines(new_lines, "ins", "+"));
}

// A report of kms/decision_report.h.
export function decision_view(report) {
    const {request, fix} = report;
    const view = element("div", {}, definitions([["caller", request.caller || "unknown"]]));
    if (fix) {
        view.append(element("div", {className: "fix"}, element("strong", {}, "What would allow it"),
            element("p", {className: "foreign"}, visible(fix.sentence)), fix.after ? edit_of(fix.before, fix.after) : null));
    }
    for (const check of request.checks ?? []) {
        const {decision} = check;
        view.append(...decision.statements.map(statement_box),
            element("details", {}, element("summary", {}, "In one sentence"), element("p", {}, visible(decision.why))));
    }
    if ((request.checks ?? []).length === 0)
        view.append(element("p", {}, visible(request.explanation ?? "The request was refused before any policy was evaluated.")));
    return view;
}
