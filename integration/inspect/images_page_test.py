#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tab Images: the image that a world boots, and what differs between two.

Usage: images_page_test.py GLOVEBOX [unittest's arguments]
"""

import json
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from page_case import GLOVEBOX, PATIENCE, PageCase, run

for folder in ("up", "images"):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / folder))
import image_root  # noqa: E402
from eif_writer import AWS_INIT  # noqa: E402


@unittest.skipUnless(shutil.which("busybox"), "busybox is missing: ci/setup test installs it")
class ImagesOfAWorld(PageCase):
    def make_image(self, name, word):
        """An image whose program says `word` and stays; its measurements."""
        root = self.directory / f"{name}.root"
        for folder in ("bin", "dev", "etc", "proc", "run", "sys", "tmp"):
            (root / folder).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), root / "bin/busybox")
        for library in image_root.libraries_of(shutil.which("busybox")):
            image_root.copy(library, root)
        kernel, init = self.directory / "kernel", self.directory / "init"
        kernel.write_bytes(b"\0" * 0x202 + b"HdrS" + b"kernel" * 100)  # measured, and not booted
        init.write_bytes(AWS_INIT)
        done = subprocess.run([GLOVEBOX, "eif", "build", "--kernel", kernel, "--init", init, "--rootfs", root, "--cmd",
                               json.dumps(["/bin/busybox", "sh", "-c", f"echo {word}; exec /bin/busybox sleep 100000"]),
                               "--arch", "x86_64", "--name", word, "-o", self.directory / f"{name}.eif"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["Measurements"]

    def test_the_images_that_run_are_described_and_compared(self):
        first = self.make_image("first", "one")
        second = self.make_image("second", "two")
        self.assertNotEqual(first["PCR0"], second["PCR0"])
        browser = self.live(self.world("enclaves:\n  one: {eif: first.eif, memory: 128}\n  two: {eif: second.eif, memory: 128}\n"))
        # The images are read while they run.
        browser.wait(lambda: {"one", "two"} <= set(browser.run("return glovebox.store.events.map((event) => event.message)")),
                     "the consoles of both")
        browser.click("#tab-images")
        browser.wait_for_text("#images", first["PCR0"])
        report = browser.text("#images")
        self.assertIn("name\none", report)
        for section in ("kernel", "cmdline", "ramdisk", "metadata"):
            self.assertIn(section, report)
        browser.click("#images button:last-of-type")
        browser.wait_for_text("#images", "They measure differently.")
        compared = browser.text("#images")
        for measurements in (first, second):
            self.assertIn(measurements["PCR0"], compared)
        self.assertNotIn(first["PCR1"], compared, "both have the same kernel")
        self.assertTrue(browser.find_all("#images .differs"), "no digit is marked")
        # What the enclaves' events say they measure is what the page computes from the files.
        measured = browser.run("return glovebox.store.events.filter((one) => one.event === 'measured').map((one) => JSON.stringify(one.raw))")
        self.assertEqual({measurements["PCR0"] for measurements in (first, second)
                          if any(measurements["PCR0"] in text for text in measured)}, {first["PCR0"], second["PCR0"]})
        self.picture(browser, "inspector-images.png")
        self.assertEqual(browser.complaints(), [])
        self.end()
        self.assertEqual(self.process.returncode, 0)


if __name__ == "__main__":
    run()
