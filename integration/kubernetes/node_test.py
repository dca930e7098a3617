#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A node without Nitro: the DaemonSet's pod registers with a stand-in for the kubelet, and the app's pod, with what Allocate has given
its container, runs an enclave image by the command that it has on EKS.

Usage: node_test.py STATIC_GLOVEBOX STATIC_GLOVEBOX_DEVICE_PLUGIN [unittest's arguments]
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import kubelet
import manifests
import pods

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / folder) for folder in ("container", "images")]
from eif_writer import AWS_INIT  # noqa: E402
from podman import Image  # noqa: E402

GLOVEBOX = ""
PLUGIN = ""
BUSYBOX = "/bin/busybox"  # of busybox-static
RESOURCE = "aws.ec2.nitro/nitro_enclaves"
# An image for EKS has AWS's program, which finds no driver here.
AWS_NITRO_CLI = "#!/bin/sh\necho 'this is the nitro-cli of AWS' >&2\nexit 1\n"


def setUpModule():
    if reason := pods.missing() or manifests.missing() or kubelet.MISSING:
        raise unittest.SkipTest(reason)
    for program in (GLOVEBOX, PLUGIN):
        if not os.path.exists(program):
            raise unittest.SkipTest(f"{program} is missing: GLOVEBOX_DEVICE_PLUGIN=ON ci/package builds it")


class Node(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="gb-")
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name)
        self.folder.chmod(0o755)
        self.images = {}
        self.manifests = manifests.Manifests(self.folder, GLOVEBOX)
        self.pods = pods.Pods(self.images, {})
        self.addCleanup(self.pods.remove)
        self.node = {"/var/lib/kubelet/device-plugins": self.folder / "device-plugins", "/var/lib/glovebox": self.folder / "glovebox"}
        for path in self.node.values():
            path.mkdir()

    def image(self, name, tree, *words):
        image = Image(f"localhost/{pods.PREFIX}{name}", tree, *words)
        self.addCleanup(image.remove)
        self.images[name] = image.name

    def start_plugin(self):
        """The plugin that the kubelet knows of."""
        tree = self.folder / "plugin-tree"
        tree.mkdir()
        subprocess.run([manifests.SOURCE / "ci/container/image-tree", GLOVEBOX, tree], check=True)
        subprocess.run(["cp", PLUGIN, tree / "usr/bin/glovebox-device-plugin"], check=True)
        self.image("glovebox-device-plugin:local", tree, 'ENTRYPOINT ["/usr/bin/glovebox-device-plugin"]')
        known = kubelet.Kubelet(kubelet.messages(), self.node["/var/lib/kubelet/device-plugins"])
        self.addCleanup(known.stop)
        daemon, = self.manifests.render("device-plugin")
        self.pods.play(daemon, [], node=self.node)
        return known.plugin(RESOURCE)

    def app_image(self):
        """Busybox, the script that stands for AWS's nitro-cli, and an enclave image."""
        tree = self.folder / "app-tree"
        for folder in ("bin", "usr/bin", "app", "dev", "proc", "sys", "tmp", "etc"):
            (tree / folder).mkdir(parents=True)
        subprocess.run(["cp", BUSYBOX, tree / "bin/busybox"], check=True)
        for name in ("sh", "echo"):
            (tree / "bin" / name).symlink_to("busybox")
        enclave = self.folder / "enclave-tree"
        subprocess.run(["cp", "-a", tree, enclave], check=True)
        (tree / "tmp").chmod(0o1777)
        (tree / "usr/bin/nitro-cli").write_text(AWS_NITRO_CLI)
        (tree / "usr/bin/nitro-cli").chmod(0o755)
        kernel, init = self.folder / "kernel", self.folder / "init"
        kernel.write_bytes(bytes(0x202) + b"HdrS" + b"kernel" * 100)
        init.write_bytes(AWS_INIT)
        done = subprocess.run([GLOVEBOX, "eif", "build", "--kernel", kernel, "--init", init, "--rootfs", enclave, "--arch", os.uname().machine,
                               "--cmd", "/bin/echo hello from the enclave", "-o", tree / "app/app.eif"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.image("app:local", tree, "ENV PATH=/usr/bin:/bin")

    def give(self, answer):
        """An edit of a pod: what the kubelet adds to a container for Allocate's answer."""
        folder = self.node["/var/lib/glovebox"]

        def change(pod):
            container, = pod["containers"]
            container["env"] += [{"name": name, "value": value} for name, value in answer.envs.items()]
            for number, mount in enumerate([*answer.mounts, *answer.devices]):
                is_device = number >= len(answer.mounts)
                path = mount.host_path.replace("/var/lib/glovebox", str(folder))
                pod["volumes"].append({"name": f"allocated{number}", "hostPath": {"path": path, "type": "CharDevice" if is_device else "File"}})
                container["volumeMounts"].append({"name": f"allocated{number}", "mountPath": mount.container_path,
                                                  "readOnly": not is_device and mount.read_only})
        return change

    def run_app(self, change, words=None):
        """The app's log when it has ended, by whatever status."""
        app, = self.manifests.render("app-without-nitro")

        def edit(pod):
            if words:
                pod["containers"][0]["command"] = words
            change(pod)
        name = self.pods.play(app, [], change=edit)
        try:
            self.pods.wait(name, "app")
        except AssertionError as failure:
            return str(failure)
        return self.pods.log(f"{name}-app")

    def test_an_app_for_eks_runs_its_enclave(self):
        plugin = self.start_plugin()
        self.app_image()
        answer, = plugin.allocate(["nitro_enclaves_0"])
        said = self.run_app(self.give(answer))
        self.assertIn("hello from the enclave", said)
        self.assertIn('"EnclaveCID"', said)

    def test_an_app_without_the_device_has_its_own_programs(self):
        self.app_image()
        self.assertIn("this is the nitro-cli of AWS", self.run_app(lambda pod: None))

    def test_an_app_can_change_nothing_that_another_sees(self):
        plugin = self.start_plugin()
        self.app_image()
        answer, = plugin.allocate(["nitro_enclaves_1"])
        program = self.node["/var/lib/glovebox"] / "glovebox"
        before = program.read_bytes()
        tried = ("for file in /usr/bin/glovebox /usr/bin/nitro-cli /usr/bin/vsock-proxy; do (echo x >$file) 2>/dev/null && echo \"$file changed\"; "
                 "done; echo kept >/dev/nitro_enclaves; read -r kept </dev/nitro_enclaves || echo the device is empty")

        def as_root(pod):
            self.give(answer)(pod)
            pod["securityContext"] |= {"runAsUser": 0, "runAsNonRoot": False}
        said = self.run_app(as_root, ["/bin/sh", "-c", tried])
        self.assertEqual(said, "the device is empty\n")
        self.assertEqual(program.read_bytes(), before)


if __name__ == "__main__":
    GLOVEBOX, PLUGIN = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main(verbosity=2)
