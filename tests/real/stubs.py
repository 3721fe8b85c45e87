# SPDX-License-Identifier: Apache-2.0
"""Things that are not a Cassandra: what a wrong port answers with, on loopback addresses.

Each stub is a context manager with .address and .port and counts the connections it got.
"""
import socket
import ssl
import struct
import threading

RESPONSE_V4, FLAGS = 0x84, 0
AUTHENTICATE, SUPPORTED, OPTIONS, STARTUP, AUTH_RESPONSE = 0x03, 0x06, 0x05, 0x01, 0x0F
HEADER = 9
HTTP_ANSWER = (b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 11\r\n"
               b"Connection: close\r\n\r\nBad Request")
SSH_BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"


class Stub:
    """Accepts and hands each connection to serve() on a thread of its own."""

    def __init__(self, address, port=9042):
        self.address, self.port, self.connections = address, port, 0
        self.open, self.threads = [], []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(64)

    @property
    def target(self):
        return f"{self.address}:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for one in [self.listener, *self.open]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            threading.Thread(target=self.guarded, args=(connection,), daemon=True).start()

    def guarded(self, connection):
        try:
            self.serve(connection)
        except (OSError, ssl.SSLError):
            pass

    def serve(self, connection):
        """Silent: takes everything, answers nothing."""
        while connection.recv(65536):
            pass


class Http(Stub):
    def serve(self, connection):
        connection.recv(65536)
        connection.sendall(HTTP_ANSWER)
        connection.close()


class Ssh(Stub):
    def serve(self, connection):
        connection.sendall(SSH_BANNER)
        super().serve(connection)


class Full(Stub):
    """An address that does not even answer the SYN: the listener's queue is full for good."""

    def __init__(self, address, port=9042):
        super().__init__(address, port)
        self.listener.listen(0)
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((address, port))
            self.fillers.append(filler)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for filler in self.fillers:
            filler.close()
        self.listener.close()


def answer(stream, opcode, body):
    return struct.pack(">BBhBi", RESPONSE_V4, FLAGS, stream, opcode, len(body)) + body


def strings(*texts):
    return b"".join(struct.pack(">H", len(text)) + text.encode() for text in texts)


def exactly(connection, count):
    out = b""
    while len(out) < count:
        more = connection.recv(count - len(out))
        if not more:
            raise OSError("closed")
        out += more
    return out


class Login(Stub):
    """Speaks CQL v4 as far as the login and is silent once it has the password. `token` is what
    it got. With certificate and key it does so over TLS."""

    def __init__(self, address, port=9042, certificate=None, key=None):
        super().__init__(address, port)
        self.token, self.got = None, threading.Event()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate, key)

    def serve(self, connection):
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
            self.open.append(connection)
        while True:
            _, _, stream, opcode, length = struct.unpack(">BBhBi", exactly(connection, HEADER))
            body = exactly(connection, length)
            if opcode == OPTIONS:
                supported = struct.pack(">H", 2) + strings("CQL_VERSION") + struct.pack(">H", 1) \
                    + strings("3.4.4") + strings("COMPRESSION") + struct.pack(">H", 0)
                connection.sendall(answer(stream, SUPPORTED, supported))
            elif opcode == STARTUP:
                connection.sendall(answer(stream, AUTHENTICATE, strings(
                    "org.apache.cassandra.auth.PasswordAuthenticator")))
            elif opcode == AUTH_RESPONSE:
                self.token = body[4:]
                self.got.set()


def closed_port(address):
    """A port of that address where nothing listens"""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]
