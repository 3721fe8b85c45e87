# SPDX-License-Identifier: Apache-2.0
"""CQL conversations out of IPv4 packets: counts, and nothing but counts.

`Wire(address, port).packet(bytes)` takes every packet in the order in which it was seen; `.counts()`
gives what a server's own log could say: connections, requests and responses by opcode, waits,
bytes each way. Only conversations whose SYN was seen are read. Protocol v3 and v4 (envelopes), v5
(segments, plain or lz4: native_protocol_v5.spec section 2). TLS is counted in bytes alone.

A wait is a burst of requests: everything asked before had been answered in part, and more came. All
connections count as one conversation, in the order of time, as a program waits on all of them.
"""
import collections
import ipaddress

OPCODES = {0: "ERROR", 1: "STARTUP", 2: "READY", 3: "AUTHENTICATE", 5: "OPTIONS", 6: "SUPPORTED",
           7: "QUERY", 8: "RESULT", 9: "PREPARE", 10: "EXECUTE", 11: "REGISTER", 12: "EVENT",
           13: "BATCH", 14: "AUTH_CHALLENGE", 15: "AUTH_RESPONSE", 16: "AUTH_SUCCESS"}
STARTUP, QUERY, PREPARE, EVENT = 1, 7, 9, 12
SWITCHES = {"out": (STARTUP,), "in": (2, 3)}  # after these, v5 is in segments
COMPRESSED, HEADER, SYN, ACK, TCP = 1, 9, 2, 16, 6
HALF, WHOLE = 1 << 31, 1 << 32
TLS_HANDSHAKE = 0x16


class Damaged(Exception):
    """What came is no CQL, and what is wrong with it."""


def lz4_block(data, size):
    """The LZ4 block format, decompressed."""
    out, at = bytearray(), 0

    def length(start, at):
        """A length of four bits, and the bytes behind it where they are all set"""
        more = start == 15
        while more:
            start += data[at]
            more = data[at] == 255
            at += 1
        return start, at

    try:
        while at < len(data):
            token = data[at]
            literals, at = length(token >> 4, at + 1)
            out += data[at:at + literals]
            at += literals
            if at >= len(data):
                break
            back = data[at] | data[at + 1] << 8
            copies, at = length(token & 15, at + 2)
            if not 0 < back <= len(out):
                raise Damaged(f"an lz4 match {back} bytes before the beginning")
            for _ in range(copies + 4):
                out.append(out[-back])
    except IndexError as error:
        raise Damaged("an lz4 block that ends early") from error
    if len(out) != size:
        raise Damaged(f"an lz4 block of {len(out)} bytes that says {size}")
    return bytes(out)


class Stream:
    """One direction of a TCP connection put in order: what comes twice or late is sorted out."""

    def __init__(self):
        self.next, self.waiting, self.bytes = None, {}, 0

    def feed(self, sequence, data):
        """The bytes that are now in order"""
        if self.next is None:
            self.next = sequence
        if len(data) > len(self.waiting.get(sequence, b"")):
            self.waiting[sequence] = data
        out = bytearray()
        while True:
            ready = [one for one in self.waiting if (self.next - one) % WHOLE < HALF]
            if not ready:
                break
            for one in ready:
                data = self.waiting.pop(one)[(self.next - one) % WHOLE:]
                out += data
                self.next = (self.next + len(data)) % WHOLE
        self.bytes += len(out)
        return bytes(out)


class Envelopes:
    """One direction's bytes as envelopes (version, opcode, flags, body), v5 segments unwrapped."""

    def __init__(self, way):
        self.way, self.outer, self.inner = way, bytearray(), bytearray()
        self.segmented = self.opaque = False

    def feed(self, data, lz4):
        """A list of envelopes; lz4() says whether the connection has that in STARTUP"""
        found = []
        self.outer += data
        if not self.segmented and self.outer[:1] == bytes([TLS_HANDSHAKE]):
            self.opaque = True
        if self.opaque:
            self.outer.clear()
            return found
        if not self.segmented:
            self._take(self.outer, found)
        while self.segmented:
            payload = self._segment(lz4())
            if payload is None:
                break
            self.inner += payload
            self._take(self.inner, found)
        return found

    def _take(self, buffer, found):
        at = 0
        while len(buffer) - at >= HEADER:
            size = HEADER + int.from_bytes(buffer[at + 5:at + HEADER], "big")
            version, opcode = buffer[at] & 0x7f, buffer[at + 4]
            if opcode not in OPCODES:
                raise Damaged(f"no CQL: opcode {opcode} in version {version}")
            if len(buffer) - at < size:
                break
            found.append((version, opcode, buffer[at + 1], bytes(buffer[at + HEADER:at + size])))
            at += size
            if version >= 5 and not self.segmented and opcode in SWITCHES[self.way]:
                self.segmented = True
                break
        del buffer[:at]

    def _segment(self, lz4):
        head = 8 if lz4 else 6
        if len(self.outer) < head:
            return None
        bits = int.from_bytes(self.outer[:head - 3], "little")
        size, whole = bits & 0x1ffff, (bits >> 17) & 0x1ffff if lz4 else 0
        if len(self.outer) < head + size + 4:
            return None
        payload = bytes(self.outer[head:head + size])
        del self.outer[:head + size + 4]
        return lz4_block(payload, whole) if whole else payload


