"""Talks to `bailiff-supervisor serve` (docs/protocol.md) from Python, with nothing but the standard library.

    from frames import Peer

    with Peer(["bailiff-supervisor", "serve"]) as peer:
        peer.open("s1", files={"main.py": b"print(input())"})
        result = peer.run("s1", {"argv": ["/usr/bin/python3", "main.py"]}, stdin=b"42")
        print(result["status"], result["stdout"]["data"])

Requests may overlap: submit() sends one and gives its id, reply() waits for the answer to an id. The checksum is computed
in Python, some 10 MB/s: enough for tests, not for large bodies.
"""
import json
import queue
import struct
import subprocess
import threading

MAGIC = b"BLF1"
PREFIX = struct.Struct("<4sIQ")  # and the checksum
CRC = struct.Struct("<I")


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _crc_table()


def crc32c(data, crc=0):
    """CRC-32C (Castagnoli), continued from `crc`."""
    state = crc ^ 0xFFFFFFFF
    table = _TABLE
    for byte in data:
        state = table[(state ^ byte) & 0xFF] ^ state >> 8
    return state ^ 0xFFFFFFFF


def pack(header, body=b""):
    """A frame; `header` is bytes, or anything that JSON can say."""
    if not isinstance(header, bytes):
        header = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    prefix = PREFIX.pack(MAGIC, len(header), len(body))
    head = prefix + CRC.pack(crc32c(header, crc32c(prefix))) + header
    return head + body + CRC.pack(crc32c(body)) if body else head


class BrokenFrame(Exception):
    """The stream is not frames, or ends inside one."""


def read_frame(stream):
    """The next (header, body) of a binary file, the header parsed; None at its end."""
    def exactly(count):
        data = stream.read(count)
        if len(data) != count:
            raise BrokenFrame(f"ends after {len(data)} of {count} bytes")
        return data

    first = stream.read(1)
    if not first:
        return None
    prefix = first + exactly(PREFIX.size - 1)
    magic, header_bytes, body_bytes = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise BrokenFrame(f"begins with {magic!r}")
    crc, = CRC.unpack(exactly(CRC.size))
    header = exactly(header_bytes)
    if crc32c(header, crc32c(prefix)) != crc:
        raise BrokenFrame("has a wrong checksum in its header")
    body = exactly(body_bytes)
    if body and CRC.unpack(exactly(CRC.size))[0] != crc32c(body):
        raise BrokenFrame("has a wrong checksum after its body")
    return json.loads(header), body


class RequestError(Exception):
    """The error that answered a request: `kind`, `key`, `message`."""

    def __init__(self, error):
        super().__init__(f"{error['kind']}: {error['key']}: {error['message']}")
        self.kind, self.key, self.message = error["kind"], error["key"], error["message"]


class Peer:
    """A process that serves frames on its standard input and output. A thread takes in what it sends, so that it never
    waits for us. `hello` is its first frame, `stray` are the frames that answer no request."""

    def __init__(self, command, timeout=60, greeting=True, **popen):
        self.timeout = timeout
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **popen)
        self.stray = []
        self._last_id = 0
        self._replies = {}  # id -> (header, body)
        self._ended = None  # why no more frames will come
        self._frames = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.hello = self.receive()[0]["hello"] if greeting else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    # Requests, one after the other

    def open(self, box, files=None, limits=None):
        """`files`: name -> bytes, or (bytes, "0755"), or {"path": …, "mode": …} below the server's --files-root."""
        entries, body = [], []
        for name, file in (files or {}).items():
            if isinstance(file, dict):
                entries.append({"name": name, **file})
                continue
            data, mode = file if isinstance(file, tuple) else (file, "0644")
            entries.append({"name": name, "bytes": len(data), "mode": mode})
            body.append(data)
        request = {"op": "open", "box": box, "files": entries}
        if limits is not None:
            request["limits"] = limits
        return self.call(request, b"".join(body))[0]["opened"]

    def run(self, box, spec, stdin=b""):
        """The RunResult; `data` beside each `body` has the bytes."""
        return self.result(self.submit_run(box, spec, stdin))

    def submit_run(self, box, spec, stdin=b""):
        """`stdin`: bytes, or {"path": …} below the server's --files-root."""
        request = {"op": "run", "box": box, "spec": spec}
        if isinstance(stdin, dict):
            return self.submit({**request, "stdin": stdin})
        if stdin:
            request["stdin"] = {"bytes": len(stdin)}
        return self.submit(request, stdin)

    def result(self, request_id):
        """The RunResult that answers a submit_run()."""
        header, body = self.reply(request_id)
        result = header["result"]
        for part in (result["stdout"], result["stderr"], *result["files"].values()):
            if "body" in part:
                offset, length = part["body"]
                part["data"] = body[offset:offset + length]
        return result

    def cancel(self, run):
        return self.call({"op": "cancel", "run": run})[0]["cancelled"]

    def close(self, box):
        return self.call({"op": "close", "box": box})[0]["closed"]

    def bye(self):
        """Says good-bye and waits; the exit code."""
        self.call({"op": "bye"})
        return self.finish()

    # Frames

    def call(self, request, body=b""):
        return self.reply(self.submit(request, body))

    def submit(self, request, body=b""):
        """Sends a request under a new id, which it returns."""
        self._last_id += 1
        self.send({"id": self._last_id, **request}, body)
        return self._last_id

    def reply(self, request_id):
        """(header, body) that answers a request; RequestError when that is an error."""
        while request_id not in self._replies:
            header, body = self.receive()
            if header.get("id") is None:
                self.stray.append((header, body))
            else:
                self._replies[header["id"]] = header, body
        header, body = self._replies.pop(request_id)
        if "error" in header:
            raise RequestError(header["error"])
        return header, body

    def send(self, header, body=b""):
        self.send_raw(pack(header, body))

    def send_raw(self, data):
        """Bytes that need not be a frame. BrokenPipeError when nobody reads them."""
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self, timeout=None):
        """The next (header, body). EOFError at the end, BrokenFrame, queue.Empty when nothing comes in time."""
        if self._ended is None:
            frame = self._frames.get(timeout=timeout or self.timeout)
            if not isinstance(frame, Exception):
                return frame
            self._ended = frame
        raise self._ended

    # The end

    def close_input(self):
        """The process reads end of file."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def finish(self):
        """End of file; the exit code, negative for a signal."""
        self.close_input()
        return self.process.wait(self.timeout)

    def kill(self):
        self.process.kill()
        self.close_input()
        return self.process.wait(self.timeout)

    def _read(self):
        try:
            while (frame := read_frame(self.process.stdout)) is not None:
                self._frames.put(frame)
            self._frames.put(EOFError("the process sends no more frames"))
        except (BrokenFrame, ValueError, OSError) as error:
            self._frames.put(error)
