// SPDX-License-Identifier: Apache-2.0

// The events of a world: lanes of parts, connections with both their ends, and what is shown. An
// event may come from an enclave that writes what looks like a log: every member is taken for a
// text, a number or nothing, and the page's own knowledge of an event is beside it, never in it.

const connecting = new Set(["proxy", "forward", "run", "parent"]);
const refusing = new Set(["refused", "failed", "nsm_refused", "name_refused", "forbidden"]);
const searched_members = ["peer", "target", "request", "error", "principal", "key", "cid", "port", "request_id"];

function text_of(value) {
    return typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function is_object(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list_of(value) {
    return Array.isArray(value) ? value : [];
}

// What an event is about, which decides its colour.
function topic_of(event) {
    if (event.event.startsWith("fault_"))
        return "fault";
    if (event.component === "program")
        return "console";
    if (event.component === "kms" && event.text("request") !== "")
        return "kms";
    if (event.component === "imds" && event.event === "request")
        return "metadata";
    if (event.event.startsWith("nsm_"))
        return "module";
    if (connecting.has(event.component) && (event.text("target") !== "" || event.text("peer") !== "" || event.event === "closed"))
        return "connection";
    if (event.component === "up" || event.event === "ready" || event.event === "measured")
        return "life";
    return "other";
}

// One event. `raw` is the line as it came; `began` and `ended` are the ends of one connection.
class WorldEvent {
    constructor(raw, number) {
        if (!is_object(raw))
            throw new TypeError("an event is an object");
        this.raw = raw;
        this.number = number;
        this.at = Date.parse(this.text("time"));
        if (!Number.isFinite(this.at))
            throw new TypeError("an event has a time");
        for (const name of ["component", "event", "message", "part", "level"])
            this[name] = this.text(name);
        this.topic = topic_of(this);
        this.is_refusal = refusing.has(this.event) || this.level === "error" || (this.event === "ended" && this.level === "warning");
        this.lane = null;
        this.began = null;
        this.ended = null;
        this.traffic = null;  // the events with the first bytes of its connection, for each of its events
        this.searched = null;
    }

    // A member's text; empty if it is absent or neither a text nor a number.
    text(name) {
        return Object.hasOwn(this.raw, name) ? text_of(this.raw[name]) : "";
    }

    // What it is found by, in lower case.
    is_found_by(text) {
        this.searched ??= [this.message, this.part, this.event, ...searched_members.map((name) => this.text(name))].join("\n").toLowerCase();
        return this.searched.includes(text);
    }
}

// A place in a sorted list: the first entry whose time is not before `time`.
export function first_from(list, time, time_of) {
    let low = 0;
    let high = list.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (time_of(list[middle]) < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const rows_max = 5;

class Lane {
    constructor(name, kind, cid) {
        this.name = name;
        this.kind = kind;
        this.cid = cid;
        this.is_hidden = false;
        this.points = [];  // events, by time
        this.bars = [];    // connections, by the time of their begin
        this.row_ends = [];
        this.is_sorted = true;
    }

    add_point(event) {
        const last = this.points[this.points.length - 1];
        this.is_sorted = this.is_sorted && !(last && last.at > event.at);
        this.points.push(event);
    }

    // In the first row that is free; the last row takes what finds none.
    add_bar(event) {
        let row = this.row_ends.findIndex((end) => end <= event.at);
        if (row < 0)
            row = Math.min(this.row_ends.length, rows_max - 1);
        this.row_ends[row] = Infinity;
        const bar = {begin: event.at, end: Infinity, row, event, closed: null};
        const last = this.bars[this.bars.length - 1];
        this.is_sorted = this.is_sorted && !(last && last.begin > event.at);
        this.bars.push(bar);
        return bar;
    }

    // Once for all events that have come.
    sort() {
        if (this.is_sorted)
            return;
        this.points.sort((one, other) => one.at - other.at);
        this.bars.sort((one, other) => one.begin - other.begin);
        this.is_sorted = true;
    }
}

export class Store {
    constructor() {
        this.events = [];
        this.lanes = [];
        this.lane_by_name = new Map();
        this.open = new Map();     // bars, by part and peer
        this.traffic = new Map();  // of exchanges of HTTP, which are no bars, by the same
        this.world = null;      // the event "world"
        this.end = null;        // the event "world_ended"
        this.unread = 0;        // lines that are no events
        this.begin = Infinity;
        this.last = -Infinity;
        this.lane("", "the world");
    }

    // The lane of a part; of the world itself for an empty name.
    lane(name, kind = "part", cid = "") {
        let found = this.lane_by_name.get(name);
        if (!found) {
            found = new Lane(name, kind, cid);
            this.lanes.push(found);
            this.lane_by_name.set(name, found);
        }
        return found;
    }

    add(batch) {
        for (const raw of batch) {
            try {
                this.take(new WorldEvent(raw, this.events.length));
            } catch {
                ++this.unread;
            }
        }
        for (const lane of this.lanes)
            lane.sort();
    }

    take(event) {
        this.events.push(event);
        this.begin = Math.min(this.begin, event.at);
        this.last = Math.max(this.last, event.at);
        // The world's own events are about no part.
        if (event.component === "up" && event.part === "" && event.event === "world") {
            this.world = event;
            for (const {part, kind, cid} of this.parts)
                this.lane(part, kind, cid);
        }
        if (event.component === "up" && event.part === "" && event.event === "world_ended")
            this.end = event;
        event.lane = this.lane(event.part);
        this.place(event, event.lane);
    }

    place(event, lane) {
        // A traced program may have two connections of one peer, to ports of its own.
        const near = event.component === "run" || event.component === "parent" ? event.text("address") : "";
        const key = `${lane.name}\n${event.text("peer")}\n${near}`;
        if (event.topic === "connection" && event.event === "open") {
            this.open.set(key, lane.add_bar(event));
        } else if (event.topic === "connection" && event.event === "closed" && this.open.has(key)) {
            const bar = this.open.get(key);
            this.open.delete(key);
            bar.end = Math.max(event.at, bar.begin);
            bar.closed = event;
            lane.row_ends[bar.row] = bar.end;
            event.began = bar.event;
            bar.event.ended = event;
            event.traffic = bar.event.traffic;
        } else if (event.topic === "connection" && event.event === "traffic") {
            this.place_traffic(event, key);
            lane.add_point(event);
        } else if (event.topic === "connection" && this.traffic.has(key)) {
            event.traffic = this.traffic.get(key);
            this.traffic.delete(key);
            lane.add_point(event);
        } else {
            lane.add_point(event);
        }
    }

    place_traffic(event, key) {
        const begin = this.open.get(key)?.event;
        const known = begin ? begin.traffic : this.traffic.get(key);
        event.traffic = known ?? [];
        event.traffic.push(event);
        if (begin)
            begin.traffic = event.traffic;
        else
            this.traffic.set(key, event.traffic);
    }

    // As the world file has them: {part, kind, cid}, texts.
    get parts() {
        return list_of(this.world?.raw.parts).filter(is_object)
            .map((one) => ({part: text_of(one.part), kind: text_of(one.kind), cid: text_of(one.cid)}));
    }

    // Sentences about the end of the run; none if it passed.
    get failures() {
        return list_of(this.end?.raw.failures).map(text_of).filter((sentence) => sentence !== "");
    }
}

export class Filter {
    constructor() {
        this.text = "";
        this.topic = "";
        this.only_refusals = false;
    }

    takes(event) {
        return !event.lane.is_hidden && (this.topic === "" || event.topic === this.topic) &&
            (!this.only_refusals || event.is_refusal) && (this.text === "" || event.is_found_by(this.text));
    }
}
