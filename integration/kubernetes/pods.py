# SPDX-License-Identifier: Apache-2.0
"""The pods of rendered manifests, by `podman play kube` in a network namespace of their own.

podman 4.3 is no kubelet, so the test does its part of the work, and everything else is the manifest's:

  * Secrets, claims and emptyDirs become folders of the test, with the owner and mode that fsGroup asks of the kubelet
  * init containers run before the pod, in a pod of their own: podman waits 20 s for each and then loses it
  * the variables of Services are set, at 127.0.0.1
  * procMount Unmasked is the machine's /proc and /sys beside the container's, which podman masks: Linux then allows a sandbox its own
  * probes and ports are the test's to ask, as the kubelet asks them
  * RuntimeDefault is Docker's and containerd's profile, not podman's; a Localhost profile is named by the annotation that preceded
    seccompProfile
  * names of images and objects have the test's prefix
"""

import base64
import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "container"))
import podman  # noqa: E402
from manifests import SOURCE, containers_of, pod_of  # noqa: E402

PREFIX = f"gbk{os.getpid()}-"
GROUP = 1000
# What a Pod has in Kubernetes and podman 4.3 does not know or cannot do.
LEFT_OUT = ("hostUsers", "affinity", "priorityClassName", "enableServiceLinks", "automountServiceAccountToken")
BUSYBOX = "/bin/busybox"  # of busybox-static
LEFT_OUT_OF_CONTAINERS = ("ports", "startupProbe", "readinessProbe", "livenessProbe", "resources")


def missing():
    """Why no pod can be started here; empty if one can."""
    if reason := podman.missing():
        return reason
    if not Path("/usr/bin/catatonit").exists() and not Path("/usr/libexec/podman/catatonit").exists():
        return "catatonit, which podman needs for pods, is not installed: ci/setup containers"
    return ""


def glovebox_tree(tree, glovebox):
    subprocess.run([SOURCE / "ci/container/image-tree", glovebox, tree], check=True)
    return ["ENV PATH=/usr/bin", 'ENTRYPOINT ["/usr/bin/glovebox"]']


def busybox_tree(tree):
    (tree / "bin").mkdir()
    subprocess.run(["cp", BUSYBOX, tree / "bin/busybox"], check=True)
    for name in ("sh", "cp", "mkdir", "chmod"):
        (tree / "bin" / name).symlink_to("busybox")
    return ["ENV PATH=/bin"]


def import_images(folder, glovebox, *names):
    """The images with this program that the manifests know by these names, and the init containers' busybox: each with its name there."""
    for number, name in enumerate((*names, "busybox:1.37")):
        tree = Path(folder) / f"tree{number}"
        tree.mkdir()
        words = glovebox_tree(tree, glovebox) if name in names else busybox_tree(tree)
        yield podman.Image(f"localhost/{PREFIX}{name}", tree, *words), name


