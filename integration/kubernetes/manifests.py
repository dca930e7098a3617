# SPDX-License-Identifier: Apache-2.0
"""packaging/kubernetes, as `kubectl kustomize` renders it, and Kubernetes' published schemas."""

import json
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
MANIFESTS = SOURCE / "packaging/kubernetes"
TOOLS = SOURCE / "build/kubernetes-tools"
PATIENCE = 120
VARIANTS = sorted(path.parent.name for path in MANIFESTS.glob("*/kustomization.yaml"))


def missing():
    """Why the manifests cannot be rendered here; empty if they can."""
    try:
        import yaml  # noqa: F401
    except ImportError:
        return "python3-yaml is not installed: ci/setup test"
    if not shutil.which("kubectl"):
        return "kubectl is not installed: Debian lacks a version with kustomize 4 or later; https://kubernetes.io/docs/tasks/tools/ has one"
    return ""


def schemas_missing():
    if not shutil.which("node") or not (TOOLS / "node_modules/kubernetes-models").is_dir():
        return "Kubernetes' schemas are not installed: ci/setup manifests"
    return ""


def without_home(folder):
    """An environment in which kubectl reads no configuration of this user's."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": "/dev/null"}


class Manifests:
    """A copy in `folder`, with authorities that `glovebox` has made there by the command of services/kustomization.yaml."""

    def __init__(self, folder, glovebox):
        self.folder = Path(folder) / "kubernetes"
        shutil.copytree(MANIFESTS, self.folder, ignore=shutil.ignore_patterns("authorities"))
        services = self.folder / "services"
        self.authorities = services / "authorities"
        subprocess.run([glovebox, "up", "-q", "--world", f"{self.authorities}/", "--pki", self.authorities / "pki", services / "world.yaml",
                        "--", "true"], check=True, env=without_home(folder), timeout=PATIENCE)

    def render(self, variant):
        """The objects of one folder."""
        import yaml
        done = subprocess.run(["kubectl", "kustomize", self.folder / variant], capture_output=True, text=True,
                              env=without_home(self.folder), timeout=PATIENCE)
        if done.returncode != 0:
            raise AssertionError(f"kubectl kustomize {variant}: {done.stderr}")
        documents = [document for document in yaml.safe_load_all(done.stdout) if document]
        for document in documents:
            if document["kind"] == "Secret":  # kustomize breaks base64 into lines, which Go reads and the schemas do not
                document["data"] = {name: value.replace("\n", "") for name, value in document["data"].items()}
        return documents


def pod_of(document):
    """The pod's specification in a Pod or in what makes pods; None of others."""
    if document["kind"] == "Pod":
        return document["spec"]
    return document["spec"]["template"]["spec"] if "template" in document.get("spec", {}) else None


def containers_of(pod):
    return [*pod.get("initContainers", []), *pod["containers"]]


def schema_mistakes(documents, folder):
    """What Kubernetes' schemas do not allow, a line each: wrong and unknown keys by TypeScript, formats by the validators."""
    types, values = [], []
    for number, document in enumerate(documents):
        where = f"{document['apiVersion']}/{document['kind']}"
        types.append(f"import type {{I{document['kind']} as T{number}}} from 'kubernetes-models/{where}';\n"
                     f"export const value{number}: T{number} = {json.dumps(document)};\n")
        values.append([where, document["kind"], document])
    # Node and TypeScript look for packages in the folders above a file.
    folder = Path(folder)
    link = folder / "node_modules"
    if not link.exists():
        link.symlink_to(TOOLS / "node_modules")
    (folder / "all.ts").write_text("".join(types))
    (folder / "all.js").write_text(f"""
for (const [where, kind, value] of {json.dumps(values)}) {{
    const model = new (require('kubernetes-models/' + where)[kind])(value);
    try {{ model.validate(); }} catch (error) {{ console.log(kind + ': ' + error.message); }}
}}
""")
    lines = []
    for command in (["node", TOOLS / "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--preserveSymlinks",
                     "--module", "commonjs", "--moduleResolution", "node", "all.ts"],
                    ["node", "--preserve-symlinks", "all.js"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
        if done.stderr:
            raise AssertionError(done.stderr)
        lines += done.stdout.splitlines()
    return lines
