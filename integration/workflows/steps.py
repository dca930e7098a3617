#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Steps of GitHub's workflows and composite actions, run as its runner runs them: the expressions of `if`, `env` and `with`, the
files behind GITHUB_ENV, GITHUB_OUTPUT, GITHUB_PATH and GITHUB_STEP_SUMMARY, and bash with the runner's options. The actions that a
step uses are given as functions.

    steps.py action ACTION WORKSPACE [NAME=VALUE...]    an action with these inputs in this folder
    steps.py job WORKFLOW JOB WORKSPACE SOURCE          a job; a checkout into a folder clones SOURCE

Both print what the steps write, and exit as the job would. A cache is always empty, an artifact is listed, and no setting of the
machine is changed: `sudo sysctl` says what it would do.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

_WORD = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][\w.-]*\(\)|[A-Za-z_][\w.-]*|&&|\|\||[!=]=|\d+|[()!]|\s+")
_PYTHON = {"&&": " and ", "||": " or ", "!": " not ", "true": "'true'", "false": "'false'"}


def evaluate(expression, look_up, has_failed=False):
    """An expression of GitHub's without its functions on text; a name that is not known is an empty text, as there."""
    python = ""
    position = 0
    while position < len(expression):
        word = _WORD.match(expression, position)
        if not word:
            raise ValueError(f"cannot read {expression[position:]!r} of {expression!r}")
        position = word.end()
        text = word[0]
        if text in ("always()", "failure()", "success()"):
            python += {"always()": "True", "failure()": str(has_failed), "success()": str(not has_failed)}[text]
        elif text[0].isalpha() and text not in ("true", "false"):
            python += repr(look_up(text))
        elif text[0] == "'":
            python += repr(text[1:-1].replace("''", "'"))
        else:
            python += _PYTHON.get(text, text)
    return eval(python, {"__builtins__": {}})  # noqa: S307: words of the action under test, made literals above


def expand(text, look_up):
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(evaluate(found[1].strip(), look_up)), str(text))


