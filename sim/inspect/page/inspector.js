// SPDX-License-Identifier: Apache-2.0

// The page: where the events come from, the tabs, the filter, and the details of an event.
import {element, visible, brief, clock, duration, definitions} from "./text.js";
import {Store, Filter} from "./events.js";
import {Timeline} from "./timeline.js";
import {EventList, heading_of} from "./list.js";
import {decision_view} from "./decision.js";
import {end_view} from "./end.js";
import {traffic_view} from "./traffic.js";
import {document_panel} from "./document.js";
import {images_panel} from "./images.js";
import {faults_panel} from "./faults.js";
import {parts_panel} from "./parts.js";

const shown_elsewhere = new Set(["time", "level", "component", "event", "message", "part"]);
const names = {further: "events not kept", lost: "events not written", kms_trace: "trace of the KMS"};
const shown_bytes_max = 65536;

const find = (id) => document.getElementById(id);

async function parsed(answer) {
    const is_json = (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
    const value = is_json ? await answer.json() : await answer.text();
    if (!answer.ok)
        throw new Error((is_json ? value.error : value) || `the answer's status is ${answer.status}`);
    return value;
}

// Without a server (an exported page) the run is in the page.
const run = find("run") ? JSON.parse(find("run").textContent) : null;
const server = {
    get: async (name) => run ? Promise.reject(new Error("this page has no server")) : parsed(await fetch(name)),
    send: async (name, body) => run ? Promise.reject(new Error("this page has no server: run `glovebox inspect`")) : parsed(await fetch(name, {method: "POST", body})),
    decision: async (id) => run ? run.decisions[id] ?? Promise.reject(new Error("This file has no decision on the request: it has those on requests that the KMS refused.")) : server.get(`decision?id=${encodeURIComponent(id)}`),
};

const store = new Store();
const filter = new Filter();
const list = new EventList(find("list"), store, filter, (event) => choose(event, "list"));
const timeline = new Timeline(find("canvas"), find("labels"), store, filter, (event) => choose(event, "timeline"), () => refilter());

function choose(event, origin) {
    find("follow").checked = false;
    follow(false);
    timeline.reveal(event);
    if (origin !== "list")
        list.show(event);
    show_detail(event);
}

function fields_of(event) {
    const pairs = [["time", `${event.text("time")}`], ["part", event.part || "the world"], ["event", `${event.component} ${event.event}`]];
    if (event.level !== "info")
        pairs.push(["level", event.level]);
    const began = event.began ?? (event.ended ? event : null);
    const ended = event.ended ?? (event.began ? event : null);
    if (began && ended)
        pairs.push(["open", `${clock(began.at)} to ${clock(ended.at)}, ${duration(ended.at - began.at)}`]);
    // The decision on a request has its reason, and the view of the first bytes has them.
    const left_out = new Set(event.topic === "kms" ? ["reason"] : event.traffic ? ["data"] : []);
    for (const [name, value] of Object.entries(event.raw)) {
        const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
        if (!shown_elsewhere.has(name) && !left_out.has(name) && text !== "")
            pairs.push([names[name] ?? visible(name.replaceAll("_", " ")), text.slice(0, shown_bytes_max)]);
    }
    return pairs;
}

async function show_detail(event) {
    const heading = heading_of(event);
    const why = element("div", {});
    find("detail").replaceChildren(
        element("h2", {className: "foreign"}, visible(heading.slice(0, shown_bytes_max))),
        heading.length > shown_bytes_max ? element("p", {className: "hint"}, `${heading.length - shown_bytes_max} more characters`) : "",
        why, end_view(event, store.events), event.traffic ? traffic_view(event.traffic) : "", element("h3", {}, "Event"), definitions(fields_of(event)));
    find("detail").scrollTop = 0;
    const request = event.text("request_id");
    if (request === "" || event.topic !== "kms")
        return;
    why.append(element("p", {className: "hint"}, "loading the decision"));
    try {
        why.replaceChildren(decision_view(await server.decision(request)));
    } catch (failure) {
        why.replaceChildren(element("p", {className: "hint"}, visible(failure.message)));
    }
}

function refilter() {
    filter.text = find("text").value.trim().toLowerCase();
    filter.topic = find("kind").value;
    filter.only_refusals = find("refusals").checked;
    list.restart();
    timeline.draw_soon();
    show_count();
}

function follow(is_on) {
    list.follows = is_on;
    timeline.follows = is_on;
}

function show_count() {
    const {length} = store.events;
    const hidden = Number(store.end?.text("further") || 0);
    find("count").textContent = [
        list.shown.length === length ? `${length} events` : `${list.shown.length} of ${length} events`,
        hidden > 0 ? `${hidden} later ones were not kept` : "",
        Number(store.end?.text("lost") || 0) > 0 ? `${store.end.text("lost")} were lost` : "",
        store.unread > 0 ? `${store.unread} could not be read` : "",
    ].filter((part) => part !== "").join("; ");
}

// `over` says why no more events come; empty while they may.
function show_state(over = "") {
    const state = find("state");
    const {world, end} = store;
    if (world)
        find("world").textContent = brief(world.message, 80);
    document.title = world ? `${brief(world.message, 40)} – Glovebox` : "Glovebox inspector";
    if (end) {
        const status = end.text("status");
        const failures = store.failures.join("; ") || (status !== "" && status !== "0" ? `the command's status is ${status}` : "");
        const has_passed = end.raw.passed === true;
        state.textContent = has_passed ? "ended, and passed" : failures ? `failed: ${brief(failures, 300)}` : "ended; some parts were not run";
        state.className = has_passed ? "good" : failures ? "bad" : "warn";
    } else {
        state.textContent = over || (world ? "running" : "");
        state.className = over ? "bad" : "";
    }
}

// Events come in batches; what is drawn is drawn once a frame.
function take(batch) {
    store.add(batch);
    list.update();
    timeline.update();
    show_count();
    show_state();
    // What can be done changes with them.
    if (!panels.faults.hidden && batch.some((one) => one?.component === "fault" || one?.component === "up"))
        refresh_acts();
}

function refresh_acts() {
    parts.refresh();
    faults.refresh();
}

function connect() {
    if (run) {
        take(Array.isArray(run.events) ? run.events : []);
        show_state(store.world ? "The world was killed: its last events may be missing." : "The record has no events.");
        return;
    }
    const source = new EventSource("events");
    source.onmessage = (message) => take(JSON.parse(message.data));
    source.addEventListener("end", () => {
        source.close();
        show_state(store.world ? "The world was killed: its last events may be missing." : store.events.length > 0 ? "The record has no beginning." : "no world");
    });
    source.onerror = async () => {
        source.close();
        show_state(await why_no_events());
    };
}

// An EventSource does not tell.
async function why_no_events() {
    const question = new AbortController();
    try {
        const answer = await fetch("events", {signal: question.signal});
        if (!answer.ok)
            await parsed(answer);
        question.abort();
        return "The connection to the inspector was lost: reload the page.";
    } catch (failure) {
        return failure instanceof TypeError ? "The inspector has ended: what happened afterwards is not here." : visible(failure.message);
    }
}

addEventListener("error", (failure) => show_state(`This page has a bug: ${failure.message}`));

const panels = {timeline: find("timeline"), document: find("document"), images: find("images"), faults: find("faults")};
const parts = parts_panel(panels.faults, server, () => store.parts);
const faults = faults_panel(panels.faults, server);
const documents = document_panel(panels.document, server);

function open_tab(name) {
    for (const [other, panel] of Object.entries(panels)) {
        const is_open = other === name;
        panel.hidden = !is_open;
        find(`tab-${other}`).setAttribute("aria-selected", String(is_open));
        find(`tab-${other}`).tabIndex = is_open ? 0 : -1;
    }
    if (name === "faults")
        refresh_acts();
}

for (const name of Object.keys(panels)) {
    const tab = find(`tab-${name}`);
    tab.addEventListener("click", () => open_tab(name));
    tab.addEventListener("keydown", (key) => {
        const names = Object.keys(panels).filter((one) => !find(`tab-${one}`).hidden);
        const way = {"ArrowRight": 1, "ArrowLeft": -1}[key.key];
        if (!way)
            return;
        const next = names[(names.indexOf(name) + way + names.length) % names.length];
        open_tab(next);
        find(`tab-${next}`).focus();
    });
}
find("filters").addEventListener("submit", (submit) => submit.preventDefault());
find("text").addEventListener("input", refilter);
find("kind").addEventListener("change", refilter);
find("refusals").addEventListener("change", refilter);
find("follow").addEventListener("change", (change) => {
    follow(change.target.checked);
    list.update();
    timeline.update();
});
find("zoom-in").addEventListener("click", () => timeline.zoom(0.6));
find("zoom-out").addEventListener("click", () => timeline.zoom(1.6));
find("zoom-all").addEventListener("click", () => timeline.show_all());

// For whoever measures the page.
window.glovebox = {store, timeline, list};

if (run) {
    for (const name of ["document", "images", "faults"])
        find(`tab-${name}`).hidden = true;
    find("export").hidden = true;
} else {
    const images = images_panel(panels.images, server);
    documents.show_first().then(async (has_document) => {
        if (has_document)
            open_tab("document");
        else if (await images > 0 && !store.world)
            open_tab("images");
    });
}
connect();
