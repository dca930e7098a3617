# SPDX-License-Identifier: Apache-2.0
"""A composite action of GitHub's, run step by step as its runner runs it: the expressions of `if`, `env` and `with`, the files behind
GITHUB_ENV, GITHUB_OUTPUT, GITHUB_PATH and GITHUB_STEP_SUMMARY, and bash with the runner's options. The actions that a step uses
are given as functions.

    composite.py ACTION WORKSPACE [NAME=VALUE...]    runs an action with these inputs in this folder, prints what the steps write, and
                                                     exits as the job would; a cache is always empty, an artifact is listed
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


class Composite:
    """One run. `uses` has a function for each action that a step names, called with its inputs; it returns the step's outputs."""

    def __init__(self, action, workspace, inputs, uses, environment, runner=None, github=None):
        self.action = Path(action).resolve()
        self.document = yaml.safe_load((self.action / "action.yml").read_text())
        unknown = set(inputs) - set(self.document["inputs"])
        if unknown:
            raise ValueError(f"the action has no input {sorted(unknown)}")
        self.workspace = Path(workspace).resolve()
        self.inputs = {name: inputs.get(name, facts.get("default", "")) for name, facts in self.document["inputs"].items()}
        self.uses = uses
        self.files = Path(tempfile.mkdtemp(prefix="step-", dir=environment["RUNNER_TEMP"]))
        self.summary = ""
        self.runner = {"os": "Linux", "environment": "self-hosted", "temp": environment["RUNNER_TEMP"], **(runner or {})}
        self.github = {"repository": "example/tests", "action_repository": "example/glovebox", **(github or {})}
        self.environment = {**environment, "GITHUB_ACTIONS": "true", "CI": "true", "RUNNER_OS": self.runner["os"],
                            "GITHUB_ACTION_PATH": str(self.action), "GITHUB_WORKSPACE": str(self.workspace)}
        self.environment.setdefault("GITHUB_SERVER_URL", "https://github.com")
        self.steps = {}
        self.output = ""
        self.ran = []
        self.has_failed = False

    def look_up(self, name):
        parts = name.split(".")
        for root, values in (("inputs", self.inputs), ("runner", self.runner), ("github", self.github)):
            if parts[0] == root:
                return values.get(".".join(parts[1:]), "")
        if parts[0] == "steps" and parts[2] == "outputs":
            return self.steps.get(parts[1], {}).get(parts[3], "")
        raise ValueError(f"no context has {name}")

    def run(self):
        """Whether all steps have succeeded."""
        for step in self.document["runs"]["steps"]:
            condition = str(step.get("if", "success()"))
            if "always()" not in condition and self.has_failed:
                continue
            if not evaluate(condition, self.look_up, self.has_failed):
                continue
            self.ran.append(step["name"])
            outputs = self._use(step) if "uses" in step else self._shell(step)
            self.steps[step.get("id", "")] = outputs
        return not self.has_failed

    def outputs(self):
        return {name: expand(facts["value"], self.look_up) for name, facts in self.document["outputs"].items()}

    def _use(self, step):
        return self.uses[step["uses"].partition("@")[0]]({name: expand(value, self.look_up) for name, value in step["with"].items()})

    def _shell(self, step):
        if step["shell"] != "bash":
            raise ValueError("only bash is known here")
        script = self.files / "step.sh"
        script.write_text(expand(step["run"], self.look_up))
        commands = {name: self.files / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for path in commands.values():
            path.write_text("")
        environment = {**self.environment, **{name: expand(value, self.look_up) for name, value in step.get("env", {}).items()},
                       **{name: str(path) for name, path in commands.items()}}
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
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


def _list_artifact(inputs):
    found = sorted(str(path.relative_to(inputs["path"])) for path in Path(inputs["path"]).rglob("*") if path.is_file())
    print(f"artifact {inputs['name']}: {' '.join(found)}")
    return {}


def main(action, workspace, *words):
    with tempfile.TemporaryDirectory(prefix="runner-") as temporary:
        run = Composite(action, workspace, dict(word.split("=", 1) for word in words),
                        {"actions/cache": lambda inputs: {}, "actions/upload-artifact": _list_artifact},
                        {**os.environ, "RUNNER_TEMP": temporary}, {"environment": "github-hosted"})
        is_good = run.run()
        print(run.output + run.summary, end="")
        print("outputs:", run.outputs())
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
