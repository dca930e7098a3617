// SPDX-License-Identifier: Apache-2.0

// Texts and elements. A text from an enclave becomes a text node and nothing else.

// An element with properties, attributes (names with "-" or "role") and children; a text child is a
// text node.
export function element(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === null)
            continue;
        if (name.includes("-") || name === "role" || name === "for")
            made.setAttribute(name, value);
        else
            made[name] = value;
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
}

// Characters that hide, move or turn other ones are shown by their numbers: controls, and those
// that change a line's direction (Unicode Standard Annex 9).
const hiding = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
export function visible(text) {
    return String(text).replace(hiding, (one) => `\\u{${one.codePointAt(0).toString(16)}}`);
}

// The beginning of a text, for a line.
export function brief(text, most) {
    return text.length <= most ? visible(text) : `${visible(text.slice(0, most))}…`;
}

// A text without its middle, for a narrow place.
export function middle(text, most) {
    const half = Math.floor((most - 1) / 2);
    return text.length <= most ? visible(text) : `${visible(text.slice(0, most - 1 - half))}…${visible(text.slice(text.length - half))}`;
}

// So many digits at least.
function digits(number, width) {
    return String(number).padStart(width, "0");
}

// "22:31:05.123" of milliseconds since 1970, in UTC, as the timeline of `glovebox up` has it.
export function clock(time) {
    const date = new Date(time);
    return `${digits(date.getUTCHours(), 2)}:${digits(date.getUTCMinutes(), 2)}:` +
        `${digits(date.getUTCSeconds(), 2)}.${digits(date.getUTCMilliseconds(), 3)}`;
}

// "1.5 s", "12 ms".
export function duration(milliseconds) {
    if (milliseconds < 1000)
        return `${Math.round(milliseconds)} ms`;
    if (milliseconds < 60000)
        return `${(milliseconds / 1000).toFixed(1)} s`;
    return `${Math.floor(milliseconds / 60000)} min ${Math.round(milliseconds % 60000 / 1000)} s`;
}

export function bytes(number) {
    return number < 10240 ? `${number} bytes` : `${(number / 1024).toFixed(1)} KiB`;
}

// A list of names and values.
export function definitions(pairs) {
    const list = element("dl");
    for (const [name, value] of pairs)
        list.append(element("dt", {}, name), element("dd", {className: "foreign"}, visible(value)));
    return list;
}

// Two hexadecimal texts, digit by digit: the digits of `found` that differ are marked.
export function compared(expected, found) {
    const line = element("span", {className: "hex"});
    for (let i = 0; i < found.length;) {
        const differs = found[i].toLowerCase() !== (expected[i] ?? "").toLowerCase();
        let end = i + 1;
        while (end < found.length && (found[end].toLowerCase() !== (expected[end] ?? "").toLowerCase()) === differs)
            ++end;
        line.append(differs ? element("mark", {className: "differs"}, visible(found.slice(i, end))) : visible(found.slice(i, end)));
        i = end;
    }
    return line;
}
