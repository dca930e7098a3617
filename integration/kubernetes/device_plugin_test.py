#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""glovebox-device-plugin beside a stand-in for the kubelet: registration, devices, allocation, health, and every way in which one of
the two ends, starts again or answers wrongly.

Usage: device_plugin_test.py GLOVEBOX-DEVICE-PLUGIN [unittest's arguments]
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from kubelet import MISSING, Kubelet, grpc, messages, open_descriptors, wait_until  # noqa: E402
from service import PATIENCE, Service  # noqa: E402

PLUGIN = ""
API = None
STATIC_PROGRAM = "/bin/busybox"  # of busybox-static: any program that needs no loader

ENCLAVES = "aws.ec2.nitro/nitro_enclaves"
CPUS = "aws.ec2.nitro/nitro_enclaves_cpus"


def setUpModule():
    global API
    if not os.path.exists(PLUGIN):
        raise unittest.SkipTest(f"{PLUGIN} was not built: ci/kubernetes builds it")
    if MISSING:
        raise unittest.SkipTest(MISSING)
    API = messages()


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="gb-")
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name) / "device-plugins"
        self.folder.mkdir()
        self.host = Path(directory.name) / "host"

    def start(self, *options, ready="is served at", environment=None, program=STATIC_PROGRAM):
        plugin = Service(PLUGIN, "--kubelet-folder", self.folder, "--host-folder", self.host, "--program", program, *options, ready=ready,
                         env={"PATH": "/usr/bin:/bin", **(environment or {})})
        self.addCleanup(plugin.kill)
        return plugin

    def kubelet(self, **options):
        kubelet = Kubelet(API, self.folder, **options)
        self.addCleanup(kubelet.stop)
        return kubelet

    def sockets(self):
        return sorted(path.name for path in self.folder.iterdir())

    def ended(self, plugin, *pieces):
        """The plugin has ended by itself with status 1, and has said this."""
        self.assertEqual(plugin.process.wait(PATIENCE), 1)
        for piece in pieces:
            self.assertIn(piece, plugin.wait_for("glovebox-device-plugin: "))

    def assertRefused(self, code, call, *arguments):
        with self.assertRaises(grpc.RpcError) as refused:
            call(*arguments)
        self.assertEqual(refused.exception.code(), code)
        return refused.exception.details()


class Devices(Case):
    def test_are_four_enclaves_and_no_cpus(self):
        kubelet = self.kubelet()
        self.start()
        plugin = kubelet.plugin(ENCLAVES)
        self.assertEqual(plugin.devices, {f"nitro_enclaves_{number}": "Healthy" for number in range(4)})
        self.assertEqual([name for name, _ in kubelet.registered], [ENCLAVES])
        self.assertTrue(plugin.registered_options.get_preferred_allocation_available)
        self.assertFalse(plugin.registered_options.pre_start_required)
        self.assertEqual(plugin.options(), plugin.registered_options)

    def test_are_as_many_as_the_environment_of_awss_plugin_says(self):
        kubelet = self.kubelet()
        self.start("--cpus", "6", environment={"MAX_ENCLAVES_PER_NODE": "2", "ENCLAVE_CPU_ADVERTISEMENT": "true"})
        self.assertEqual(list(kubelet.plugin(ENCLAVES).devices), ["nitro_enclaves_0", "nitro_enclaves_1"])
        self.assertEqual(list(kubelet.plugin(CPUS).devices), [f"nitro_enclaves_cpus_{number}" for number in range(6)])

    def test_are_more_than_an_instance_has_on_request(self):
        kubelet = self.kubelet()
        plugin = self.start("--enclaves", "200", environment={"MAX_ENCLAVES_PER_NODE": "7"})
        self.assertEqual(len(kubelet.plugin(ENCLAVES).devices), 200)
        plugin.wait_for("MAX_ENCLAVES_PER_NODE=7 is not a number from 1 to 4")

    def test_are_unhealthy_while_the_program_is_missing(self):
        kubelet = self.kubelet()
        process = self.start()
        plugin = kubelet.plugin(ENCLAVES)
        program = self.host / "glovebox"
        program.rename(self.host / "kept")
        plugin.wait_for(lambda known: set(known.devices.values()) == {"Unhealthy"})
        self.assertEqual(len(plugin.devices), 4)
        said = self.assertRefused(grpc.StatusCode.FAILED_PRECONDITION, plugin.allocate, ["nitro_enclaves_0"])
        self.assertIn("glovebox: No such file or directory", said)
        (self.host / "kept").rename(program)
        plugin.wait_for(lambda known: set(known.devices.values()) == {"Healthy"})
        self.assertEqual(len(plugin.allocate(["nitro_enclaves_0"])), 1)

    def test_are_unhealthy_while_others_may_change_the_program(self):
        kubelet = self.kubelet()
        self.start()
        plugin = kubelet.plugin(ENCLAVES)
        (self.host / "glovebox").chmod(0o757)
        plugin.wait_for(lambda known: set(known.devices.values()) == {"Unhealthy"})


