#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The inspector's page as a screen reader gets it: Chromium's accessibility tree.

Usage: accessibility_test.py GLOVEBOX [unittest's arguments]
"""

import re

from page_case import PageCase, output, run

# What a person can operate; each needs a name that says what it does.
CONTROLS = {"button", "checkbox", "textbox", "searchbox", "combobox", "tab", "listbox", "slider", "link", "spinbutton"}


class Accessibility(PageCase):
    def tree(self, browser):
        """(role, name, properties) of each node that a screen reader meets."""
        nodes = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [(node["role"]["value"], node.get("name", {}).get("value", ""),
                 {one["name"]: one["value"].get("value") for one in node.get("properties", [])})
                for node in nodes if not node["ignored"]]

    def named(self, browser, role):
        return [name for found, name, _ in self.tree(browser) if found == role]

    def test_controls_of_every_tab_have_names(self):
        browser = self.inspect(self.record([output(1, "hello")]))
        browser.wait_for_text("#count", "2 events")
        tabs = [(name, properties.get("selected")) for role, name, properties in self.tree(browser) if role == "tab"]
        self.assertEqual(tabs, [("Timeline", True), ("Attestation", False), ("Images", False), ("Act", False)])
        for tab, name in (("timeline", "Timeline"), ("document", "Attestation"), ("images", "Images"), ("faults", "Act")):
            browser.click(f"#tab-{tab}")
            tree = self.tree(browser)
            self.assertEqual([one for role, one, _ in tree if role == "tabpanel"], [name])
            self.assertEqual([one for role, one, properties in tree if role == "tab" and properties.get("selected")], [name])
            controls = [(role, one) for role, one, _ in tree if role in CONTROLS]
            self.assertGreaterEqual(len(controls), 5)  # the tabs, and the link
            self.assertEqual([role for role, one in controls if not one.strip()], [], f"controls without a name in {name}")

    def test_the_lanes_have_a_list_of_the_same_events(self):
        browser = self.inspect(self.record([output(number, f"line {number}") for number in range(5)]))
        browser.wait_for_text("#count", "6 events")
        self.assertTrue(any("the list below has the same events" in name for name in self.named(browser, "image")))
        self.assertEqual(self.named(browser, "listbox"), ["Events"])
        options = [name for name in self.named(browser, "option") if re.match(r"\d\d:\d\d:", name)]
        self.assertEqual(len(options), 6)
        for number in range(5):
            self.assertEqual(len([name for name in options if f"line {number}" in name and "server" in name]), 1, options)
        self.assertEqual(len([name for name in self.named(browser, "button") if "server" in name]), 1, "the lane's own button")

    def test_what_is_chosen_and_how_the_world_is_are_announced(self):
        browser = self.inspect(self.record([output(number, f"line {number}") for number in range(5)]))
        browser.wait_for_text("#count", "6 events")
        browser.run("glovebox.list.choose_place(2)")
        browser.wait_for_text("#detail", "line 1")
        tree = self.tree(browser)
        self.assertEqual([name for role, name, properties in tree if role == "option" and properties.get("selected")],
                         ["03:04:05.001 server line 1", "all"])  # the event, and what the kind is
        self.assertEqual([properties.get("live") for role, _, properties in tree if role == "article"], ["polite"])
        self.assertEqual({properties.get("live") for role, _, properties in tree if role == "status"}, {"polite"})


if __name__ == "__main__":
    run()
