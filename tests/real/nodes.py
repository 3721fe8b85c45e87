# SPDX-License-Identifier: Apache-2.0
"""Real servers of one run: started by `server`, stopped by pid, whatever happens."""
import pathlib
import shutil
import subprocess

import fixtures
import rows

HERE = pathlib.Path(__file__).resolve().parent
SUPERUSER = "cassandra"


class Node:
    def __init__(self, version, address, folder, options):
        self.version, self.address, self.folder, self.options = version, address, folder, options
        self.pid = None

    def access(self, **more):
        return rows.Access(self.address, self.version, **more)


class Nodes:
    """Starts nodes below one folder; a context manager that stops them all."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = []
        self._ca = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for node in list(self.running):
            self.stop(node)

    @property
    def ca(self):
        if self._ca is None:
            self._ca = self.folder / "ca"
            subprocess.run([HERE / "certs", "ca", self._ca], check=True)
        return self._ca

    def begin(self, version, address, *options):
        """Starts without waiting; `ready` waits."""
        folder = self.folder / f"{version}-{address}"
        shutil.rmtree(folder, ignore_errors=True)
        extra = ["--ca", self.ca] if "--tls" in options or "--mtls" in options else []
        done = subprocess.run(
            [HERE / "server", "start", version, folder, address, "--fast", "--no-wait",
             *options, *extra], check=True, stdout=subprocess.PIPE, text=True)
        node = Node(version, address, folder, options)
        node.pid = int(done.stdout)
        self.running.append(node)
        return node

    def ready(self, node):
        done = subprocess.run([HERE / "server", "wait", node.folder], stderr=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{node.version} on {node.address}: {done.stderr[-600:]}")
        return node

    def start(self, version, address, *options):
        return self.ready(self.begin(version, address, *options))

    def stop(self, node):
        subprocess.run([HERE / "server", "stop", "--now", str(node.pid)], check=False)
        if node in self.running:
            self.running.remove(node)

    def drop(self, node):
        """Stops it and removes its data; the log stays until the run ends well."""
        self.stop(node)
        for name in ("data", "commitlog", "tmp"):
            shutil.rmtree(node.folder / name, ignore_errors=True)


def load_fixtures(access, only=None):
    cluster, session = rows.connect(access, metadata=False)
    try:
        return fixtures.load(session, access.version, only)
    finally:
        cluster.shutdown()


def execute(access, *statements):
    cluster, session = rows.connect(access, metadata=False)
    try:
        for statement in statements:
            session.execute(statement, timeout=rows.TIMEOUT_S)
    finally:
        cluster.shutdown()
