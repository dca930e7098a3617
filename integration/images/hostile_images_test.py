#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Images and archives that mean harm: no command writes outside its folder, makes a device, or takes more memory than is
bounded, and each ends with a sentence.

Usage: hostile_images_test.py GLOVEBOX [unittest's arguments]
"""

import os
import resource
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zlib
from pathlib import Path

from container_archive import docker_archive, entry
from eif_writer import image_of_ramdisks, newc

sys.path.append(str(Path(__file__).resolve().parent.parent))
import sanitizer  # noqa: E402

GLOVEBOX = ""
FILE, FOLDER, LINK, CHARACTER, BLOCK = 0o100644, 0o40755, 0o120777, 0o20666, 0o60666
# Below what the bombs unpack to. It holds 256 MiB of names, or a million of them with their attributes.
MEMORY_MAX = 512 << 20
# Names that lead out of a tree; nobody else's files have them.
ESCAPED, PLANTED = f"escaped-{os.getpid()}", f"planted-{os.getpid()}"
LIMITS = (0, 1, 547, 548, (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 12, (1 << 64) - 1)


class Packed:
    """gzip of what is too much to hold."""

    def __init__(self):
        self.packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        self.parts = []

    def write(self, data: bytes):
        self.parts.append(self.packer.compress(data))

    def finish(self) -> bytes:
        return b"".join(self.parts) + self.packer.flush()


def one_entry(*entry) -> bytes:
    """Without what ends an archive."""
    return newc([entry])[:-len(newc([]))]


class Hostile(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="glovebox-hostile-")
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name)
        (self.folder / "outside").mkdir()
        (self.folder / "home").mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": f"{self.folder}/home", "GLOVEBOX_WORLD": f"{self.folder}/world",
                    "XDG_CACHE_HOME": f"{self.folder}/cache"}
        self.image = self.folder / "image.eif"

    def glovebox(self, *arguments) -> tuple:
        """Exit status and stderr. It can't have more memory of its own than MEMORY_MAX: a sanitizer alone has more."""
        def limit_memory():
            if not sanitizer.of(GLOVEBOX):
                resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX, MEMORY_MAX))

        done = subprocess.run([GLOVEBOX, *map(str, arguments)], env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                              preexec_fn=limit_memory, timeout=1000 if sanitizer.of(GLOVEBOX) else 300)
        return done.returncode, done.stderr.decode()

    def assert_nothing_outside(self):
        self.assertEqual(list((self.folder / "outside").iterdir()), [])
        for name in (ESCAPED, PLANTED):
            for folder in (self.folder, self.folder.parent, Path("/")):
                self.assertFalse((folder / name).exists(), folder / name)

    def every_command(self) -> list:
        """What each command makes of the image: (command, status, sentence)."""
        target = self.folder / "parts"
        commands = [("eif", "describe", self.image), ("eif", "extract", self.image, "--files", "-o", target),
                    ("eif", "diff", self.image, self.image), ("run", "--eif", self.image)]
        results = []
        for command in commands:
            status, text = self.glovebox(*command)
            results.append((" ".join(map(str, command[:2])), status, text))
        self.assert_nothing_outside()
        return results


class Fields(Hostile):
    def test_sizes_and_offsets_at_their_limits(self):
        whole = bytearray(image_of_ramdisks(b"", newc([("rootfs", FOLDER, b""), ("env", FILE, b""), ("cmd", FILE, b"/x\n")])))
        section = struct.unpack_from(">Q", whole, 0x1c + 8 * 4)[0]  # the last ramdisk's
        for at in (0x1c + 8 * 4, 0x11c + 8 * 4, section + 4):
            for value in LIMITS:
                with self.subTest(at=at, value=value):
                    damaged = bytearray(whole)
                    struct.pack_into(">Q", damaged, at, value)
                    struct.pack_into(">I", damaged, 544, zlib.crc32(damaged[548:], zlib.crc32(damaged[:544])))
                    self.image.write_bytes(damaged)
                    status, text = self.glovebox("run", "--eif", self.image)
                    self.assertEqual(status, 1, text)
                    self.assertRegex(text, r"(ramdisk|kernel|section).*(offset|table)")

    def test_every_way_to_cut_it_ends_with_a_sentence(self):
        whole = image_of_ramdisks(b"", newc([("rootfs", FOLDER, b"")]))
        for size in range(0, len(whole), 61):
            self.image.write_bytes(whole[:size])
            status, text = self.glovebox("run", "--eif", self.image)
            self.assertEqual(status, 1, size)
            self.assertRegex(text, r"offset|has \d+ bytes|CRC", size)

    def test_sections_that_overlap_do_not_run(self):
        whole = bytearray(image_of_ramdisks(newc([("a", FILE, b"")]), newc([("b", FILE, b"")])))
        first = struct.unpack_from(">Q", whole, 0x1c + 8 * 3)[0]
        struct.pack_into(">Q", whole, 0x1c + 8 * 4, first)
        self.image.write_bytes(whole)
        status, text = self.glovebox("run", "--eif", self.image)
        self.assertEqual(status, 1)
        self.assertIn("overlaps", text)


