// SPDX-License-Identifier: Apache-2.0

// The parts of a world that can be stopped, started again and reloaded, as `glovebox part` does.
import {element, visible} from "./text.js";

const verbs = {enclave: [["stop", "Stop"], ["restart", "Restart"]], proxy: [["reload", "Read rules again"]]};

// `parts()` are the parts of the world: {part, kind, cid}.
export function parts_panel(panel, server, parts) {
    const said = element("p", {"aria-live": "polite"});
    const list = element("ul", {id: "parts"});
    const act = async (verb, part) => {
        try {
            await server.send("act", JSON.stringify({ask: verb, part}));
            said.textContent = `${visible(part)}: ${verb} was asked for; the timeline shows the result.`;
            said.className = "good";
        } catch (failure) {
            said.textContent = visible(failure.message);
            said.className = "bad";
        }
    };
    let shown = "";
    const refresh = () => {
        const now = JSON.stringify(parts());
        if (now === shown)
            return;  // a button keeps its focus
        shown = now;
        const rows = parts().filter(({kind}) => Object.hasOwn(verbs, kind)).map(({part, kind}) =>
            element("li", {}, visible(part), " ", ...verbs[kind].flatMap(([verb, title]) => {
                const button = element("button", {type: "button", "aria-label": `${title}: ${visible(part)}`}, title);
                button.addEventListener("click", () => act(verb, part));
                return [button, " "];
            })));
        list.replaceChildren(...rows);
        if (rows.length === 0)
            list.append(element("li", {className: "hint"}, "The world has no enclave and no proxy."));
    };
    panel.append(element("div", {className: "page"}, element("h3", {}, "Parts"), list, said));
    return {refresh};
}