class Steps:
    """One run. `uses` has a function for each action that a step names, called with its inputs; it returns the step's outputs."""

    def __init__(self, steps, workspace, uses, environment, contexts):
        self.all_steps = steps
        self.workspace = Path(workspace).resolve()
        self.uses = uses
        self.files = Path(tempfile.mkdtemp(prefix="step-", dir=environment["RUNNER_TEMP"]))
        self.contexts = {**contexts, "runner": {"os": "Linux", "environment": "self-hosted", "temp": environment["RUNNER_TEMP"],
                                                **contexts.get("runner", {})}}
        self.environment = {"GITHUB_SERVER_URL": "https://github.com", **environment, "GITHUB_ACTIONS": "true", "CI": "true",
                            "RUNNER_OS": self.contexts["runner"]["os"], "GITHUB_WORKSPACE": str(self.workspace)}
        self.steps = {}
        self.output = ""
        self.summary = ""
        self.ran = []
        self.has_failed = False

    def look_up(self, name):
        root, _, rest = name.partition(".")
        if root in self.contexts:
            return self.contexts[root].get(rest, "")
        parts = name.split(".")
        if root == "steps" and parts[2] == "outputs":
            return self.steps.get(parts[1], {}).get(parts[3], "")
        raise ValueError(f"no context has {name}")

    def run(self):
        """Whether all steps have succeeded."""
        for step in self.all_steps:
            condition = str(step.get("if", "success()"))
            if "always()" not in condition and self.has_failed:
                continue
            if not evaluate(condition, self.look_up, self.has_failed):
                continue
            self.ran.append(step.get("name") or step.get("uses") or step["run"])
            outputs = self._use(step) if "uses" in step else self._shell(step)
            self.steps[step.get("id", "")] = outputs
        return not self.has_failed

    def _use(self, step):
        return self.uses[step["uses"].partition("@")[0]]({name: expand(value, self.look_up) for name, value in step.get("with", {}).items()})

    def _shell(self, step):
        # Without `shell`, the runner leaves pipefail out.
        options = {"bash": ["--noprofile", "--norc", "-eo", "pipefail"], "": ["-e"]}[step.get("shell", "")]
        script = self.files / "step.sh"
        script.write_text(expand(step["run"], self.look_up))
        commands = {name: self.files / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for path in commands.values():
            path.write_text("")
        environment = {**self.environment, **{name: expand(value, self.look_up) for name, value in step.get("env", {}).items()},
                       **{name: str(path) for name, path in commands.items()}}
        done = subprocess.run(["bash", *options, script],
                              cwd=self.workspace / expand(step.get("working-directory", "."), self.look_up), env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        self.output += done.stdout
        self.has_failed = self.has_failed or done.returncode != 0
        for line in commands["GITHUB_PATH"].read_text().splitlines():
            self.environment["PATH"] = f"{line}:{self.environment['PATH']}"
        for line in commands["GITHUB_ENV"].read_text().splitlines():
            name, _, value = line.partition("=")
            self.environment[name] = value
        self.summary += commands["GITHUB_STEP_SUMMARY"].read_text()
        return dict(line.partition("=")[::2] for line in commands["GITHUB_OUTPUT"].read_text().splitlines())


class Composite(Steps):
    """A composite action, in the folder of its action.yml."""

    def __init__(self, action, workspace, inputs, uses, environment, runner=None):
        folder = Path(action).resolve()
        self.document = yaml.safe_load((folder / "action.yml").read_text())
        unknown = set(inputs) - set(self.document["inputs"])
        if unknown:
            raise ValueError(f"the action has no input {sorted(unknown)}")
        values = {name: inputs.get(name, facts.get("default", "")) for name, facts in self.document["inputs"].items()}
        super().__init__(self.document["runs"]["steps"], workspace, uses, {**environment, "GITHUB_ACTION_PATH": str(folder)},
                         {"inputs": values, "runner": runner or {},
                          "github": {"repository": "example/tests", "action_repository": "example/glovebox"}})

    def outputs(self):
        return {name: expand(facts["value"], self.look_up) for name, facts in self.document["outputs"].items()}


def job_of(workflow, name, workspace, uses, environment, runner=None):
    """A job of a workflow, given as a document."""
    job = workflow["jobs"][name]
    variables = {name: str(value) for name, value in job.get("env", {}).items()}
    return Steps(job["steps"], workspace, uses, {**environment, **variables}, {"env": variables, "runner": runner or {}})


def _list_artifact(workspace, inputs):
    folder = Path(workspace) / inputs["path"]
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    print(f"artifact {inputs['name']}: {' '.join(found)}")
    return {}


def _clone(workspace, source, inputs):
    if "path" in inputs:
        subprocess.run(["git", "clone", "-q", source, Path(workspace) / inputs["path"]], check=True)
    return {}


_SUDO = """#!/bin/sh
if [ "$1" = sysctl ]; then
    echo "not changed here: $*"
elif [ "$(id -u)" = 0 ]; then
    exec "$@"
else
    PATH=${PATH#*:} exec sudo "$@"
fi
"""


def main(kind, what, *words):
    with tempfile.TemporaryDirectory(prefix="runner-") as temporary:
        sudo = Path(temporary) / "bin/sudo"
        sudo.parent.mkdir()
        sudo.write_text(_SUDO)
        sudo.chmod(0o755)
        environment = {**os.environ, "RUNNER_TEMP": temporary, "PATH": f"{sudo.parent}:{os.environ['PATH']}"}
        workspace = words[0] if kind == "action" else words[1]
        uses = {"actions/cache": lambda inputs: {}, "actions/upload-artifact": lambda inputs: _list_artifact(workspace, inputs),
                "actions/checkout": lambda inputs: _clone(workspace, words[2], inputs)}
        if kind == "action":
            run = Composite(what, workspace, dict(word.split("=", 1) for word in words[1:]), uses, environment,
                            {"environment": "github-hosted"})
        else:
            run = job_of(yaml.safe_load(Path(what).read_text()), words[0], workspace, uses, environment)
        is_good = run.run()
        print(run.output + run.summary, end="")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