class Allocation(Case):
    def setUp(self):
        super().setUp()
        self.process = self.start("--cpus", "4", environment={"ENCLAVE_CPU_ADVERTISEMENT": "true"})
        kubelet = self.kubelet(deletes=False)
        self.enclaves = kubelet.plugin(ENCLAVES)
        self.cpus = kubelet.plugin(CPUS)

    def test_is_the_program_read_only_and_a_device_that_does_nothing(self):
        answer, = self.enclaves.allocate(["nitro_enclaves_3"])
        program = str(self.host / "glovebox")
        self.assertEqual([(mount.container_path, mount.host_path, mount.read_only) for mount in answer.mounts],
                         [(f"/usr/bin/{name}", program, True) for name in ("glovebox", "nitro-cli", "vsock-proxy")])
        self.assertEqual([(device.container_path, device.host_path, device.permissions) for device in answer.devices],
                         [("/dev/nitro_enclaves", "/dev/null", "rw")])
        self.assertEqual(dict(answer.envs), {"GLOVEBOX_TRANSPORT": "unix"})
        self.assertEqual(Path(program).read_bytes(), Path(STATIC_PROGRAM).read_bytes())
        self.assertEqual(os.stat(program).st_mode & 0o7777, 0o755)

    def test_of_cpus_is_their_number(self):
        answer, = self.cpus.allocate(["nitro_enclaves_cpus_0", "nitro_enclaves_cpus_3"])
        self.assertEqual(dict(answer.envs), {"NITRO_ENCLAVES_CPUS": "2"})
        self.assertEqual(len(answer.mounts) + len(answer.devices), 0)

    def test_of_several_containers_has_an_answer_for_each(self):
        answers = self.enclaves.allocate(["nitro_enclaves_0"], ["nitro_enclaves_1", "nitro_enclaves_2"])
        self.assertEqual(len(answers), 2)
        self.assertEqual(answers[0], answers[1])

    def test_beyond_the_devices_is_refused_as_a_whole(self):
        for wrong in (["nitro_enclaves_4"], ["nitro_enclaves_0", "nitro_enclaves_0"], [], ["nitro_enclaves_cpus_0"], [""]):
            with self.subTest(wrong=wrong):
                self.assertRefused(grpc.StatusCode.INVALID_ARGUMENT, self.enclaves.allocate, ["nitro_enclaves_1"], wrong)
        self.process.wait_for("no devices of aws.ec2.nitro/nitro_enclaves for a container: aws.ec2.nitro/nitro_enclaves has no device "
                              "\"nitro_enclaves_4\"")

    def test_prefers_the_lowest_numbers(self):
        available = ["nitro_enclaves_3", "nitro_enclaves_1", "nitro_enclaves_2"]
        self.assertEqual(self.enclaves.prefer(available, [], 2), ["nitro_enclaves_1", "nitro_enclaves_2"])
        self.assertEqual(self.enclaves.prefer(available, ["nitro_enclaves_3"], 2), ["nitro_enclaves_3", "nitro_enclaves_1"])
        self.assertRefused(grpc.StatusCode.INVALID_ARGUMENT, self.enclaves.prefer, available, [], 4)

    def test_needs_nothing_before_a_container_starts(self):
        self.assertEqual(self.enclaves.pre_start(["nitro_enclaves_0"]), API.PreStartContainerResponse())

    def test_goes_on_after_requests_that_are_no_messages(self):
        call = self.enclaves.channel.unary_unary("/v1beta1.DevicePlugin/Allocate")
        for wrong in (b"\xff" * 100, b"\x0a\xff\xff\xff\xff\x0f"):
            with self.assertRaises(grpc.RpcError):
                call(wrong, timeout=PATIENCE)
        self.assertRefused(grpc.StatusCode.UNIMPLEMENTED, self.enclaves.channel.unary_unary("/v1beta1.DevicePlugin/None"), b"")
        # A peer that speaks no gRPC at all.
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(PATIENCE)
            peer.connect(str(self.folder / "nitro_enclaves.sock"))
            peer.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
            while peer.recv(4096):
                pass
        self.assertEqual(len(self.enclaves.allocate(["nitro_enclaves_0"])), 1)

    def test_keeps_no_descriptor_of_watchers_that_have_gone(self):
        before = open_descriptors(self.process.process.pid)
        path = str(self.folder / "nitro_enclaves.sock")
        for _ in range(50):
            with grpc.insecure_channel(f"unix:{path}", options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
                lists = channel.unary_stream("/v1beta1.DevicePlugin/ListAndWatch", request_serializer=API.Empty.SerializeToString,
                                             response_deserializer=API.ListAndWatchResponse.FromString)(API.Empty(), timeout=PATIENCE)
                self.assertEqual(len(next(iter(lists)).devices), 4)
                lists.cancel()
        wait_until(lambda: open_descriptors(self.process.process.pid) <= before, "descriptors of clients that have gone stay open")


class Lives(Case):
    """Who starts, ends and starts again when."""

    def test_a_kubelet_that_starts_later_is_waited_for(self):
        plugin = self.start(ready="is missing: waiting for the kubelet")
        self.assertEqual(self.sockets(), ["nitro_enclaves.sock"])
        self.kubelet().plugin(ENCLAVES)
        plugin.wait_for("the kubelet knows of")

    def test_a_kubelet_that_starts_again_gets_the_devices_anew(self):
        first = self.kubelet()
        plugin = self.start(environment={"ENCLAVE_CPU_ADVERTISEMENT": "true"})
        for resource in (ENCLAVES, CPUS):
            first.plugin(resource)
        for times in range(1, 4):
            first.stop()
            # It deletes the plugin's sockets, as the kubelet does.
            first = self.kubelet()
            for resource in (ENCLAVES, CPUS):
                self.assertEqual(set(first.plugin(resource).devices.values()), {"Healthy"})
            self.assertEqual(len(first.plugin(ENCLAVES).allocate(["nitro_enclaves_0"])), 1)
        self.assertIsNone(plugin.process.poll())

    def test_a_kubelet_that_starts_again_and_leaves_the_sockets(self):
        first = self.kubelet()
        self.start()
        first.plugin(ENCLAVES)
        first.stop()
        self.assertEqual(len(self.kubelet(deletes=False).plugin(ENCLAVES).devices), 4)

    def test_a_socket_that_somebody_deletes_is_made_again(self):
        self.kubelet()
        self.start(ready="the kubelet knows of")
        (self.folder / "nitro_enclaves.sock").unlink()
        wait_until(lambda: "nitro_enclaves.sock" in self.sockets(), "the socket is missing")

    def test_a_kubelet_that_refuses_ends_the_plugin(self):
        self.kubelet(refusal="requested API version \"v1beta1\" is not supported by kubelet")
        plugin = self.start(ready=None)
        self.ended(plugin, "the kubelet refuses aws.ec2.nitro/nitro_enclaves: requested API version")
        self.assertEqual(self.sockets(), ["kubelet.sock"])

    def test_a_kubelet_that_does_not_answer_is_asked_again(self):
        # The socket of a kubelet that has ended.
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(str(self.folder / "kubelet.sock"))
        plugin = self.start(ready="the next try is in 1 s")
        plugin.wait_for("the next try is in 2 s")
        self.kubelet().plugin(ENCLAVES)
        self.assertIsNone(plugin.process.poll())

    def test_a_kubelet_that_speaks_no_grpc_is_asked_again(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / "kubelet.sock"))
        listener.listen()

        def answer():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                peer.close()
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        self.addCleanup(thread.join, PATIENCE)
        self.addCleanup(listener.close)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        plugin = self.start(ready="the kubelet does not answer")
        self.kubelet().plugin(ENCLAVES)
        self.assertIsNone(plugin.process.poll())

    def test_a_kubelet_that_hangs_holds_nothing_up(self):
        with socket.socket(socket.AF_UNIX) as hanging:
            hanging.bind(str(self.folder / "kubelet.sock"))
            hanging.listen()
            plugin = self.start()
            peer, _ = hanging.accept()
            with peer:
                # Somebody else's call is answered, and a signal too.
                channel = grpc.insecure_channel(f"unix:{self.folder}/nitro_enclaves.sock")
                self.addCleanup(channel.close)
                options = channel.unary_unary("/v1beta1.DevicePlugin/GetDevicePluginOptions",
                                              response_deserializer=API.DevicePluginOptions.FromString)(b"", timeout=PATIENCE)
                self.assertTrue(options.get_preferred_allocation_available)
                self.assertEqual(plugin.stop(), 0)

    def test_a_plugin_that_is_killed_is_followed_by_the_next(self):
        kubelet = self.kubelet()
        killed = self.start()
        plugin = kubelet.plugin(ENCLAVES)
        killed.kill()
        plugin.wait_for(lambda known: known.end is not None)
        self.assertEqual(plugin.end, grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(self.sockets(), ["kubelet.sock", "nitro_enclaves.sock"])
        self.start()
        self.assertEqual(len(kubelet.plugin(ENCLAVES, times=2).devices), 4)

    def test_a_second_plugin_ends_and_the_first_goes_on(self):
        kubelet = self.kubelet()
        self.start()
        plugin = kubelet.plugin(ENCLAVES)
        inode = (self.host / "glovebox").stat().st_ino
        self.ended(self.start(ready=None), "a running device plugin listens there already")
        self.assertEqual(len(plugin.allocate(["nitro_enclaves_0"])), 1)
        self.assertIsNone(plugin.end)
        self.assertEqual((self.host / "glovebox").stat().st_ino, inode)

    def test_a_plugin_whose_place_is_taken_ends_and_leaves_the_place(self):
        self.kubelet()
        plugin = self.start(ready="the kubelet knows of")
        with socket.socket(socket.AF_UNIX) as other:
            path = str(self.folder / "other.sock")
            other.bind(path)
            other.listen()
            os.rename(path, self.folder / "nitro_enclaves.sock")
            self.ended(plugin, "another device plugin has taken this name")
            self.assertIn("nitro_enclaves.sock", self.sockets())

    def test_signals_end_it_and_its_calls(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number):
                kubelet = self.kubelet()
                process = self.start()
                plugin = kubelet.plugin(ENCLAVES)
                self.assertEqual(process.stop(number), 0)
                plugin.wait_for(lambda known: known.end is not None)
                self.assertEqual(plugin.end, grpc.StatusCode.OK)
                self.assertEqual(self.sockets(), ["kubelet.sock"])
                kubelet.stop()

    def test_a_folder_that_is_gone_ends_the_plugin(self):
        plugin = self.start()
        self.folder.rename(self.folder.parent / "elsewhere")
        self.ended(plugin, "--kubelet-folder: ", "the kubelet's folder was removed or renamed")
        self.ended(self.start(ready=None), f"--kubelet-folder: {self.folder}: No such file or directory. The kubelet makes this folder")


class Starts(Case):
    def test_a_program_that_containers_cannot_run_is_refused_before_anything_is_served(self):
        for program, said in (("/usr/bin/python3", "--program: /usr/bin/python3 needs /lib"),
                              ("/nonexistent/glovebox", "--program: /nonexistent/glovebox: No such file or directory")):
            with self.subTest(program=program):
                plugin = self.start(program=program, ready=None)
                self.ended(plugin, said)
                self.assertEqual(plugin.lines[1:], ["(ended)"])
                self.assertFalse(self.host.exists())
                self.assertEqual(self.sockets(), [])

    def test_a_folder_for_the_program_that_others_may_change_is_refused_before_the_kubelet_hears_of_it(self):
        kubelet = self.kubelet()
        self.host.mkdir()
        self.host.chmod(0o777)
        plugin = self.start(ready=None)
        self.ended(plugin, f"--host-folder: {self.host}: others may change it")
        self.assertEqual(plugin.lines[1:], ["(ended)"])
        self.assertEqual(kubelet.registered, [])

    def test_a_folder_that_is_too_deep_for_a_socket_is_named_with_its_option(self):
        self.folder = self.folder / ("deep" * 25)
        self.folder.mkdir()
        self.ended(self.start(ready=None), f"--kubelet-folder: {self.folder}/nitro_enclaves.sock: File name too long")

    def test_the_word_help_is_the_option(self):
        asked = [subprocess.run([PLUGIN, word], capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
                 for word in ("help", "--help")]
        self.assertIn("--kubelet-folder DIR", asked[0])
        self.assertEqual(*asked)

    def test_the_log_is_json_on_request(self):
        self.kubelet()
        plugin = self.start("--log-json", ready="\"event\":\"registered\"")
        self.assertEqual(plugin.stop(), 0)
        lines = [json.loads(line) for line in plugin.lines if line != "(ended)"]
        self.assertEqual({line["component"] for line in lines}, {"device-plugin"})
        self.assertEqual(lines[-1]["event"], "end")

    def test_a_start_that_fails_is_json_too(self):
        plugin = self.start("--log-json", program="/nonexistent/glovebox", ready=None)
        self.assertEqual(plugin.process.wait(PATIENCE), 1)
        line = json.loads(plugin.wait_for("nonexistent"))
        self.assertEqual({name: line[name] for name in ("level", "component", "event", "message")},
                         {"level": "error", "component": "glovebox-device-plugin", "event": "failed",
                          "message": "--program: /nonexistent/glovebox: No such file or directory"})


if __name__ == "__main__":
    PLUGIN = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
