// SPDX-License-Identifier: Apache-2.0

// The events that the filter takes, a row each. Only rows that can be seen exist.
import {element, clock, brief, middle} from "./text.js";

const row_height = 24;
const spare_rows = 8;
const message_max = 400;

// A request to the KMS by its name, who asked, and the answer: the sentence of its log has the
// reasons in front of what tells two of them apart.
export function heading_of(event) {
    if (event.topic !== "kms")
        return event.message;
    const error = event.text("error");
    const who = event.text("principal").split("/").slice(1).join("/") || event.text("principal");
    return `${event.text("request")} ${error ? `refused: ${error}` : "allowed"}, for ${who}`;
}

// The same with the end of the key's name, and why: what tells refusals of one caller apart.
function row_text(event) {
    if (event.topic !== "kms")
        return event.message;
    const key = event.text("key").split("/").pop();
    const of_key = key === "" ? "" : `, key ${key.length > 12 ? `…${key.slice(-12)}` : key}`;
    const reason = event.text("error") === "" ? "" : event.text("reason");
    return `${heading_of(event)}${of_key}${reason === "" ? "" : `: ${reason}`}`;
}

export class EventList {
    constructor(box, store, filter, choose) {
        this.box = box;
        this.store = store;
        this.filter = filter;
        this.choose = choose;
        this.shown = [];  // events
        this.seen = 0;    // how many of the store's were looked at
        this.chosen = -1; // a place in `shown`
        this.rows = new Map();
        this.follows = true;
        this.spacer = element("div", {className: "spacer"});
        this.box.append(this.spacer);
        this.is_due = false;
        box.addEventListener("scroll", () => this.draw_soon());
        box.addEventListener("click", (click) => {
            const row = click.target.closest(".row");
            if (row)
                this.choose_place(Number(row.dataset.place));
        });
        box.addEventListener("keydown", (key) => this.on_key(key));
        new ResizeObserver(() => this.show_end()).observe(box);
        addEventListener("beforeprint", () => this.print());
    }

    // After the filter has changed.
    restart() {
        const event = this.shown[this.chosen];
        this.shown = [];
        this.seen = 0;
        this.clear_rows();
        this.update();
        this.chosen = event ? this.shown.indexOf(event) : -1;
        this.draw_soon();
    }

    update() {
        const {events} = this.store;
        for (; this.seen < events.length; ++this.seen)
            if (this.filter.takes(events[this.seen]))
                this.shown.push(events[this.seen]);
        this.spacer.style.height = `${this.shown.length * row_height}px`;
        this.show_end();
    }

    show_end() {
        if (this.follows)
            this.box.scrollTop = this.box.scrollHeight;
        this.draw_soon();
    }

    // Paper has all rows, with all of their texts.
    print() {
        this.clear_rows();
        this.box.append(...this.shown.map((event, place) => {
            const row = this.make_row(event, place, Infinity);
            this.rows.set(place, row);
            return row;
        }));
    }

    clear_rows() {
        for (const row of this.rows.values())
            row.remove();
        this.rows.clear();
    }

    choose_place(place) {
        if (place < 0 || place >= this.shown.length)
            return;
        this.mark(place);
        this.choose(this.shown[place]);
    }

    // Chosen elsewhere.
    show(event) {
        const place = this.shown.indexOf(event);
        if (place >= 0)
            this.mark(place);
    }

    mark(place) {
        this.chosen = place;
        const top = place * row_height;
        if (top < this.box.scrollTop)
            this.box.scrollTop = top;
        else if (top + row_height > this.box.scrollTop + this.box.clientHeight)
            this.box.scrollTop = top + row_height - this.box.clientHeight;
        this.draw_soon();
    }

    on_key(key) {
        const page = Math.max(Math.floor(this.box.clientHeight / row_height) - 1, 1);
        const to = {
            "ArrowDown": this.chosen + 1, "ArrowUp": Math.max(this.chosen - 1, 0),
            "PageDown": Math.min(this.chosen + page, this.shown.length - 1), "PageUp": Math.max(this.chosen - page, 0),
            "Home": 0, "End": this.shown.length - 1,
        }[key.key];
        if (to === undefined)
            return;
        key.preventDefault();
        this.choose_place(to);
    }

    draw_soon() {
        if (this.is_due)
            return;
        this.is_due = true;
        requestAnimationFrame(() => {
            this.is_due = false;
            this.draw();
        });
    }

    draw() {
        const first = Math.max(Math.floor(this.box.scrollTop / row_height) - spare_rows, 0);
        const last = Math.min(first + Math.ceil(this.box.clientHeight / row_height) + 2 * spare_rows, this.shown.length);
        for (const [place, row] of this.rows)
            if (place < first || place >= last) {
                row.remove();
                this.rows.delete(place);
            }
        for (let place = first; place < last; ++place) {
            if (!this.rows.has(place)) {
                const row = this.make_row(this.shown[place], place);
                this.rows.set(place, row);
                this.box.append(row);
            }
            const row = this.rows.get(place);
            row.setAttribute("aria-selected", String(place === this.chosen));
            row.setAttribute("aria-setsize", String(this.shown.length));
        }
        this.box.setAttribute("aria-activedescendant", this.rows.has(this.chosen) ? `row-${this.chosen}` : "");
    }

    make_row(event, place, most = message_max) {
        const row = element("div", {className: event.is_refusal ? "row refused" : "row", role: "option", id: `row-${place}`, "aria-posinset": String(place + 1)},
            element("span", {className: "time"}, clock(event.at)),
            element("span", {className: `mark ${event.topic}`, title: event.topic}),
            element("span", {className: "part"}, middle(event.lane.name || "world", 18)),
            element("span", {className: "message"}, brief(row_text(event), most)));
        row.dataset.place = place;
        row.style.top = `${place * row_height}px`;
        return row;
    }
}
