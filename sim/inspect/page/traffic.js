// SPDX-License-Identifier: Apache-2.0

// The first bytes of a connection, as events "traffic" have them (up --trace-traffic): each
// direction by itself, a head of HTTP/1 as its parts, and all bytes in hexadecimal and as text.
import {element, visible, bytes, definitions} from "./text.js";

const line_bytes = 16;
const head_end = [13, 10, 13, 10];
const start_line = /^(?:([A-Z-]+) (\S+) HTTP\/1\.\d|HTTP\/1\.\d (\d{3}) ?(.*))$/;

// The bytes of a text in base64; none of another text.
function decoded(text) {
    try {
        return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    } catch {
        return new Uint8Array();
    }
}

// What the events of one direction have, up to the first gap: an event may be missing.
export function joined(events) {
    const pieces = [];
    let size = 0;
    for (const event of events) {
        if (Number(event.text("offset")) !== size)
            break;
        pieces.push(decoded(event.text("data")));
        size += pieces[pieces.length - 1].length;
    }
    const all = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
        all.set(piece, at);
        at += piece.length;
    }
    return all;
}

// The head of HTTP/1 at the beginning, or null: its first line's parts, and its fields in order.
export function http_head(data) {
    const text = Array.from(data.subarray(0, 16384), (one) => String.fromCharCode(one)).join("");
    const end = text.indexOf(String.fromCharCode(...head_end));
    const lines = (end < 0 ? text : text.slice(0, end)).split("\r\n");
    const parts = start_line.exec(lines[0]);
    if (!parts || lines.length < 2)
        return null;
    // A line that was cut is no field.
    const fields = (end < 0 ? lines.slice(1, -1) : lines.slice(1)).map((line) => {
        const colon = line.indexOf(":");
        return colon < 1 ? ["", line] : [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const first = parts[1] ? [["method", parts[1]], ["target", parts[2]]] : [["status", parts[3]], ["reason", parts[4]]];
    return {first, fields, is_whole: end >= 0};
}

// "0010  48 6f 73 74 ...  Host" a line; what is not printable ASCII is a dot.
export function hex_dump(data) {
    const lines = [];
    for (let at = 0; at < data.length; at += line_bytes) {
        const part = Array.from(data.subarray(at, at + line_bytes));
        const hex = part.map((one) => one.toString(16).padStart(2, "0")).join(" ");
        const text = part.map((one) => (one >= 32 && one < 127 ? String.fromCharCode(one) : ".")).join("");
        lines.push(`${at.toString(16).padStart(4, "0")}  ${hex.padEnd(line_bytes * 3 - 1)}  ${text}`);
    }
    return lines.join("\n");
}

function direction_view(title, events) {
    const data = joined(events);
    const box = element("section", {className: "direction"}, element("h4", {className: "foreign"}, visible(title), ` – ${bytes(data.length)}`));
    const head = http_head(data);
    if (head) {
        box.append(definitions(head.first), definitions(head.fields));
        if (!head.is_whole)
            box.append(element("p", {className: "hint"}, "The head goes on behind the bytes that were kept."));
    }
    const dump = element("pre", {className: "dump"}, hex_dump(data));
    box.append(head ? element("details", {}, element("summary", {}, "All bytes"), dump) : dump);
    return box;
}

// `events` are those of one connection, in their order.
export function traffic_view(events) {
    const peer = events[0].text("peer");
    const of = (way) => events.filter((event) => event.text("way") === way);
    return element("div", {className: "traffic"}, element("h3", {}, "First bytes"),
        ...[["sent", `from ${peer}`], ["received", `to ${peer}`]].map(([way, title]) =>
            of(way).length > 0 ? direction_view(title, of(way)) : element("p", {className: "hint"}, `Nothing was kept ${visible(title)}.`)));
}
