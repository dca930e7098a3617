#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The inspector's page in a real browser: what people read off it, do on it, and can't do to it.

GLOVEBOX_SCREENSHOTS names a folder for the pictures of docs/inspector.md, which are made only then.

Usage: page_test.py GLOVEBOX [unittest's arguments]
"""

import base64
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

from page_case import GLOVEBOX, PATIENCE, PageCase, output, run
from browser import Browser, Keys
from world_case import PYTHON

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "python-attest"

# The document of an enclave, in base64.
ATTEST = """
import base64, cbor2, fcntl, struct
request = cbor2.dumps({"Attestation": {"user_data": b"hello", "nonce": b"\\x01\\x02", "public_key": None}})
answer = bytearray(16384)
import ctypes
buffer = (ctypes.c_char * len(answer)).from_buffer(answer)
asked = ctypes.create_string_buffer(request, len(request))
raw = bytearray(struct.pack("QQQQ", ctypes.addressof(asked), len(request), ctypes.addressof(buffer), len(answer)))
with open("/dev/nsm", "rb") as device:
    fcntl.ioctl(device, 0xc0200a00, raw)
length = struct.unpack("QQQQ", raw)[3]
print("document", base64.b64encode(cbor2.loads(bytes(answer[:length]))["Attestation"]["document"]).decode())
"""

HOSTILE = """
import sys
print("<script>window.stolen = 1</script><img src=x onerror='window.stolen = 1'>")
print("\\x1b[2J\\x1b[31mred\\x07")
print("safe\\u202egpj.exe\\u2066")
print("x" * (10 << 20))
print("last", flush=True)
"""


class LiveWorld(PageCase):
    def setUp(self):
        super().setUp()
        shutil.copytree(EXAMPLE, self.directory, dirs_exist_ok=True)
        os.environ["PCR0"] = "ab" * 48  # the program's own is another one

    def test_why_the_kms_refused_is_read_off_the_page(self):
        self.need_own_network()
        browser = self.live(self.directory / "world.yaml", f"{PYTHON} parent.py")
        browser.wait(lambda: len(browser.find_all(".row.refused")) == 2, "two refusals")
        browser.click("#refusals")
        browser.wait_for_text("#count", "2 of ")
        browser.click(".row.refused:last-child")
        browser.wait_for_text("#detail", "What would allow it")
        detail = browser.text("#detail")
        self.assertIn("Decrypt refused: AccessDeniedException", detail)
        self.assertIn('Allow EnclaveDecrypts of the key policy does not apply: a condition is not met', detail.replace('"', ""))
        self.assertIn("not met: StringEqualsIgnoreCase kms:RecipientAttestation:PCR0", detail)
        self.assertIn("expected\tababab", detail)
        marked = [mark.text for mark in browser.find_all("#detail .differs")]
        self.assertTrue(marked, "no digit is marked")
        self.assertIn("kms:RecipientAttestation:PCR0", browser.text("#detail .edit ins"))
        self.picture(browser, "inspector-refusal.png")
        browser.click("#refusals")
        self.assertIn("running", browser.text("#state"))
        self.end()
        browser.wait_for_text("#state", "ended, and passed")
        self.assertEqual(browser.run("return [...glovebox.store.open.values()].length"), 0, "a connection has no end")
        self.picture(browser, "inspector-timeline.png")
        self.assertEqual(browser.complaints(), [])

    def test_a_fault_is_set_and_healed(self):
        browser = self.live(self.world("enclaves:\n  server: {command: /usr/bin/python3 echo.py, cid: 16, ready: 5005}\n"))
        browser.click("#tab-faults")
        browser.wait_for_text("#faults", "No fault is set.")
        browser.find("#fault-port").send_keys("5005")
        browser.click("#faults form button")
        browser.wait_for_text("#faults", "refuse connections to port 5005")
        browser.click("#tab-timeline")
        browser.wait_for_text("#list", "refuse connections to port 5005")
        browser.click("#tab-faults")
        browser.click("#faults .page:last-child li button")
        browser.wait_for_text("#faults", "No fault is set.")
        browser.run("const kind = document.getElementById('fault-kind'); kind.value = 'enclave kill'; kind.dispatchEvent(new Event('change'))")
        self.assertFalse(browser.find("#fault-port").is_displayed())
        browser.find("#fault-enclave").send_keys("server")
        browser.click("#faults form button")
        browser.click("#tab-timeline")
        browser.wait_for_text("#list", "server ended")
        self.end()

    def test_an_enclave_is_stopped_and_restarted_and_rules_are_read_again(self):
        (self.directory / "rules.yaml").write_text("allowlist:\n- {address: 127.0.0.1, port: 1}\n")
        browser = self.live(self.world("""
proxies: {out: {listen: 8000=127.0.0.1:1, allowlist: rules.yaml}, fixed: {listen: 8001=127.0.0.1:1}}
enclaves: {server: {command: /usr/bin/python3 echo.py, ready: 5005}}
"""))
        browser.wait_for_text("#list", "ready: world")
        for button, sentence in (("Stop: server", "server was stopped"), ("Restart: server", "server is started again, with CID 17"),
                                 ("Read rules again: out", "the allowlist was read again: 1 rule")):
            browser.click("#tab-faults")
            browser.click(f"#parts button[aria-label='{button}']")
            browser.wait_for_text("#faults", "was asked for; the timeline shows")
            browser.click("#tab-timeline")
            browser.wait_for_text("#list", sentence)
        browser.click("#tab-faults")
        self.picture(browser, "inspector-act.png")
        browser.click("#parts button[aria-label='Read rules again: fixed']")
        browser.wait_for_text("#faults", "fixed has no allowlist to read again")
        self.assertEqual(browser.run("return [...document.querySelectorAll('#parts button')].map((one) => one.textContent)"),
                         ["Read rules again", "Read rules again", "Stop", "Restart"])
        self.end()
        self.assertEqual(self.process.returncode, 0)

    def test_what_an_enclave_writes_is_shown_and_does_nothing(self):
        (self.directory / "hostile.py").write_text(HOSTILE)
        browser = self.live(self.world("enclaves:\n  server: {command: /usr/bin/python3 hostile.py, cid: 16, allow_exit: true}\n"))
        browser.wait(lambda: browser.run("return glovebox.store.events.some((one) => one.message === 'last')"), "the last line")
        browser.click("#follow")
        browser.run("glovebox.list.box.scrollTop = 0")
        browser.wait_for_text("#list", "gpj.exe")
        shown = browser.text("#list")
        self.assertIn("<script>window.stolen = 1</script>", shown)
        self.assertIn("safe\\u{202e}gpj.exe\\u{2066}", shown)
        self.assertIn("\\u{1b}[2J", shown)
        for place in range(4):
            browser.run("glovebox.list.choose_place(arguments[0])", place)
            browser.wait(lambda: browser.text("#detail"), "details")
        self.assertIsNone(browser.run("return window.stolen ?? null"))
        self.assertEqual(browser.find_all("#list script, #list img, #detail script, #detail img"), [])
        self.assertEqual(browser.complaints(), [])
        self.end()

    def test_an_attestation_document_is_dropped(self):
        (self.directory / "attest.py").write_text(ATTEST)
        browser = self.live(self.world("enclaves:\n  server: {command: /usr/bin/python3 attest.py, cid: 16, allow_exit: true}\n"))
        browser.wait_for_text("#list", "document ")
        text = browser.run("return glovebox.store.events.find((one) => one.message.startsWith('document ')).message").split()[1]
        document = base64.b64decode(text)
        browser.click("#tab-document")
        browser.run("""
            const content = Uint8Array.from(atob(arguments[0]), (one) => one.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([content], "document.bin"));
            document.querySelector(".drop").dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true}));""", text)
        browser.wait_for_text("#document", "Genuine")
        report = browser.text("#document")
        self.assertIn("nonce\n0102", report)
        self.assertIn("PCR0\tthe image", report)
        self.assertIn("signature\tpassed", report)
        self.picture(browser, "inspector-document.png")
        changed = bytearray(document)
        changed[-1] ^= 1
        browser.find("#document-text").send_keys(base64.b64encode(changed).decode())
        browser.click("#document button")
        browser.wait_for_text("#document", "Refused")
        self.assertIn("signature\tfailed", browser.text("#document"))
        (self.directory / "document.bin").write_bytes(document)
        self.end()
        alone = self.inspect("--pki", self.directory / "pki", self.directory / "document.bin")
        alone.wait_for_text("#document", "Genuine")


class EndedRun(PageCase):
    def test_a_hundred_thousand_events_are_scrolled_by_few_rows(self):
        events = [output(number // 2, f"line {number}") for number in range(100_000)]
        events[70_000] = {**events[70_000], "component": "run", "event": "refused", "level": "warning", "message": "connection refused",
                          "target": "16:99"}
        browser = self.inspect(self.record(events))
        browser.wait_for_text("#count", "100001 events")
        figures = browser.run_async("""
            const done = arguments[arguments.length - 1];
            const {list, timeline} = glovebox;
            document.getElementById("follow").click();
            const frames = [];
            let rows = 0;
            let last = performance.now();
            let step = 0;
            timeline.frame_times.length = 0;
            const next = (now) => {
                frames.push(now - last);
                last = now;
                rows = Math.max(rows, list.rows.size);
                list.box.scrollTop = step * 16411 % list.box.scrollHeight;
                timeline.zoom(step % 40 < 20 ? 0.85 : 1 / 0.85);
                if (++step < 240)
                    requestAnimationFrame(next);
                else
                    done({frames: frames.slice(2).sort((a, b) => a - b), rows, draws: timeline.frame_times.sort((a, b) => a - b)});
            };
            requestAnimationFrame(next);""")
        self.assertLess(figures["rows"], 120)
        middle = figures["frames"][len(figures["frames"]) // 2]
        late = figures["frames"][int(len(figures["frames"]) * 0.99)]
        draw = figures["draws"][int(len(figures["draws"]) * 0.99)]
        print(f"\n100,000 events: frames of {middle:.1f} ms (median) and {late:.1f} ms (99 %), the lanes drawn in {draw:.1f} ms (99 %)",
              file=sys.stderr)
        browser.click("#refusals")
        browser.wait_for_text("#count", "1 of 100001 events")
        browser.click(".row")
        browser.wait_for_text("#detail", "16:99")

    def test_it_is_used_by_keyboard_alone(self):
        browser = self.inspect(self.record([output(number, f"line {number}") for number in range(50)]))
        browser.wait_for_text("#count", "51 events")
        reached = set()
        for _ in range(40):
            browser.press(Keys.TAB)
            reached.add(browser.run("return document.activeElement.id"))
            if browser.run("return document.activeElement.id") == "list":
                break
        self.assertTrue({"tab-timeline", "export", "text", "kind", "refusals", "follow", "canvas", "list"} <= reached, reached)
        browser.press(Keys.HOME, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
        browser.wait_for_text("#detail", "line 1")
        # The list draws with the next frame.
        browser.wait(lambda: browser.run("return document.querySelector('[aria-selected=true].row')?.textContent.includes('line 1')"),
                     "the row of line 1 to be the chosen one")
        browser.press(Keys.END)
        browser.wait_for_text("#detail", "line 49")
        browser.run("document.getElementById('tab-timeline').focus()")
        browser.press(Keys.ARROW_RIGHT)
        self.assertEqual(browser.run("return document.activeElement.id"), "tab-document")
        self.assertTrue(browser.find("#document-text").is_displayed())
        before = browser.run("return glovebox.timeline.to - glovebox.timeline.from")
        browser.press(Keys.ARROW_LEFT)
        browser.run("document.getElementById('canvas').focus()")
        browser.press("+")
        browser.wait(lambda: browser.run("return glovebox.timeline.to - glovebox.timeline.from") < before, "a closer view")

    def test_members_of_any_type_blank_no_page(self):
        """An enclave without a sandbox writes what it likes where its log is read, and records can be edited by hand."""
        good = output(1, "the first line")
        strange = [{**good, "searched": 5, "lane": "x", "at": "never", "topic": [], "number": {}, "ended": {"x": 1}, "began": "b"},
                   {**good, "component": "proxy", "event": "open", "target": "x:1", "peer": {"toString": 5}},
                   {**good, "component": "proxy", "event": "open", "target": "x:1", "peer": ["a", {"toString": 1}], "error": {}},
                   {**good, "component": "up", "event": "world", "parts": 5}, {**good, "component": "up", "event": "world", "parts": [{"part": 7}, 1, None]},
                   {**good, "component": "up", "event": "world_ended", "passed": True},
                   {**good, "message": None}, {**good, "part": {}}, {**good, "event": None}, {**good, "__proto__": {"x": 1}},
                   {**good, "time": "never"}, {key: value for key, value in good.items() if key != "time"}, None, 5, "text", [1]]
        browser = self.inspect(self.record([*strange, output(2, "the last line")]))
        browser.wait_for_text("#count", "6 could not be read")
        self.assertIn("12 events", browser.text("#count"))
        self.assertEqual(browser.text("#world"), "world.yaml", "a part renamed the world")
        self.assertIn("was killed", browser.text("#state"), "a part ended the world")
        browser.run("glovebox.list.choose_place(arguments[0])", 1)
        browser.wait_for_text("#detail", "the first line")
        browser.find("#text").send_keys("the last")
        browser.wait_for_text("#count", "1 of 12 events")
        self.assertEqual(browser.complaints(), [])

    def test_times_of_any_year_freeze_no_page(self):
        far = {**output(1, "far"), "time": "9999-12-31T23:59:59.000Z"}
        falling = [output(20_000 - number, f"line {number}") for number in range(20_000)]
        browser = self.inspect(self.record([far, *falling]))
        browser.wait_for_text("#count", "20002 events")
        browser.run("for (let i = 0; i < 60; ++i) glovebox.timeline.zoom(1.6)")
        browser.run_async("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))")
        self.assertLessEqual(browser.run("return glovebox.timeline.to - glovebox.timeline.from"), 366 * 86400 * 1000)
        self.assertTrue(browser.run("""
            const {points} = glovebox.store.lane("server");
            return points.every((one, i) => i === 0 || points[i - 1].at <= one.at)"""), "the lane is not sorted")

    def test_the_newest_event_is_in_view_while_it_follows(self):
        browser = self.inspect(self.record([output(number, f"line {number}") for number in range(50)]))
        browser.wait_for_text("#list", "line 49")

    def test_paper_has_all_rows(self):
        browser = self.inspect(self.record([output(number, f"line {number} " + "long " * 200 + "end") for number in range(300)]))
        browser.wait_for_text("#count", "301 events")
        browser.run("dispatchEvent(new Event('beforeprint'))")
        self.assertEqual(browser.run("return [...document.querySelectorAll('.row .message')].filter((one) => one.textContent.endsWith('end')).length"), 300)

    def test_what_the_server_refuses_is_said(self):
        browser = self.inspect(self.record([output(1, "hello")]))
        browser.click("#tab-document")
        browser.run("document.getElementById('document-text').value = 'a'.repeat(70000)")
        browser.click("#document button")
        browser.wait_for_text("#document", "a body of 65536 bytes is read at the most")

    def test_a_search_leaves_what_it_finds(self):
        browser = self.inspect(self.record([output(1, "hello"), output(2, "needle in it"), output(3, "NEEDLE too")]))
        browser.wait_for_text("#count", "4 events")
        browser.find("#text").send_keys("needle")
        browser.wait_for_text("#count", "2 of 4 events")
        browser.click("#labels li:nth-child(2) button")  # the enclave's lane
        browser.wait_for_text("#count", "0 of 4 events")

    def test_the_axis_stays_above_many_lanes(self):
        browser = self.inspect(self.record([output(number, f"line {number}", f"part-{number}") for number in range(60)]))
        browser.wait_for_text("#count", "61 events")
        heights = browser.run_async("""
            const done = arguments[0];
            const lanes = document.getElementById("lanes");
            const heights = [];
            const draw = CanvasRenderingContext2D.prototype.fillText;
            CanvasRenderingContext2D.prototype.fillText = function (text, x, y) { heights.push(y - lanes.scrollTop); draw.call(this, text, x, y); };
            lanes.scrollTop = 700;
            requestAnimationFrame(() => requestAnimationFrame(() => done({scrolled: lanes.scrollTop, heights})));""")
        self.assertEqual(heights["scrolled"], 700)
        self.assertEqual(set(heights["heights"]), {12})

    def test_refusals_of_one_caller_are_told_apart_in_the_list(self):
        def refusal(number, **more):
            return {**output(number, "Decrypt refused", "kms"), "component": "kms", "event": "refused", "request": "Decrypt",
                    "error": "AccessDeniedException", "principal": "arn:aws:sts::1:assumed-role/parent/i-0", **more}
        keys = [f"arn:aws:kms:us-east-1:111122223333:key/0000-{end * 12}" for end in "ab"]
        browser = self.inspect(self.record([refusal(1, key=keys[0], reason="PCR0 is 11"), refusal(2, key=keys[1], reason="PCR0 is 11"),
                                            refusal(3, key=keys[0], reason="no document")]))
        browser.wait_for_text("#count", "4 events")
        rows = [row.text.split("Decrypt")[1] for row in browser.find_all(".row .message") if "Decrypt" in row.text]
        self.assertEqual(rows, [f" refused: AccessDeniedException, for parent/i-0, key …{key[-12:]}: {why}"
                                for key, why in ((keys[0], "PCR0 is 11"), (keys[1], "PCR0 is 11"), (keys[0], "no document"))])

    def test_an_exported_page_needs_no_server(self):
        decision = {"request": {"requestId": "r-1", "operation": "Decrypt", "caller": "arn:a", "error": "AccessDeniedException",
                                "checks": []}, "explanation": "because", "fix": None}
        event = {**output(5, "Decrypt refused"), "component": "kms", "event": "refused", "level": "warning", "request": "Decrypt",
                 "request_id": "r-1", "error": "AccessDeniedException", "part": "kms"}
        events = [output(1, "</script><script>window.stolen = 1</script>"), event]
        page = self.directory / "page.html"
        subprocess.run([GLOVEBOX, "inspect", "--html", page, self.record(events, decisions=[decision])], check=True)
        browser = Browser(self)
        browser.open(page.as_uri())
        browser.wait_for_text("#count", "3 events")
        browser.click(".row.refused")
        browser.wait_for_text("#detail", "Decrypt refused: AccessDeniedException")
        self.assertIn("arn:a", browser.text("#detail"))
        self.assertIsNone(browser.run("return window.stolen ?? null"))
        self.assertEqual(browser.complaints(), [])
        self.assertEqual(browser.run("return performance.getEntriesByType('resource').length"), 0)

    def test_it_is_dark_where_the_reader_wants_that(self):
        browser = self.inspect(self.record([output(1, "hello")]))
        light = browser.run("return getComputedStyle(document.body).backgroundColor")
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.assertNotEqual(browser.run("return getComputedStyle(document.body).backgroundColor"), light)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Strangers(PageCase):
    """Whoever has no token, another Host, or another origin."""

    def setUp(self):
        super().setUp()
        _, self.address = self.start("inspect", str(self.record([output(1, "secret of the enclave")])))

    def status(self, address, **headers):
        try:
            with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=PATIENCE) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            self.assertNotIn(b"secret of the enclave", refusal.read())
            return refusal.code

    def test_another_host_or_token_is_refused(self):
        self.assertEqual(self.status(self.address + "events"), 200)
        self.assertEqual(self.status(self.address + "events", Host="evil.example"), 421)
        self.assertEqual(self.status(self.address.rsplit("/", 2)[0] + "/0123/events"), 403)

    def test_a_page_of_another_origin_sees_nothing(self):
        folder = self.directory / "evil"
        folder.mkdir()
        (folder / "index.html").write_text(f"""<iframe src="{self.address}"></iframe><script>
            const seen = [];
            const tries = [fetch("{self.address}events").then((answer) => answer.text()),
                           fetch("{self.address}fault", {{method: "POST", body: '{{"ask":"list"}}'}}).then((answer) => answer.text()),
                           fetch("{self.address}act", {{method: "POST", body: '{{"ask":"stop","part":"server"}}'}}).then((answer) => answer.text()),
                           fetch("{self.address}events", {{mode: "no-cors"}}).then((answer) => answer.text())];
            Promise.allSettled(tries).then((results) => {{ window.results = results.map((one) => one.status + ":" + (one.value ?? "")); }});
            </script>""")
        handler = functools.partial(QuietHandler, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        browser = Browser(self)
        browser.open(f"http://localhost:{server.server_port}/")
        results = browser.wait(lambda: browser.run("return window.results"), "the fetches' ends")
        self.assertEqual(len(results), 4)
        for result in results:
            self.assertNotIn("secret", result)
        browser.driver.switch_to.frame(0)
        self.assertNotIn("secret", browser.run("return document.documentElement.innerText"))


if __name__ == "__main__":
    run()
