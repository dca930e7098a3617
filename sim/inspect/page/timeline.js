// SPDX-License-Identifier: Apache-2.0

// The lanes: an axis of time, and for each part its connections as bars and everything else as
// marks. What would be drawn into a column that is already drawn is left out.
import {element, clock, middle} from "./text.js";
import {first_from} from "./events.js";

const lane_height = 34;
const axis_height = 18;
const bar_height = 5;
const span_min = 2;  // milliseconds
const year = 31536000000;
const marks_max = 100;
const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000, 300000, 600000, 3600000, 21600000, 86400000];

export class Timeline {
    // `choose(event)` is called for a click; `changed()` when a lane is hidden or shown.
    constructor(canvas, labels, store, filter, choose, changed) {
        this.canvas = canvas;
        this.labels = labels;
        this.store = store;
        this.filter = filter;
        this.choose = choose;
        this.changed = changed;
        this.from = 0;
        this.to = 1;
        this.follows = true;
        this.has_own_view = false;  // zoomed or moved by the reader
        this.chosen = null;
        this.is_due = false;
        this.frame_times = [];      // of the last draws, in milliseconds
        this.colors = {};
        canvas.addEventListener("wheel", (wheel) => this.on_wheel(wheel), {passive: false});
        canvas.addEventListener("pointerdown", (pointer) => this.on_pointer(pointer));
        canvas.addEventListener("keydown", (key) => this.on_key(key));
        new ResizeObserver(() => this.draw_soon()).observe(canvas.parentElement);
        canvas.parentElement.addEventListener("scroll", () => this.draw_soon());
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
            this.colors = {};
            this.draw_soon();
        });
    }

    // Lanes that are new get a label.
    update() {
        for (let i = this.labels.children.length; i < this.store.lanes.length; ++i) {
            const lane = this.store.lanes[i];
            const name = lane.name === "" ? "world" : lane.name;
            const button = element("button", {type: "button", "aria-pressed": "true", title: middle(`${name}: ${lane.kind}`, 80)},
                middle(name, 16), lane.cid === "" ? "" : ` (${lane.cid})`);
            button.addEventListener("click", () => {
                lane.is_hidden = !lane.is_hidden;
                button.setAttribute("aria-pressed", String(!lane.is_hidden));
                this.changed();
            });
            this.labels.append(element("li", {}, button));
        }
        if (!this.has_own_view)
            this.show_all();
        else if (this.follows)
            this.move_to_end();
        this.draw_soon();
    }

    show_all() {
        if (this.store.events.length === 0)
            return;
        const margin = Math.max((this.store.last - this.store.begin) * 0.01, 1);
        this.from = this.store.begin - margin;
        this.to = this.store.last + margin;
        this.limit();
        this.has_own_view = false;
        this.draw_soon();
    }

    // No longer than a year, wherever the times of an enclave lead.
    limit() {
        if (this.to - this.from > year)
            this.to = this.from + year;
    }

    move_to_end() {
        const span = this.to - this.from;
        this.to = this.store.last + span * 0.02;
        this.from = this.to - span;
    }

    zoom(factor, center = (this.from + this.to) / 2) {
        const span = Math.min(Math.max((this.to - this.from) * factor, span_min), year);
        const part = (center - this.from) / (this.to - this.from);
        this.from = center - span * part;
        this.to = this.from + span;
        this.has_own_view = true;
        this.draw_soon();
    }

    pan(by) {
        const way = (this.to - this.from) * by;
        this.from += way;
        this.to += way;
        this.has_own_view = true;
        this.draw_soon();
    }

    reveal(event) {
        this.chosen = event;
        if (event && (event.at < this.from || event.at > this.to)) {
            const half = (this.to - this.from) / 2;
            this.from = event.at - half;
            this.to = event.at + half;
            this.has_own_view = true;
        }
        this.draw_soon();
    }

    time_at(x) {
        return this.from + (x / this.canvas.clientWidth) * (this.to - this.from);
    }
    x_of(time) {
        return (time - this.from) / (this.to - this.from) * this.canvas.clientWidth;
    }

    on_wheel(wheel) {
        if (!wheel.ctrlKey && !wheel.shiftKey && Math.abs(wheel.deltaY) > Math.abs(wheel.deltaX) && wheel.altKey === false && this.labels.clientHeight > this.canvas.parentElement.clientHeight)
            return;  // more lanes than fit: the page scrolls
        wheel.preventDefault();
        if (wheel.shiftKey || Math.abs(wheel.deltaX) > Math.abs(wheel.deltaY))
            this.pan((wheel.deltaX || wheel.deltaY) / 1000);
        else
            this.zoom(Math.exp(wheel.deltaY / 400), this.time_at(wheel.offsetX));
    }

    on_pointer(down) {
        this.canvas.focus();
        this.canvas.setPointerCapture(down.pointerId);
        const {from, to} = this;
        let is_drag = false;
        const move = (pointer) => {
            const way = pointer.clientX - down.clientX;
            is_drag = is_drag || Math.abs(way) > 4;
            if (!is_drag)
                return;
            const by = -way / this.canvas.clientWidth * (to - from);
            this.from = from + by;
            this.to = to + by;
            this.has_own_view = true;
            this.draw_soon();
        };
        const up = (pointer) => {
            this.canvas.removeEventListener("pointermove", move);
            if (!is_drag && pointer.type === "pointerup")
                this.choose_at(down.offsetX, down.offsetY);
        };
        this.canvas.addEventListener("pointermove", move);
        this.canvas.addEventListener("pointerup", up, {once: true});
        this.canvas.addEventListener("pointercancel", up, {once: true});
    }

    on_key(key) {
        const action = {
            "ArrowLeft": () => this.pan(-0.2), "ArrowRight": () => this.pan(0.2),
            "+": () => this.zoom(0.6), "=": () => this.zoom(0.6), "-": () => this.zoom(1.6), "0": () => this.show_all(),
        }[key.key];
        if (action) {
            key.preventDefault();
            action();
        }
    }

    // The event that is nearest, in that lane.
    choose_at(x, y) {
        if (y < this.canvas.parentElement.scrollTop + axis_height)
            return;
        const lane = this.store.lanes[Math.floor((y - axis_height) / lane_height)];
        if (!lane)
            return;
        const time = this.time_at(x);
        const reach = (this.to - this.from) / this.canvas.clientWidth * 8;
        let best = null;
        let best_distance = reach;
        const consider = (event, distance) => {
            if (distance <= best_distance && this.filter.takes(event)) {
                best = event;
                best_distance = distance;
            }
        };
        for (let i = first_from(lane.points, time - reach, (one) => one.at); i < lane.points.length && lane.points[i].at <= time + reach; ++i)
            consider(lane.points[i], Math.abs(lane.points[i].at - time));
        for (const bar of lane.bars)
            if (!best && bar.begin - reach <= time && time <= bar.end + reach)
                consider(bar.closed ?? bar.event, 0);
        if (best)
            this.choose(best);
    }

    draw_soon() {
        if (this.is_due)
            return;
        this.is_due = true;
        requestAnimationFrame(() => {
            this.is_due = false;
            const begin = performance.now();
            this.draw();
            this.frame_times.push(performance.now() - begin);
            if (this.frame_times.length > 600)
                this.frame_times.shift();
        });
    }

    color(name) {
        return this.colors[name] ??= getComputedStyle(this.canvas).getPropertyValue(`--${name}`).trim() || "#888";
    }

    draw() {
        const scale = devicePixelRatio || 1;
        const width = this.canvas.clientWidth;
        const height = axis_height + this.store.lanes.length * lane_height;
        this.canvas.style.height = `${height}px`;
        if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
            this.canvas.width = Math.round(width * scale);
            this.canvas.height = Math.round(height * scale);
        }
        const drawing = this.canvas.getContext("2d");
        drawing.setTransform(scale, 0, 0, scale, 0, 0);
        drawing.clearRect(0, 0, width, height);
        const times = this.draw_grid(drawing, width, height);
        this.store.lanes.forEach((lane, index) => {
            const top = axis_height + index * lane_height;
            drawing.fillStyle = this.color("line");
            drawing.fillRect(0, top + lane_height - 1, width, 1);
            if (lane.is_hidden)
                return;
            this.draw_bars(drawing, lane, top, width);
            this.draw_points(drawing, lane, top, width);
        });
        this.draw_axis(drawing, width, times);
    }

    // A line for each time of the axis, and these times.
    draw_grid(drawing, width, height) {
        const step = steps.find((one) => one / (this.to - this.from) * width >= 110) ?? steps[steps.length - 1];
        const times = [];
        drawing.fillStyle = this.color("line");
        for (let time = Math.ceil(this.from / step) * step; time < this.to && times.length < marks_max; time += step) {
            drawing.fillRect(this.x_of(time), 0, 1, height);
            times.push(time);
        }
        return times;
    }

    // Above the lanes that are in view.
    draw_axis(drawing, width, times) {
        const top = this.canvas.parentElement.scrollTop;
        drawing.fillStyle = this.color("paper");
        drawing.fillRect(0, top, width, axis_height);
        drawing.fillStyle = this.color("quiet");
        drawing.font = "11px system-ui, sans-serif";
        for (const time of times)
            drawing.fillText(clock(time), this.x_of(time) + 3, top + 12);
    }

    draw_bars(drawing, lane, top, width) {
        const drawn = new Float64Array(8).fill(-1);  // by row, the column that was drawn last
        for (const bar of lane.bars) {
            if (bar.begin > this.to)
                break;
            if (bar.end < this.from)
                continue;
            const event = bar.closed ?? bar.event;
            const left = Math.max(this.x_of(bar.begin), 0);
            const right = Math.min(bar.end === Infinity ? this.x_of(this.store.last) : this.x_of(bar.end), width);
            if (right <= drawn[bar.row] && event !== this.chosen)
                continue;
            if (!this.filter.takes(event) && !this.filter.takes(bar.event))
                continue;
            drawn[bar.row] = right + 0.5;
            drawing.fillStyle = this.color(event === this.chosen || bar.event === this.chosen ? "ink" : "connection");
            drawing.fillRect(left, top + 3 + bar.row * (bar_height + 1), Math.max(right - left, 1.5), bar_height);
        }
    }

    draw_points(drawing, lane, top, width) {
        const {points} = lane;
        const columns = width * 2;
        const drawn = new Uint8Array(columns + 2);  // 1 a mark, 2 a refusal
        const per_column = columns / (this.to - this.from);
        for (let i = first_from(points, this.from, (one) => one.at); i < points.length && points[i].at <= this.to; ++i) {
            const event = points[i];
            const column = Math.floor((event.at - this.from) * per_column);
            const is_bad = event.is_refusal;
            if (drawn[column] >= (is_bad ? 2 : 1) && event !== this.chosen)
                continue;
            if (!this.filter.takes(event))
                continue;
            drawn[column] = is_bad ? 2 : 1;
            const x = column / 2;
            drawing.fillStyle = this.color(event === this.chosen ? "ink" : is_bad ? "bad" : event.topic);
            drawing.fillRect(x - 1, is_bad ? top + 2 : top + 12, 2.5, is_bad ? lane_height - 6 : lane_height - 20);
        }
        if (this.chosen?.lane === lane) {
            drawing.strokeStyle = this.color("accent");
            drawing.strokeRect(this.x_of(this.chosen.at) - 3, top + 1.5, 7, lane_height - 4);
        }
    }
}
