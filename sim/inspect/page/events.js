// SPDX-License-Identifier: Apache-2.0

// The events of a world: lanes of parts, connections with both their ends, and what is shown.

const connecting = new Set(["proxy", "forward", "run", "parent"]);
const refusing = new Set(["refused", "failed", "nsm_refused", "name_refused", "forbidden"]);

// What an event is about, which decides its colour.
export function topic_of(event) {
    if (event.event.startsWith("fault_"))
        return "fault";
    if (event.component === "program")
        return "console";
    if (event.component === "kms" && event.request)
        return "kms";
    if (event.component === "imds" && event.event === "request")
        return "metadata";
    if (event.event.startsWith("nsm_"))
        return "module";
    if (connecting.has(event.component) && (event.target || event.peer || event.event === "closed"))
        return "connection";
    if (event.component === "up" || event.event === "ready" || event.event === "measured")
        return "life";
    return "other";
}

export function is_refusal(event) {
    return refusing.has(event.event) || event.level === "error" || (event.event === "ended" && event.level === "warning");
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

export class Lane {
    constructor(name, kind, cid) {
        this.name = name;
        this.kind = kind;
        this.cid = cid;
        this.is_hidden = false;
        this.points = [];  // events, by time
        this.bars = [];    // connections, by the time of their begin
        this.row_ends = [];
    }

    add_point(event) {
        let at = this.points.length;
        while (at > 0 && this.points[at - 1].at > event.at)
            --at;
        this.points.splice(at, 0, event);
    }

    // In the first row that is free; the last row takes what finds none.
    add_bar(event) {
        let row = this.row_ends.findIndex((end) => end <= event.at);
        if (row < 0)
            row = Math.min(this.row_ends.length, rows_max - 1);
        this.row_ends[row] = Infinity;
        const bar = {begin: event.at, end: Infinity, row, event, closed: null};
        this.bars.push(bar);
        return bar;
    }
}

export class Store {
    constructor() {
        this.events = [];
        this.lanes = [];
        this.lane_by_name = new Map();
        this.open = new Map();  // bars, by part and peer
        this.world = null;      // the event "world"
        this.end = null;        // the event "world_ended"
        this.lane("world", "world");
    }

    lane(name, kind = "part", cid = undefined) {
        let found = this.lane_by_name.get(name);
        if (!found) {
            found = new Lane(name, kind, cid);
            this.lanes.push(found);
            this.lane_by_name.set(name, found);
        }
        return found;
    }

    add(batch) {
        for (const event of batch) {
            event.at = Date.parse(event.time);
            event.topic = topic_of(event);
            event.number = this.events.length;
            this.events.push(event);
            if (event.event === "world") {
                this.world = event;
                for (const part of event.parts ?? [])
                    this.lane(part.part, part.kind, part.cid);
            }
            if (event.event === "world_ended")
                this.end = event;
            const lane = this.lane(event.part && event.component !== "up" ? event.part : event.part ?? "world");
            event.lane = lane;
            this.place(event, lane);
        }
    }

    place(event, lane) {
        // A traced program may have two connections of one peer, to ports of its own.
        const near = event.component === "run" || event.component === "parent" ? event.address : "";
        const key = `${lane.name}\n${event.peer ?? ""}\n${near}`;
        if (event.topic === "connection" && event.event === "open") {
            this.open.set(key, lane.add_bar(event));
        } else if (event.topic === "connection" && event.event === "closed" && this.open.has(key)) {
            const bar = this.open.get(key);
            this.open.delete(key);
            bar.end = event.at;
            bar.closed = event;
            lane.row_ends[bar.row] = event.at;
            event.began = bar.event;
            bar.event.ended = event;
        } else {
            lane.add_point(event);
        }
    }

    get begin() {
        return this.events.length > 0 ? this.events[0].at : 0;
    }
    get last() {
        return this.events.length > 0 ? this.events[this.events.length - 1].at : 1;
    }
}

// What an event is searched by: its message and its fields' values, in lower case, made once.
function searched(event) {
    if (event.searched === undefined) {
        const texts = [event.message, event.part, event.event];
        for (const name of ["peer", "target", "request", "error", "principal", "key", "cid", "port", "request_id"])
            if (event[name] !== undefined)
                texts.push(String(event[name]));
        event.searched = texts.join("\n").toLowerCase();
    }
    return event.searched;
}

export class Filter {
    constructor() {
        this.text = "";
        this.topic = "";
        this.only_refusals = false;
    }

    takes(event) {
        return !event.lane.is_hidden && (this.topic === "" || event.topic === this.topic) &&
            (!this.only_refusals || is_refusal(event)) && (this.text === "" || searched(event).includes(this.text));
    }
}
