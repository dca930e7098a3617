# SPDX-License-Identifier: Apache-2.0
"""podman, as a test uses it: an image from a tree, containers of it, and everything removed again."""

import importlib.util
import json
import os
import shutil
import subprocess

# podman asks for higher limits than a machine may allow.
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4000:4000"]
PATIENCE = 60


def missing():
    """Why no container can be started here; empty if one can."""
    if os.geteuid() != 0:
        return "podman's containers need root here"
    for program in ("podman", "runc"):
        if not shutil.which(program):
            return f"{program} is not installed: ci/setup containers"
    if importlib.util.find_spec("yaml") is None:
        return "python3-yaml is not installed: ci/setup containers"
    return ""


def podman(*words, **options):
    return subprocess.run(["podman", *map(str, words)], **{"capture_output": True, "text": True, "timeout": PATIENCE,
                                                           "stdin": subprocess.DEVNULL, **options})


class Image:
    """The image of a root file system, with the Dockerfile's words."""

    def __init__(self, name, tree, *words):
        self.name = name
        changes = [option for word in words for option in ("--change", word)]
        archive = subprocess.Popen(["tar", "-C", tree, "-c", "."], stdout=subprocess.PIPE)
        done = podman("import", *changes, "-", name, stdin=archive.stdout)
        archive.stdout.close()
        if done.returncode != 0 or archive.wait(PATIENCE) != 0:
            raise AssertionError(f"podman import: {done.stderr}")

    def remove(self):
        podman("rmi", "--force", self.name)

    def run(self, *words, options=()):
        return podman("run", "--rm", "--runtime", "runc", *LIMITS, "--network", "none", *options, self.name, *words)


class Running:
    """A container in the background."""

    def __init__(self, name, image, *words, options=()):
        self.name = name
        self.started = podman("run", "--detach", "--runtime", "runc", "--name", name, *LIMITS, *options, image, *words)

    def inspect(self):
        return json.loads(podman("inspect", self.name).stdout)[0]

    def log(self):
        done = podman("logs", self.name)
        return done.stdout + done.stderr

    def remove(self):
        podman("rm", "--force", "--time", "5", self.name)
