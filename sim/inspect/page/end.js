// SPDX-License-Identifier: Apache-2.0

// Why an enclave ended: what Glovebox said of it, and the end of its console, where AWS's init and
// kernel say what they lack.
import {element, visible} from "./text.js";

const console_lines_max = 30;

function is_about_end(event) {
    return (event.component === "up" && event.event === "ended") || (event.component === "glovebox" && event.event === "failed");
}

// The events of the enclave's life that this event ends. What its program wrote last may have been read after its end.
function life_around(event, events) {
    const is_an_end = (one) => one.component === "up" && one.event === "ended";
    const life = [];
    for (let at = event.number; at >= 0; --at) {
        const one = events[at];
        if (one.part === event.part && one !== event && is_an_end(one))
            break;
        if (one.part === event.part)
            life.push(one);
    }
    life.reverse();
    for (let at = event.number + 1; at < events.length; ++at) {
        const one = events[at];
        if (one.part !== event.part)
            continue;
        if (one.event === "measured")
            break;
        if (one.topic === "console")
            life.push(one);
    }
    return life;
}

// Empty for an event that is not the end of an enclave.
export function end_view(event, events) {
    if (event.lane?.kind !== "enclave" || !is_about_end(event))
        return "";
    const life = life_around(event, events);
    const reasons = life.filter((one) => one !== event && one.topic !== "console" && (one.level === "warning" || one.level === "error"));
    const lines = life.filter((one) => one.topic === "console").map((one) => one.message);
    const box = element("div", {className: "end"});
    if (reasons.length > 0)
        box.append(element("h3", {}, "Why"), element("ul", {}, ...reasons.map((one) => element("li", {className: "foreign"}, visible(one.message)))));
    box.append(element("h3", {}, "The end of its console"));
    if (lines.length > console_lines_max)
        box.append(element("p", {className: "hint"}, `${lines.length - console_lines_max} earlier lines are in the list.`));
    box.append(lines.length > 0
        ? element("pre", {className: "dump foreign"}, lines.slice(-console_lines_max).map(visible).join("\n"))
        : element("p", {className: "hint"}, "Its console is empty."));
    return box;
}
