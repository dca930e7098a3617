// SPDX-License-Identifier: Apache-2.0

// The page: where the events come from, the tabs, the filter, and the details of an event.
import {element, visible, brief, clock, duration, definitions} from "./text.js";
import {Store, Filter} from "./events.js";
import {Timeline} from "./timeline.js";
import {EventList} from "./list.js";
import {decision_view} from "./decision.js";
import {document_panel} from "./document.js";
import {images_panel} from "./images.js";
import {faults_panel} from "./faults.js";

const own_fields = new Set(["at", "topic", "number", "lane", "searched", "began", "ended", "time", "level", "component", "event", "message", "part"]);
const shown_bytes_max = 65536;

const find = (id) => document.getElementById(id);

async function parsed(answer) {
    const value = await answer.json();
    if (!answer.ok)
        throw new Error(value.error ?? `status ${answer.status}`);
    return value;
}

// Without a server (an exported page) the run is in the page.
const run = find("run") ? JSON.parse(find("run").textContent) : null;
const server = {
    get: async (name) => run ? Promise.reject(new Error("this page has no server")) : parsed(await fetch(name)),
    send: async (name, body) => run ? Promise.reject(new Error("this page has no server: run `glovebox inspect`")) : parsed(await fetch(name, {method: "POST", body})),
    decision: async (id) => run ? run.decisions[id] ?? Promise.reject(new Error("the page has the decisions on refused requests alone")) : server.get(`decision?id=${encodeURIComponent(id)}`),
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
    const pairs = [["time", event.time], ["part", event.part ?? "the world"], ["what", `${event.component}: ${event.event}`]];
    if (event.level !== "info")
        pairs.push(["level", event.level]);
    const began = event.began ?? (event.ended ? event : null);
    const ended = event.ended ?? (event.began ? event : null);
    if (began && ended)
        pairs.push(["open", `${clock(began.at)} to ${clock(ended.at)}, ${duration(ended.at - began.at)}`]);
    for (const [name, value] of Object.entries(event))
        if (!own_fields.has(name))
            pairs.push([name.replaceAll("_", " "), typeof value === "object" ? JSON.stringify(value) : value]);
    return pairs;
}

// A request's heading is short: the sentence of its log has all the reasons.
function heading_of(event) {
    if (event.topic !== "kms")
        return event.message;
    return `${event.request} ${event.error ? `refused: ${event.error}` : "allowed"}`;
}

async function show_detail(event) {
    const heading = heading_of(event);
    const why = element("div", {});
    find("detail").replaceChildren(
        element("h2", {className: "foreign"}, visible(heading.slice(0, shown_bytes_max))),
        heading.length > shown_bytes_max ? element("p", {className: "hint"}, `${heading.length - shown_bytes_max} more characters`) : "",
        why, element("h3", {}, "Event"), definitions(fields_of(event)));
    find("detail").scrollTop = 0;
    if (!event.request_id || event.topic !== "kms")
        return;
    why.append(element("p", {className: "hint"}, "asking why"));
    try {
        why.replaceChildren(decision_view(await server.decision(event.request_id)));
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
    find("count").textContent = list.shown.length === store.events.length ? `${store.events.length} events` : `${list.shown.length} of ${store.events.length} events`;
}

function show_state(is_lost = false) {
    const state = find("state");
    const {world, end} = store;
    if (world)
        find("world").textContent = brief(world.message, 80);
    document.title = world ? `${brief(world.message, 40)} – Glovebox` : "Glovebox inspector";
    if (end) {
        const failures = (end.failures ?? []).join("; ") || (end.status ? `the command's status is ${end.status}` : "");
        state.textContent = end.passed ? "ended, and passed" : failures ? `failed: ${brief(failures, 300)}` : "ended, and ran in part";
        state.className = end.passed ? "good" : failures ? "bad" : "warn";
    } else {
        state.textContent = is_lost ? "the inspector has ended" : world ? "runs" : "";
        state.className = "";
    }
}

// Events come in batches; what is drawn is drawn once a frame.
function take(batch) {
    store.add(batch);
    list.update();
    timeline.update();
    show_count();
    show_state();
}

function connect() {
    if (run) {
        take(run.events);
        return;
    }
    const source = new EventSource("events");
    source.onmessage = (message) => take(JSON.parse(message.data));
    source.addEventListener("end", () => {
        source.close();
        show_state();
    });
    source.onerror = () => {
        source.close();
        show_state(!store.end);
    };
}

const panels = {timeline: find("timeline"), document: find("document"), images: find("images"), faults: find("faults")};
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
        faults.refresh();
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
