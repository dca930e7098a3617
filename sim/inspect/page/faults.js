// SPDX-License-Identifier: Apache-2.0

// Faults on purpose, as `glovebox fault` sets them.
import {element, visible} from "./text.js";

// The kinds of fault/fault.h, each with the members that it may have.
const of_connections = ["from", "to", "port", "times"];
const kinds = {
    "refuse": of_connections, "cut": of_connections, "reset": of_connections, "stall": of_connections,
    "delay": [...of_connections, "time"], "throttle": [...of_connections, "bytes"], "split": [...of_connections, "bytes"],
    "kms throttle": ["request", "times"], "kms 500": ["request", "times"], "kms down": ["request", "times"],
    "kms wrong-region": ["request", "times"], "kms latency": ["request", "times", "time"],
    "imds down": ["times"], "imds latency": ["times", "time"],
    "nsm slow": ["enclave", "request", "times", "time"], "nsm error": ["enclave", "request", "times", "error"],
    "enclave kill": ["enclave"], "enclave pause": ["enclave"], "enclave oom": ["enclave"],
    "clock": ["time"],
};
const hints = {time: "milliseconds", bytes: "a second, or at once", request: "Decrypt", enclave: "its name or CID", error: "InternalError", times: "without end", from: "any CID", to: "any CID", port: "any"};
const texts = new Set(["request", "enclave", "error"]);

export function faults_panel(panel, server) {
    const said = element("p", {"aria-live": "polite"});
    const list = element("ul", {});
    const ask = async (question) => {
        const answer = await server.send("fault", JSON.stringify(question));
        if (answer.error)
            throw new Error(answer.error);
        return answer;
    };
    const refresh = async () => {
        try {
            const {faults} = await ask({ask: "list"});
            list.replaceChildren(...faults.map((fault) => {
                const heal = element("button", {type: "button"}, "Heal");
                heal.addEventListener("click", () => act({ask: "heal", fault: fault.number}, () => "healed"));
                return element("li", {}, visible(fault.description), " ", heal);
            }));
            if (faults.length === 0)
                list.append(element("li", {className: "hint"}, "No fault is set."));
        } catch (failure) {
            list.replaceChildren(element("li", {className: "hint"}, visible(failure.message)));
        }
    };
    const act = async (question, sentence) => {
        try {
            said.textContent = sentence(await ask(question));
            said.className = "good";
        } catch (failure) {
            said.textContent = visible(failure.message);
            said.className = "bad";
        }
        await refresh();
    };
    const kind = element("select", {id: "fault-kind"}, ...Object.keys(kinds).map((name) => element("option", {}, name)));
    const inputs = new Map(Object.keys(hints).map((name) => {
        const input = element("input", {id: `fault-${name}`, placeholder: hints[name], ...(texts.has(name) ? {} : {inputMode: "numeric", pattern: "-?[0-9]*"})});
        return [name, {input, label: element("label", {}, name, input)}];
    }));
    const set = element("button", {type: "submit"}, "Set");
    const form = element("form", {className: "fields"}, element("label", {}, "fault", kind), ...[...inputs.values()].map(({label}) => label), set);
    const show_fields = () => {
        for (const [name, {label}] of inputs)
            label.hidden = !kinds[kind.value].includes(name);
    };
    kind.addEventListener("change", show_fields);
    show_fields();
    form.addEventListener("submit", (submit) => {
        submit.preventDefault();
        const fault = {kind: kind.value};
        for (const name of kinds[kind.value]) {
            const text = inputs.get(name).input.value.trim();
            if (text !== "")
                fault[name] = texts.has(name) ? text : Number(text);
        }
        act({ask: "set", fault}, (answer) => answer.fault === undefined ? "done" : `fault ${answer.fault}: set`);
    });
    panel.append(element("div", {className: "page"}, element("h3", {}, "Faults"), form, said, element("h3", {}, "Active faults"), list));
    return {refresh};
}