class Pods:
    """Pods that are there until remove()."""

    def __init__(self, images, environment):
        """`images`: the manifests' names and the imported images'; `environment`: variables that the kubelet sets for Services."""
        self.images = images
        self.environment = environment
        self._directory = tempfile.TemporaryDirectory(prefix="gb-")
        self.folder = Path(self._directory.name)
        self.folder.chmod(0o755)
        self.names = []
        self._volumes = set()  # that podman has made of ConfigMaps, under names with kustomize's hash
        docker = self.folder / "docker.json"
        docker.write_text(subprocess.run([SOURCE / "ci/container/seccomp_profile.py", "docker"], check=True, capture_output=True,
                                         text=True).stdout)
        (self.folder / "glovebox").mkdir()
        (self.folder / "glovebox/seccomp.json").write_bytes((SOURCE / "ci/container/seccomp.json").read_bytes())
        configuration = self.folder / "containers.conf"
        limits = ", ".join(f'"{limit}"' for limit in podman.LIMITS if limit != "--ulimit")
        configuration.write_text(f'[containers]\ndefault_ulimits = [{limits}]\nseccomp_profile = "{docker}"\n[engine]\nruntime = "runc"\n')
        self._variables = {**os.environ, "CONTAINERS_CONF": str(configuration)}
        # A namespace that this process holds open: podman's "host" network is the one that podman runs in.
        self._holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
                                        stdout=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "up\n":
            raise AssertionError("no network namespace")
        # What runs a program in the pods' network.
        self.enter = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net"]

    def play(self, document, configs, variables=None, change=None, node=None):
        """The pod of a document, started; `configs` are its ConfigMaps and Secrets, `change` a last edit of it, and `node` has the folders
        that stand for the node's. Its name."""
        name = PREFIX + document["metadata"]["name"] + (f"-{variables['JOB_COMPLETION_INDEX']}" if variables else "")
        pod = copy.deepcopy(pod_of(document))
        maps = []
        for volume in pod["volumes"]:
            self._place(volume, configs, maps, node or {})
        for key in LEFT_OUT:
            pod.pop(key, None)
        added = [{"name": key, "value": value} for key, value in {**self.environment, **(variables or {})}.items()]
        for container in containers_of(pod):
            for key in LEFT_OUT_OF_CONTAINERS:
                container.pop(key, None)
            container["image"] = self.images[container["image"]]
            container["env"] = [*container.get("env", []), *added]
            if container.get("securityContext", {}).get("procMount") == "Unmasked":
                for system in ("proc", "sys"):
                    pod["volumes"].append({"name": system, "hostPath": {"path": f"/{system}", "type": "Directory"}})
                    container["volumeMounts"] = [*container["volumeMounts"], {"name": system, "mountPath": f"/unmasked-{system}"}]
        if change:
            change(pod)
        for number, first in enumerate(pod.pop("initContainers", [])):
            alone = {**copy.deepcopy(pod), "containers": [first], "restartPolicy": "Never"}
            self._start(f"{name}-init{number}", alone, maps)
            self._wait(f"{name}-init{number}-{first['name']}")
        self._start(name, pod, maps)
        return name

    def _start(self, name, pod, maps):
        mounted = {mount["name"] for container in pod["containers"] for mount in container.get("volumeMounts", [])}
        pod = {**pod, "volumes": [volume for volume in pod["volumes"] if volume["name"] in mounted]}
        used = {volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume}
        profile = pod.get("securityContext", {}).get("seccompProfile", {}).get("localhostProfile")
        annotations = {"seccomp.security.alpha.kubernetes.io/pod": f"localhost/{Path(profile).name}"} if profile else {}
        documents = [*(one for one in maps if one["metadata"]["name"] in used),
                     {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "annotations": annotations}, "spec": pod}]
        file = self.folder / f"{name}.yaml"
        file.write_text("\n---\n".join(map(json.dumps, documents)))
        self.names.append(name)
        self._volumes |= used
        done = subprocess.run([*self.enter, "podman", "play", "kube", "--network", "host", "--seccomp-profile-root", self.folder / "glovebox", file],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, env=self._variables, timeout=podman.PATIENCE)
        if done.returncode != 0:
            raise AssertionError(f"podman play kube {name}: {done.stderr}")

    def _place(self, volume, configs, maps, node):
        """The test's folder in place of what the kubelet would mount."""
        path = self.folder / f"{volume['name']}-{len(os.listdir(self.folder))}"
        if "configMap" in volume:
            config = copy.deepcopy(next(one for one in configs if one["metadata"]["name"] == volume["configMap"]["name"]))
            volume["configMap"]["name"] = config["metadata"]["name"] = PREFIX + config["metadata"]["name"]
            maps.append(config)
            return
        if "hostPath" in volume:
            volume["hostPath"] = {"path": str(node[volume["hostPath"]["path"]]), "type": "Directory"}
            return
        path.mkdir()
        if "secret" in volume:
            secret = next(one for one in configs if one["kind"] == "Secret" and one["metadata"]["name"] == volume["secret"]["secretName"])
            for name, value in secret["data"].items():
                (path / name).write_bytes(base64.b64decode(value))
                (path / name).chmod(volume["secret"]["defaultMode"])
                os.chown(path / name, 0, GROUP)
        elif not {"emptyDir", "persistentVolumeClaim"} & volume.keys():
            raise AssertionError(f"the test does not know this volume: {volume}")
        os.chown(path, 0, GROUP)
        path.chmod(0o2777)
        name = volume["name"]
        volume.clear()
        volume.update({"name": name, "hostPath": {"path": str(path), "type": "Directory"}})

    def folder_of(self, name, volume):
        """The folder that stands for a pod's volume."""
        pod = json.loads((self.folder / f"{name}.yaml").read_text().split("\n---\n")[-1])["spec"]
        return Path(next(one["hostPath"]["path"] for one in pod["volumes"] if one["name"] == volume))

    def _wait(self, container):
        """Its end; an error if that is a failure."""
        status = podman.podman("wait", container, env=self._variables).stdout.strip()
        if status != "0":
            raise AssertionError(f"{container} ended with {status}: {self.log(container)}")

    def wait(self, name, container):
        self._wait(f"{name}-{container}")

    def log(self, container):
        done = podman.podman("logs", container, env=self._variables)
        return done.stdout + done.stderr

    def pids(self, name, container):
        """The processes of a container, by their numbers on this machine."""
        group = podman.podman("top", f"{name}-{container}", "hpid", env=self._variables).stdout.split()[1:]
        return [int(pid) for pid in group]

    def end(self, name):
        podman.podman("pod", "stop", "--time", "5", name, env=self._variables)

    def get(self, port, path, scheme="http", container=None):
        """The answer's body, of a server on a port of the pods; as the kubelet, it asks until there is one."""
        end = time.monotonic() + podman.PATIENCE
        client = [*self.enter, "curl", "-sSkf", "--max-time", "5", f"{scheme}://127.0.0.1:{port}{path}"]
        while (done := subprocess.run(client, capture_output=True, text=True)).returncode != 0:
            if time.monotonic() > end:
                raise AssertionError(f"{done.stderr}\n{self.log(container)[-4000:] if container else ''}")
            time.sleep(0.1)
        return done.stdout

    def probe(self, document, container):
        """Asks every probe of a container of the document, as the kubelet does."""
        one = next(one for one in pod_of(document)["containers"] if one["name"] == container)
        ports = {port["name"]: port["containerPort"] for port in one["ports"]}
        probes = [one[kind]["httpGet"] for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in one]
        return [self.get(ports[probe["port"]], probe["path"], container=f"{PREFIX}{document['metadata']['name']}-{container}")
                for probe in probes]

    def remove(self):
        for name in reversed(self.names):
            podman.podman("pod", "rm", "--force", "--time", "5", name, env=self._variables)
        for volume in self._volumes:
            podman.podman("volume", "rm", "--force", volume, env=self._variables)
        self._holder.kill()
        self._holder.wait()
        self._holder.stdout.close()
        self._directory.cleanup()