class Names(Hostile):
    def ramdisk(self, *entries):
        self.image.write_bytes(image_of_ramdisks(b"", newc([
            ("rootfs", FOLDER, b""), *entries, ("env", FILE, b""), ("cmd", FILE, b"/nothing\n")])))

    def test_dots_are_refused_by_whoever_unpacks(self):
        for name in (f"../{ESCAPED}", f"rootfs/../../{ESCAPED}", f"rootfs/../../../../../../../../{ESCAPED}"):
            self.ramdisk((name, FILE, b"x"))
            for command, status, text in self.every_command():
                if command in ("eif extract", "run --eif"):
                    self.assertEqual(status, 1, command)
                    self.assertIn('".." would lead out of the tree', text)
            self.assertFalse((self.folder / "parts").exists())

    def test_links_and_absolute_names_lead_nowhere(self):
        outside = str(self.folder / "outside").encode()
        # Without folders in the ramdisk that the links lead to, a kernel leaves out what is behind them.
        inside = [(str(part).lstrip("/"), FOLDER, b"") for part in (self.folder / "outside").parents if part.name]
        inside.append((str(self.folder / "outside").lstrip("/"), FOLDER, b""))
        self.ramdisk(*sorted(inside), ("rootfs/absolute", LINK, outside), (f"rootfs/absolute/{PLANTED}", FILE, b"x"),
                     ("rootfs/up", LINK, b"../../../../../../../.." + outside), (f"rootfs/up/{PLANTED}", FILE, b"x"),
                     (f"{self.folder}/outside/{PLANTED}", FILE, b"x"), ("rootfs/self", LINK, b"self"))
        for command, status, text in self.every_command():
            if command == "eif extract":
                self.assertEqual(status, 0, text)
                self.assertTrue(Path(f"{self.folder}/parts/files{self.folder}/outside/{PLANTED}").exists())

    def test_a_loop_of_links_ends(self):
        self.ramdisk(("rootfs/a", LINK, b"b"), ("rootfs/b", LINK, b"a"), (f"rootfs/a/{PLANTED}", FILE, b"x"))
        for command, status, text in self.every_command():
            if command == "eif extract":
                self.assertEqual(status, 0, text)
                self.assertIn(f"skips 1 of the ramdisks' entries, because no earlier entry makes their folder: rootfs/a/{PLANTED}",
                              (self.folder / "parts/files.txt").read_text())

    def test_no_device_is_made_and_no_set_user_id_is_extracted(self):
        self.ramdisk(("rootfs/mem", CHARACTER, b""), ("rootfs/disk", BLOCK, b""), ("rootfs/su", 0o104755, b"x"))
        self.every_command()
        made = [*(self.folder / "parts/files").rglob("*"), *(self.folder / "cache").rglob("*")]
        self.assertGreater(len(made), 4)
        self.assertEqual([path for path in made if path.is_char_device() or path.is_block_device()], [])
        self.assertEqual((self.folder / "parts/files/rootfs/su").stat().st_mode & 0o7000, 0)
        self.assertIn("rootfs/mem", (self.folder / "parts/files.txt").read_text())


class Bombs(Hostile):
    def test_links_that_unpack_to_more_than_names_may_have(self):
        packed = Packed()
        packed.write(one_entry("rootfs", FOLDER, b""))
        target = b"a" * 4000
        for number in range(100_000):  # 400 MiB
            packed.write(one_entry(f"rootfs/{number:09}", LINK, target))
        self.image.write_bytes(image_of_ramdisks(b"", packed.finish()))
        self.assertLess(self.image.stat().st_size, 8 << 20)
        for command, status, text in self.every_command():
            if command in ("eif extract", "run --eif"):
                self.assertEqual(status, 1)
                self.assertIn("paths and link targets of more than 268435456 bytes together", text)
        self.assertFalse((self.folder / "parts").exists())
        self.assertEqual(list((self.folder / "cache/glovebox/images").iterdir()), [])

    def test_more_names_than_a_tree_may_have(self):
        packed = Packed()
        packed.write(one_entry("rootfs", FOLDER, b""))
        for first in range(0, 1_010_000, 10_000):
            packed.write(b"".join(one_entry(f"rootfs/{number:09}", FILE, b"") for number in range(first, first + 10_000)))
        self.image.write_bytes(image_of_ramdisks(b"", packed.finish()))
        status, text = self.glovebox("eif", "extract", self.image, "--files", "-o", self.folder / "parts")
        self.assertEqual(status, 1)
        self.assertIn("more than 1000000 files and directories", text)

    def test_files_that_unpack_to_more_than_was_allowed(self):
        packed = Packed()
        size = 1100 << 20
        head = one_entry("zeroes", FILE, b"")
        packed.write(head[:54] + f"{size:08x}".encode() + head[62:])
        for _ in range(1100):
            packed.write(bytes(1 << 20))
        self.image.write_bytes(image_of_ramdisks(b"", packed.finish()))
        status, text = self.glovebox("eif", "extract", self.image, "--files", "--max-size", "1", "-o",
                                          self.folder / "parts")
        self.assertEqual(status, 1, text)
        self.assertIn("zeroes: files of more than 1073741824 bytes together", text)
        self.assertFalse((self.folder / "parts").exists())

    def test_an_archive_of_many_long_links(self):
        layer = [(entry(f"{number:09}", 0o777, tarfile.SYMTYPE, "a" * 4000), b"") for number in range(80_000)]
        docker_archive(self.folder / "app.tar", [layer], {"Cmd": ["/x"]}, "gz")
        for name in ("kernel", "init"):
            (self.folder / name).write_bytes(b"x")
        status, text = self.glovebox("eif", "build", "--kernel", self.folder / "kernel", "--init", self.folder / "init",
                                          "--image", self.folder / "app.tar", "-o", self.image)
        self.assertEqual(status, 1, text)
        self.assertIn("paths and link targets of more than 268435456 bytes together", text)


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main()
