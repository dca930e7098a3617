#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the layer decides without a guest: what is worth a second boot, and what a failure tells."""

import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

from layer import guest  # noqa: E402
from layer.guest import GuestFailed, GuestOptions  # noqa: E402


class SecondBootTest(unittest.TestCase):
    """run() and boot() with guests that end as a list says: None is one that works."""

    def boots(self, verb, *ends):
        made = []

        class ScriptedGuest:
            def __init__(self, _):
                self.stopped = False
                self.end = ends[len(made)]
                made.append(self)

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self.stop()

            def stop(self):
                self.stopped = True

            def wait(self):
                self.wait_for_boot()
                return "a result"

            def wait_for_boot(self):
                if self.end is not None:
                    raise GuestFailed("failed", "", may_retry=self.end == "no status")

        with mock.patch.object(guest, "Guest", ScriptedGuest):
            try:
                return verb(), made
            except GuestFailed as failure:
                return failure, made

    def run_one(self):
        return guest.run(GuestOptions(command=["true"]))

    def boot_two(self):
        return guest.boot([GuestOptions(), GuestOptions()])

    def test_a_guest_that_gave_no_status_boots_once_more(self):
        result, made = self.boots(self.run_one, "no status", None)
        self.assertEqual((result, len(made)), ("a result", 2))

    def test_but_not_a_third_time(self):
        result, made = self.boots(self.run_one, "no status", "no status")
        self.assertIsInstance(result, GuestFailed)
        self.assertEqual(len(made), 2)

    def test_a_command_that_failed_is_not_tried_again(self):
        result, made = self.boots(self.run_one, "a command's own time was over")
        self.assertIsInstance(result, GuestFailed)
        self.assertEqual(len(made), 1)

    def test_of_several_guests_only_the_one_that_failed(self):
        result, made = self.boots(self.boot_two, None, "no status", None)
        self.assertEqual(result, [made[0], made[2]])
        self.assertTrue(made[1].stopped)

    def test_when_one_of_several_does_not_come_up_none_is_left(self):
        result, made = self.boots(self.boot_two, None, "no status", "no status")
        self.assertIsInstance(result, GuestFailed)
        self.assertTrue(all(each.stopped for each in made))


class GuestFailedTest(unittest.TestCase):
    def test_a_panic_is_named_however_long_its_trace_is(self):
        said = "[ 2.3] Kernel panic - not syncing: a crash\n" + "[ 2.3]  ? some_function+0x1/0x2\n" * 100
        told = str(GuestFailed("guest 'g' ended", said, True))
        self.assertTrue(told.startswith("guest 'g' ended; Kernel panic - not syncing: a crash; its last lines:"), told)
        self.assertEqual(len(told.splitlines()), 41)


if __name__ == "__main__":
    unittest.main(verbosity=2)
