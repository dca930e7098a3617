# SPDX-License-Identifier: Apache-2.0
"""A compose.yaml as options of podman. A key that is not known here is an error, so that nothing in the file goes untested."""

KNOWN = {"image", "user", "cap_drop", "environment", "volumes", "security_opt", "command", "ports", "network_mode", "depends_on"}


class Compose:
    def __init__(self, path):
        import yaml  # of python3-yaml, which the suite runs without too

        self.folder = path.parent
        self.content = yaml.safe_load(path.read_text())
        self.services = self.content["services"]
        for name, service in self.services.items():
            if unknown := service.keys() - KNOWN:
                raise AssertionError(f"{path}: service {name} has keys that the test does not know: {sorted(unknown)}")

    def in_order(self):
        """The services' names, each after those that it depends on."""
        done = []
        while left := [name for name in self.services if name not in done]:
            ready = [name for name in left if set(self.services[name].get("depends_on", [])) <= set(done)]
            if not ready:
                raise AssertionError(f"these services wait for each other: {left}")
            done += ready
        return done

    def options(self, name, prefix):
        """podman's options for one service; volumes and containers begin with the prefix."""
        service = self.services[name]
        options = []
        for key, value in service.get("environment", {}).items():
            options += ["--env", f"{key}={value}"]
        for volume in service.get("volumes", []):
            source, target = volume.split(":")
            options += ["--volume", f"{prefix}{source}:{target}" if source in self.content["volumes"]
                        else f"{(self.folder / source).resolve()}:{target}"]
        for dropped in service.get("cap_drop", []):
            options += ["--cap-drop", dropped.lower()]
        if "user" in service:
            options += ["--user", service["user"]]
        for option in service.get("security_opt", []):
            kind, value = option.split("=", 1)
            if kind == "seccomp" and value != "unconfined":
                value = (self.folder / value).resolve()
            options += ["--security-opt", "unmask=ALL" if option == "systempaths=unconfined" else f"{kind}={value}"]
        # A port of the host would need a network: the test is a client inside.
        mode = service.get("network_mode", "none")
        return [*options, "--network", mode.replace("service:", f"container:{prefix}", 1)]