class Conversation:
    def __init__(self):
        self.streams = {"out": Stream(), "in": Stream()}
        self.envelopes = {"out": Envelopes("out"), "in": Envelopes("in")}
        self.version, self.startup, self.requests = 0, b"", 0

    def lz4(self):
        return b"lz4" in self.startup


class Wire:
    def __init__(self, address, port, prefix=32):
        self.net = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
        self.port, self.conversations, self.damaged = port, {}, []
        self.by_opcode = {"out": collections.Counter(), "in": collections.Counter()}
        self.queries, self.waits, self.last, self.packets = collections.Counter(), 0, "in", 0

    def packet(self, data):
        head = (data[0] & 15) * 4
        if data[0] >> 4 != 4 or data[9] != TCP or len(data) < head + 20:
            return
        total = int.from_bytes(data[2:4], "big") or len(data)
        source, destination = data[12:16], data[16:20]
        ports = int.from_bytes(data[head:head + 2], "big"), int.from_bytes(data[head + 2:head + 4], "big")
        if ports[1] == self.port and ipaddress.ip_address(destination) in self.net:
            way, key = "out", (source, ports[0], destination)
        elif ports[0] == self.port and ipaddress.ip_address(source) in self.net:
            way, key = "in", (destination, ports[1], source)
        else:
            return
        self.packets += 1
        body = head + (data[head + 12] >> 4) * 4
        self._segment(way, key, int.from_bytes(data[head + 4:head + 8], "big"), data[head + 13],
                      data[body:total])

    def _segment(self, way, key, sequence, flags, data):
        if way == "out" and flags & SYN and not flags & ACK and key not in self.conversations:
            self.conversations[key] = Conversation()
        conversation = self.conversations.get(key)
        if conversation is None:
            return
        stream = conversation.streams[way]
        if flags & SYN:
            stream.next = (sequence + 1) % WHOLE
        if not data:
            return
        try:
            for one in conversation.envelopes[way].feed(stream.feed(sequence, data),
                                                        conversation.lz4):
                self._envelope(way, conversation, *one)
        except Damaged as error:
            self.damaged.append(str(error))
            conversation.envelopes[way].opaque = True

    def _envelope(self, way, conversation, version, opcode, flags, body):
        self.by_opcode[way][OPCODES[opcode]] += 1
        if opcode == EVENT:
            return
        if way == "out":
            conversation.version = version
            conversation.requests += 1
            self.waits += self.last == "in"
            if opcode == STARTUP:
                conversation.startup = body
            elif opcode in (QUERY, PREPARE) and not flags & COMPRESSED:
                size = int.from_bytes(body[:4], "big")
                self.queries[" ".join(body[4:4 + size].decode("utf-8", "replace").split())] += 1
        self.last = way

    def counts(self):
        all_of = list(self.conversations.values())
        versions = collections.Counter(f"v{one.version}{'+lz4' if one.lz4() else ''}"
                                       for one in all_of if one.requests)
        return {
            "connections": len(all_of), "waits": self.waits,
            "requests": sum(self.by_opcode["out"].values()),
            "requests_by_opcode": dict(self.by_opcode["out"]),
            "responses_by_opcode": dict(self.by_opcode["in"]),
            "bytes_out": sum(one.streams["out"].bytes for one in all_of),
            "bytes_in": sum(one.streams["in"].bytes for one in all_of),
            "versions": dict(versions), "packets": self.packets,
            "opaque": sum(one.envelopes["out"].opaque for one in all_of), "damaged": self.damaged,
        }
