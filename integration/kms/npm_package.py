# SPDX-License-Identifier: Apache-2.0
"""Packages of npm for tests, kept outside of the checkout and fetched once."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

FETCH_PATIENCE = 240  # seconds; a registry that doesn't answer is a skip


def default_folder():
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("GLOVEBOX_NPM") or Path(cache) / "glovebox" / "npm")


def need_package(name):
    """The folder with `node_modules/NAME`, fetched where it is absent. Skips the test, with the reason, where Node is
    missing or too old, or npm can't fetch it."""
    if not shutil.which("node"):
        raise unittest.SkipTest("node is not installed")
    folder = default_folder()
    if not (folder / "node_modules" / name / "package.json").exists():
        _fetch(name, folder)
    wanted = json.loads((folder / "node_modules" / name / "package.json").read_text()).get("engines", {}).get("node", "")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    least = re.fullmatch(r">=\s*(\d+)[.\d]*", wanted)
    if least and int(version.lstrip("v").split(".")[0]) < int(least.group(1)):
        raise unittest.SkipTest(f"{name} wants Node {wanted}, here is {version}")
    return folder


def _fetch(name, folder):
    if not shutil.which("npm"):
        raise unittest.SkipTest(f"{name} is not in {folder}, and npm is not installed")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, name],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise unittest.SkipTest(f"npm can't fetch {name}: {failure}") from None
    if done.returncode != 0:
        raise unittest.SkipTest(f"npm can't fetch {name}: {done.stderr.strip().splitlines()[-1:]}")
