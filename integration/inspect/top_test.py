#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox top` on a terminal: what a person sees and presses, and that the terminal is as before when it ends.

Usage: top_test.py GLOVEBOX [unittest's arguments]
"""

import fcntl
import json
import signal
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent.parent / "up")]
from held_world import HeldWorld  # noqa: E402
from terminal_program import TerminalProgram  # noqa: E402
from world_case import GLOVEBOX, PATIENCE, Case, run  # noqa: E402

ALTERNATE, ORDINARY = b"\x1b[?1049h", b"\x1b[?1049l"
ARROW_DOWN, ARROW_UP = "\x1b[B", "\x1b[A"

WORLD = """
proxies:
  out: {listen: 8000=connect, allow: [example.com:443]}
  quiet: {listen: 8001=127.0.0.1:1}
enclaves:
  server: {command: /usr/bin/python3 echo.py, cid: 16, ready: 5005}
"""
# CONNECT to the proxy, which refuses the host.
ASK_PROXY = """
import socket, sys
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((3, 8000))
host = sys.argv[1]
client.sendall(f"CONNECT {host}:443 HTTP/1.1\\r\\nHost: {host}:443\\r\\n\\r\\n".encode())
client.recv(1000)
"""


class Top(HeldWorld):
    def setUp(self):
        super().setUp()
        (self.directory / "ask_proxy.py").write_text(ASK_PROXY)
        self.hold(WORLD, f"/usr/bin/python3 {self.directory}/ask_proxy.py refused.example")

    def top(self, **options):
        return TerminalProgram(self, [GLOVEBOX, "top", "--world", self.name], **options)

    def shown(self, **options):
        top = self.top(**options)
        top.wait_for(lambda text: "refused.example" in text and "server (16)" in text and "q quit" in text, "the page")
        return top

    def test_a_page_with_a_line_for_each_part_and_the_last_refusals(self):
        top = self.shown()
        lines = top.text().splitlines()
        self.assertEqual(lines[0], "world.yaml: runs")
        self.assertRegex(lines[1], "PART +KIND +OPEN +ALL +REFUSED +REQUESTS +LINES +EVENTS/S")
        self.assertEqual([line.split()[0] for line in lines[2:5]], ["out", "quiet", "server"])
        self.assertRegex(lines[-1], "^q quit  p pause")
        self.assertEqual((top.looks("world.yaml").bold, top.looks("out: ").fg), (True, "red"))
        self.assertFalse(top.is_as_before(), "keys are read as they are typed")
        top.press("q")
        self.assertEqual(top.end(), 0)
        self.assertTrue(top.is_as_before())

    def test_no_color(self):
        top = self.shown(NO_COLOR="1")
        self.assertEqual((top.looks("world.yaml").bold, top.looks("out: ").fg), (True, "default"))

    def test_it_ends_with_the_world_and_leaves_what_was_shown(self):
        top = self.shown(terminal="xterm-256color")
        self.assertIn(ALTERNATE, top.written)
        self.end()
        self.assertEqual(top.end(), 0)
        self.assertTrue(top.is_as_before())
        left = top.written.partition(ORDINARY)[2].decode()
        self.assertRegex(left, r"world\.yaml: .*\r\nPART .*\r\n(.*\r\n)*server \(16\)")

    def test_a_signal_gives_the_terminal_back_first(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            top = self.shown(terminal="xterm-256color")
            top.process.send_signal(number)
            self.assertEqual(top.end(), -number)
            self.assertTrue(top.is_as_before(), number)
            self.assertIn(ORDINARY, top.written)
        top = self.shown()
        top.press("\x03")
        self.assertEqual(top.end(), -signal.SIGINT)

    def test_another_size_of_the_window(self):
        top = self.shown()
        top.resize(10, 40)
        top.wait_for(lambda text: "\nq quit" in text and len(text.splitlines()) == 10, "a small page")
        self.assertTrue(all(len(line.rstrip()) <= 40 for line in top.screen.display))
        self.assertEqual(top.text().count("server (16)"), 1, "a line that is too long wraps")
        top.resize(40, 200)
        top.wait_for(lambda text: "\nq quit" in text and "EVENTS/S" in text and len(text.splitlines()) == 40, "a large page")
        top.resize(2, 10)
        top.wait_for(lambda text: text == "world.yaml\nq quit  p", "two rows")

    def test_keys_choose_what_is_shown(self):
        top = self.shown()
        top.press("r")
        top.wait_for(lambda text: "server (16)" not in text and "quiet" not in text and "out " in text, "parts with refusals alone")
        top.press("r")
        top.wait_for(lambda text: "server (16)" in text, "all parts")
        top.press(ARROW_DOWN)
        top.wait_for(lambda _: top.looks("out ").reverse, "the first part, chosen")
        self.assertIn("refused.example", top.text())
        top.press(ARROW_DOWN)
        top.wait_for(lambda text: "refused.example" not in text and top.looks("quiet").reverse, "the second part, which has no refusal")
        top.press(ARROW_UP)
        top.wait_for(lambda text: "refused.example" in text and top.looks("out ").reverse, "the first part")
        top.press(ARROW_DOWN + "\x1b")
        top.wait_for(lambda text: "refused.example" in text and not top.looks("quiet").reverse, "all refusals")

    def test_a_pause_keeps_the_page(self):
        top = self.shown()
        top.press("p")
        top.wait_for(lambda text: "(paused)" in text, "the pause")
        self.end()
        top.press("r")  # drawn anew, and with the same events
        top.wait_for(lambda text: "server (16)" not in text, "parts with refusals alone")
        self.assertIn("world.yaml: runs", top.text())
        self.assertIsNone(top.process.poll())
        top.press("p")
        self.assertEqual(top.end(), 0)

    def test_a_terminal_that_is_not_known(self):
        for terminal, sentence in (("no-such-terminal", "the terminal type no-such-terminal (TERM) has no entry in the terminfo database"),
                                   ("", "TERM is not set"), ("dumb", "a terminal of type dumb (TERM) can't move its cursor")):
            top = self.top(terminal=terminal, columns=400)
            self.assertEqual(top.end(), 1)
            self.assertIn("glovebox: " + sentence, top.text())
            self.assertIn("`--once` prints the table", top.text())
            self.assertNotIn("\x1b", top.written.decode())
        top = TerminalProgram(self, [GLOVEBOX, "top", "--once", "--world", self.name], terminal="no-such-terminal")
        self.assertEqual(top.end(), 0)
        self.assertIn("server (16)", top.text())

    def test_without_a_terminal_it_is_printed_once(self):
        done = subprocess.run([GLOVEBOX, "top", "--world", self.name], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^world\.yaml: runs\nPART .* LINES\n")



class ForeignText(Case):
    """Events as an enclave, a client or a world file may have chosen their words."""

    def test_it_neither_moves_the_cursor_nor_leaves_its_line(self):
        name = self.directory / "named"
        name.mkdir(mode=0o700)
        events = [{"component": "up", "event": "world", "message": "world.yaml", "parts": [{"part": "世界", "kind": "enclave", "cid": 16}]},
                  {"component": "proxy", "event": "refused", "part": "世界", "message": "a\x1b[2J\x1b[Hb\u202ec\x9bd\x00e"},
                  {"component": "proxy", "event": "refused", "part": "last", "message": "界" * 100}]
        with open(name / "events.jsonl", "w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # as `glovebox up` has it while the world runs
            file.write("".join(json.dumps(event) + "\n" for event in events))
            file.flush()
            top = TerminalProgram(self, [GLOVEBOX, "top", "--world", name])
            lines = top.wait_for(lambda text: "last: " in text and "q quit" in text, "the refusals").splitlines()
            self.assertRegex(lines[2], r"^世 ?界 ?\(16\) +enclave")
            self.assertIn(r"a\x1b[2J\x1b[Hb\u{202e}c\u{9b}d\x00e", lines[5])
            self.assertRegex(lines[6].replace(" ", ""), "last:界{36}$")  # half a character would be in the last of 80 columns
            self.assertEqual(lines[7], "")
            plain = TerminalProgram(self, [GLOVEBOX, "top", "--world", name], LC_ALL="C")
            plain.wait_for(lambda text: "last: " in text and "q quit" in text, "the refusals")
        self.assertEqual(top.end(), 0)
        self.assertEqual(plain.end(), 0)
        self.assertNotIn(b"\x9b", plain.written)


if __name__ == "__main__":
    run()
