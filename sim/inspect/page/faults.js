// SPDX-License-Identifier: Apache-2.0

// Faults on purpose, as `glovebox fault` sets them.
import {element, visible} from "./text.js";

const kinds = ["refuse", "cut", "reset", "stall", "delay", "throttle", "split"];

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
    const input = (name) => {
        const made = element("input", {inputMode: "numeric", pattern: "[0-9]*", id: `fault-${name}`});
        return [element("label", {}, name, made), made];
    };
    const kind = element("select", {id: "fault-kind"}, ...kinds.map((name) => element("option", {}, name)));
    const [from_label, from] = input("from");
    const [to_label, to] = input("to");
    const [port_label, port] = input("port");
    const [times_label, times] = input("times");
    const [amount_label, amount] = input("amount");
    amount.title = "milliseconds of a delay, bytes of a throttle or a split";
    const set = element("button", {type: "submit"}, "Set");
    const form = element("form", {className: "fields"}, element("label", {}, "fault", kind), from_label, to_label, port_label, times_label, amount_label, set);
    form.addEventListener("submit", (submit) => {
        submit.preventDefault();
        const fault = {kind: kind.value};
        for (const [name, one] of [["from", from], ["to", to], ["port", port], ["times", times]])
            if (one.value !== "")
                fault[name] = Number(one.value);
        if (amount.value !== "")
            fault[kind.value === "delay" ? "time" : "bytes"] = Number(amount.value);
        act({ask: "set", fault}, (answer) => `fault ${answer.fault} is set`);
    });
    panel.append(element("div", {className: "page"}, form, said, element("h3", {}, "Set now"), list));
    return {refresh};
}
