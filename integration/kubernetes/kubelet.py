# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the kubelet's device manager: its Registration service at kubelet.sock, and what it asks plugins, over the
real protocol.

As the kubelet does, it deletes the sockets of its folder when it starts, calls a plugin back before it answers Register, and keeps
one ListAndWatch open to each. Its messages are made from the plugin's own v1beta1.proto.
"""

import concurrent.futures
import importlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PROTO = Path(__file__).resolve().parent.parent.parent / "sim/device_plugin/v1beta1.proto"
PATIENCE = 30
INSTALL = "ci/setup kubernetes installs it"

try:
    import grpc
    from google import protobuf
except ImportError as failure:
    grpc = protobuf = None
    MISSING = f"{failure}: {INSTALL}"
else:
    MISSING = "" if shutil.which("protoc") else f"protoc is missing: {INSTALL}"


def messages():
    """The module of the API's messages."""
    with tempfile.TemporaryDirectory(prefix="gb-") as folder:
        subprocess.run(["protoc", f"--proto_path={PROTO.parent}", f"--python_out={folder}", PROTO.name], check=True)
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("v1beta1_pb2")
        finally:
            sys.path.remove(folder)


class Plugin:
    """A plugin's socket, with the calls of DevicePlugin; `watch` keeps what ListAndWatch says."""

    def __init__(self, api, path):
        self.api = api
        self.channel = grpc.insecure_channel(f"unix:{path}", options=[("grpc.use_local_subchannel_pool", 1)])
        self.devices = None  # {id: health}, once the first list is here
        self.lists = 0
        self.end = None  # the status with which ListAndWatch has ended
        self._news = threading.Condition()

    def call(self, name, request, answer, timeout=PATIENCE):
        return self.channel.unary_unary(f"/v1beta1.DevicePlugin/{name}", request_serializer=lambda message: message.SerializeToString(),
                                        response_deserializer=answer.FromString)(request, timeout=timeout)

    def options(self):
        return self.call("GetDevicePluginOptions", self.api.Empty(), self.api.DevicePluginOptions)

    def allocate(self, *containers):
        """One answer for each container's devices."""
        request = self.api.AllocateRequest()
        for devices in containers:
            request.container_requests.add(devicesIDs=devices)
        return self.call("Allocate", request, self.api.AllocateResponse).container_responses

    def prefer(self, available, required, size):
        request = self.api.PreferredAllocationRequest()
        request.container_requests.add(available_deviceIDs=available, must_include_deviceIDs=required, allocation_size=size)
        return list(self.call("GetPreferredAllocation", request, self.api.PreferredAllocationResponse).container_responses[0].deviceIDs)

    def pre_start(self, devices):
        return self.call("PreStartContainer", self.api.PreStartContainerRequest(devicesIDs=devices), self.api.PreStartContainerResponse)

    def open_list(self):
        """A further ListAndWatch, as gRPC's call object."""
        return self.channel.unary_stream("/v1beta1.DevicePlugin/ListAndWatch", request_serializer=self.api.Empty.SerializeToString,
                                         response_deserializer=self.api.ListAndWatchResponse.FromString)(self.api.Empty(), wait_for_ready=True,
                                                                                                        timeout=600)

    def watch(self):
        lists = self.open_list()
        threading.Thread(target=self._read, args=(lists,), daemon=True).start()
        return lists

    def _read(self, lists):
        try:
            for answer in lists:
                with self._news:
                    self.devices = {device.ID: device.health for device in answer.devices}
                    self.lists += 1
                    self._news.notify_all()
        except grpc.RpcError as error:
            end = error.code()
        else:
            end = lists.code()
        with self._news:
            self.end = end
            self._news.notify_all()

    def wait_for(self, condition):
        with self._news:
            if not self._news.wait_for(lambda: condition(self), PATIENCE):
                raise AssertionError(f"devices {self.devices}, {self.lists} lists, end {self.end}")


class Kubelet:
    """With `folder` of kubelet.sock. `refusal`: with which words Register fails; `deletes`: whether sockets are deleted at the start."""

    def __init__(self, api, folder, refusal=None, deletes=True):
        self.api = api
        self.folder = Path(folder)
        self.refusal = refusal
        self.registered = []  # (resource, Plugin) in the order of the calls
        self._news = threading.Condition()
        if deletes:
            for path in self.folder.iterdir():
                if stat.S_ISSOCK(path.lstat().st_mode):
                    path.unlink()
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("v1beta1.Registration", {
            "Register": grpc.unary_unary_rpc_method_handler(self._register, request_deserializer=api.RegisterRequest.FromString,
                                                            response_serializer=api.Empty.SerializeToString)}),))
        self._server.add_insecure_port(f"unix:{self.folder}/kubelet.sock")
        self._server.start()

    def _register(self, request, context):
        if self.refusal or request.version != "v1beta1":
            context.abort(grpc.StatusCode.UNKNOWN, self.refusal or f"version {request.version} is not supported")
        plugin = Plugin(self.api, self.folder / request.endpoint)
        plugin.registered_options = request.options
        # The kubelet's dial blocks until the plugin has accepted.
        grpc.channel_ready_future(plugin.channel).result(10)
        plugin.watch()
        with self._news:
            self.registered.append((request.resource_name, plugin))
            self._news.notify_all()
        return self.api.Empty()

    def plugin(self, resource, times=1):
        """The plugin that has registered the resource, the so many-th time; its devices are known."""
        def found():
            return [plugin for name, plugin in self.registered if name == resource]
        with self._news:
            if not self._news.wait_for(lambda: len(found()) >= times, PATIENCE):
                raise AssertionError(f"{resource} was registered {len(found())} times, not {times}")
        plugin = found()[times - 1]
        plugin.wait_for(lambda known: known.devices is not None or known.end is not None)
        return plugin

    def stop(self):
        for _, plugin in self.registered:
            plugin.channel.close()
        self._server.stop(None).wait(PATIENCE)


def open_descriptors(process):
    return len(os.listdir(f"/proc/{process}/fd"))


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.02)
