#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_wire.py [CASE...]: bench/wire_core.py on packets made here and on a recorded conversation.

The recording is one crawl of cqlcrawl against a Cassandra 5.0.9 without user keyspaces, by
`bench/wire --record`: v5, lz4, each packet behind its length in four bytes.
"""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import wire_core  # noqa: E402

SERVER, CLIENT, PORT = "127.0.0.9", "127.0.0.1", 9042
SYN, ACK = 2, 16
OPTIONS, STARTUP, QUERY, REGISTER = 5, 1, 7, 11
SUPPORTED, READY, RESULT, EVENT, ERROR = 6, 2, 8, 12, 0


def four(address):
    return bytes(int(part) for part in address.split("."))


def tcp(source, destination, sequence, data=b"", flags=ACK):
    """An IPv4 packet; an address is (text, port)"""
    segment = (source[1].to_bytes(2, "big") + destination[1].to_bytes(2, "big")
               + sequence.to_bytes(4, "big") + bytes(4) + bytes([5 << 4, flags]) + bytes(6) + data)
    head = bytes([0x45, 0]) + (20 + len(segment)).to_bytes(2, "big") + bytes(5) + bytes([6, 0, 0])
    return head + four(source[0]) + four(destination[0]) + segment


def envelope(opcode, body=b"", version=4, flags=0, answer=False):
    return (bytes([version | (0x80 if answer else 0), flags, 0, 1, opcode])
            + len(body).to_bytes(4, "big") + body)


def query(text, version=4):
    body = len(text).to_bytes(4, "big") + text.encode() + b"\0\1\0"
    return envelope(QUERY, body, version)


def startup(lz4=False, version=4):
    return envelope(STARTUP, b"\0\1\0\x0bCOMPRESSION\0\3lz4" if lz4 else b"\0\0", version)


def segment(payload, plain=None):
    """A v5 segment; with `plain`, of lz4, whose payload says how long it was (0: stored)"""
    if plain is None:
        return (len(payload) | 1 << 17).to_bytes(3, "little") + bytes(3) + payload + bytes(4)
    bits = len(payload) | plain << 17 | 1 << 34
    return bits.to_bytes(5, "little") + bytes(3) + payload + bytes(4)


class Peer:
    """A connection from its SYN on, both sequence numbers near where they wrap."""

    def __init__(self, wire, port=40000, server=SERVER):
        self.wire, self.client, self.server = wire, (CLIENT, port), (server, PORT)
        self.next = {"out": 0xfffffff0, "in": 0xffffff00}
        self.send("out", b"", SYN)
        self.send("in", b"", SYN | ACK)

    def packet(self, way, data, flags=ACK):
        ends = (self.client, self.server) if way == "out" else (self.server, self.client)
        made = tcp(*ends, self.next[way], data, flags)
        self.next[way] = (self.next[way] + len(data) + (flags & SYN > 0)) % (1 << 32)
        return made

    def send(self, way, data, flags=ACK):
        self.wire.packet(self.packet(way, data, flags))

    def ask(self, data):
        self.send("out", data)

    def answer(self, opcode, version=4, body=b""):
        self.send("in", envelope(opcode, body, version, answer=True))


class Envelopes(unittest.TestCase):
    def setUp(self):
        self.wire = wire_core.Wire(SERVER, PORT)
        self.peer = Peer(self.wire)

    def handshake(self, lz4=False, version=4):
        self.peer.ask(envelope(OPTIONS, version=version))
        self.peer.answer(SUPPORTED, version)
        self.peer.ask(startup(lz4, version))
        self.peer.answer(READY, version)

    def test_counts(self):
        self.handshake()
        self.peer.ask(query("SELECT a  FROM b") + query("SELECT c FROM d"))
        self.peer.answer(RESULT, body=bytes(100))
        self.peer.answer(RESULT)
        counts = self.wire.counts()
        self.assertEqual(counts["requests_by_opcode"], {"OPTIONS": 1, "STARTUP": 1, "QUERY": 2})
        self.assertEqual(counts["responses_by_opcode"], {"SUPPORTED": 1, "READY": 1, "RESULT": 2})
        self.assertEqual((counts["requests"], counts["connections"], counts["waits"]), (4, 1, 3))
        self.assertEqual(counts["bytes_in"], 4 * 9 + 100)
        self.assertEqual(counts["versions"], {"v4": 1})
        self.assertEqual(self.wire.queries, {"SELECT a FROM b": 1, "SELECT c FROM d": 1})

    def test_one_byte_at_a_time(self):
        self.handshake()
        for byte in query("SELECT a FROM b"):
            self.peer.ask(bytes([byte]))
        self.assertEqual(self.wire.counts()["requests_by_opcode"]["QUERY"], 1)

    def test_late_and_twice(self):
        self.handshake()
        before = self.wire.counts()["bytes_out"]
        text = query("SELECT a FROM b")
        parts = [self.peer.packet("out", text[:10]), self.peer.packet("out", text[10:20]),
                 self.peer.packet("out", text[20:])]
        for one in (parts[2], parts[0], parts[0], parts[1], parts[2], parts[1]):
            self.wire.packet(one)
        counts = self.wire.counts()
        self.assertEqual(counts["requests_by_opcode"]["QUERY"], 1)
        self.assertEqual(counts["bytes_out"] - before, len(text))

    def test_overlap(self):
        self.handshake()
        text = query("SELECT a FROM b")
        whole = self.peer.packet("out", text)
        self.wire.packet(whole[:2] + (40 + 12).to_bytes(2, "big") + whole[4:40 + 12])
        self.wire.packet(whole)
        self.assertEqual(self.wire.counts()["requests_by_opcode"]["QUERY"], 1)

    def test_an_event_is_no_wait(self):
        self.handshake()
        self.peer.ask(query("SELECT a FROM b"))
        self.peer.answer(EVENT)
        self.peer.ask(query("SELECT c FROM d"))
        self.assertEqual(self.wire.counts()["waits"], 3)

    def test_all_connections_are_one_conversation(self):
        other = Peer(self.wire, 40001)
        self.handshake()
        for peer in (self.peer, other):
            peer.ask(query("SELECT a FROM b"))
        for peer in (self.peer, other):
            peer.answer(RESULT)
        counts = self.wire.counts()
        self.assertEqual((counts["connections"], counts["waits"]), (2, 3))

    def test_others_are_not_counted(self):
        self.handshake()
        Peer(self.wire, 40001, "127.0.0.8").ask(query("SELECT a FROM b"))
        self.wire.packet(tcp((CLIENT, 40002), (SERVER, PORT), 7, query("SELECT c FROM d")))
        counts = self.wire.counts()
        self.assertEqual((counts["connections"], counts["requests"]), (1, 2))

    def test_a_whole_net(self):
        self.wire = wire_core.Wire(SERVER, PORT, 24)
        for number, server in enumerate(("127.0.0.8", "127.0.0.9", "127.0.1.9")):
            Peer(self.wire, 40000 + number, server)
        self.assertEqual(self.wire.counts()["connections"], 2)

    def test_v5(self):
        self.handshake(version=5)
        asked = query("SELECT a FROM b", 5) + query("SELECT c FROM d", 5)
        self.peer.ask(segment(asked[:30]) + segment(asked[30:]))
        self.peer.send("in", segment(envelope(RESULT, bytes(9), 5, answer=True)))
        counts = self.wire.counts()
        self.assertEqual(counts["requests_by_opcode"]["QUERY"], 2)
        self.assertEqual(counts["responses_by_opcode"]["RESULT"], 1)
        self.assertEqual((counts["versions"], counts["damaged"]), ({"v5": 1}, []))

    def test_v5_lz4(self):
        self.handshake(True, 5)
        self.peer.ask(segment(query("SELECT a FROM b", 5), 0))
        body = envelope(RESULT, b"\1\2\3" * 100, 5, answer=True)
        # 12 literals, then 297 bytes from three before
        block = bytes([0xcf]) + body[:12] + b"\3\0" + bytes([255, 297 - 4 - 15 - 255])
        self.peer.send("in", segment(block, len(body)))
        counts = self.wire.counts()
        self.assertEqual(counts["damaged"], [])
        self.assertEqual(counts["responses_by_opcode"]["RESULT"], 1)
        self.assertEqual(counts["versions"], {"v5+lz4": 1})

    def test_a_refused_version(self):
        self.peer.ask(envelope(OPTIONS, version=66))
        self.peer.answer(ERROR, 5)
        self.assertEqual(self.wire.counts()["versions"], {"v66": 1})

    def test_tls_is_bytes(self):
        self.peer.ask(b"\x16\3\1" + bytes(200))
        counts = self.wire.counts()
        self.assertEqual((counts["opaque"], counts["bytes_out"], counts["requests"]), (1, 203, 0))

    def test_no_cql(self):
        self.peer.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.peer.ask(b"more")
        counts = self.wire.counts()
        self.assertEqual((counts["requests"], counts["opaque"], len(counts["damaged"])), (0, 1, 1))


class Lz4(unittest.TestCase):
    def test_damaged(self):
        for block, size in ((b"\x10", 1), (b"\x10a\5\0", 5), (b"\x10a\0\0", 5), (b"\x20ab", 3),
                            (b"\xf0\xff", 9)):
            with self.assertRaises(wire_core.Damaged, msg=block):
                wire_core.lz4_block(block, size)

    def test_literals(self):
        self.assertEqual(wire_core.lz4_block(b"\xf0\3" + b"x" * 18, 18), b"x" * 18)


class Recorded(unittest.TestCase):
    def packets(self):
        data, at = (ROOT / "tests/data/wire/5.0.9-v5-lz4.packets").read_bytes(), 0
        while at < len(data):
            size = int.from_bytes(data[at:at + 4], "big")
            yield data[at + 4:at + 4 + size]
            at += 4 + size

    def test_a_crawl(self):
        wire = wire_core.Wire("127.88.0.4", 9042)
        for packet in self.packets():
            wire.packet(packet)
        counts = wire.counts()
        self.assertEqual((counts["damaged"], counts["opaque"]), ([], 0))
        self.assertEqual((counts["connections"], counts["requests"], counts["waits"]), (1, 20, 5))
        self.assertEqual(counts["requests_by_opcode"], {"OPTIONS": 1, "STARTUP": 1, "QUERY": 18})
        self.assertEqual(counts["responses_by_opcode"], {"SUPPORTED": 1, "READY": 1, "RESULT": 18})
        self.assertEqual((counts["bytes_out"], counts["bytes_in"]), (1514, 24592))
        self.assertEqual(wire.queries["SELECT * FROM system_schema.columns"], 1)


if __name__ == "__main__":
    unittest.main()
