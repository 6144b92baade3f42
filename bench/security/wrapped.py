"""For adapters whose sandbox is a command put before the program's: runs it on a request, says what came of it."""
import base64
import json
import os
import pathlib
import selectors
import signal
import subprocess
import sys
import tempfile
import time

NOBODY = 65534
KEPT = 1 << 20  # bytes of a stream that are looked at; all are counted
CLIENT = {key: os.environ[key] for key in ("DOCKER_HOST",) if key in os.environ}  # for the sandbox's command itself
LINGER = 1.0    # seconds for output after the command has ended: whoever holds the pipe longer is not waited for


def main(about, command, unavailable=None, **more):
    """An adapter's main: `about` is what `probe` answers, `command(spec, box)` the sandbox's argv around the program's."""
    if sys.argv[1:] == ["probe"]:
        reason = unavailable() if unavailable else None
        if reason:
            print(reason)
            return 3
        print(json.dumps(about()))
        return 0
    if len(sys.argv) != 3 or sys.argv[1] != "run":
        print(f"usage: {sys.argv[0]} probe | run REQUEST", file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # we are late: cleaned up all the same
    spec = json.loads(pathlib.Path(sys.argv[2]).read_text())["spec"]
    print(json.dumps(run(spec, command, **more)))
    return 0


def run(spec, command, owner=NOBODY, after=None, clean_up=None):
    # A file system of its own, without a limit, so that clearing up is never what breaks.
    box = tempfile.mkdtemp(prefix="torture-box-", dir="/tmp")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,nosuid,nodev", "torture", box], check=True)
    try:
        os.chown(box, owner, owner)
        for name, file in spec.get("files", {}).items():
            path = pathlib.Path(box, name)
            path.write_bytes(pathlib.Path(file["path"]).read_bytes() if "path" in file else file["content"].encode())
            path.chmod(int(file.get("mode", "0644"), 8))
            os.chown(path, owner, owner)
        result = watch(command(spec, box), spec.get("stdin", {}).get("content", "").encode(), spec.get("env"))
        return (after(spec, box, result) if after else None) or result
    finally:
        if clean_up:
            clean_up()
        subprocess.run(["umount", "--lazy", box], check=False)
        os.rmdir(box)


def watch(argv, stdin, env):
    begun = time.monotonic()
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.flush()
        process = subprocess.Popen(argv, stdin=os.open(f"/proc/self/fd/{given.fileno()}", os.O_RDONLY), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={"HOME": "/root", "LANG": "C.UTF-8", "PATH": os.environ["PATH"], **(env or {})} | CLIENT)
    streams = {process.stdout: bytearray(), process.stderr: bytearray()}
    counts = dict.fromkeys(streams, 0)
    selector = selectors.DefaultSelector()
    for stream in streams:
        selector.register(stream, selectors.EVENT_READ)
    ended = None
    while selector.get_map():
        for key, _ in selector.select(0.05):
            data = os.read(key.fd, 1 << 16)
            counts[key.fileobj] += len(data)
            streams[key.fileobj] += data[:max(0, KEPT - len(streams[key.fileobj]))]
            if not data:
                selector.unregister(key.fileobj)
        if ended is None and process.poll() is not None:
            ended = time.monotonic()
        if ended is not None and time.monotonic() - ended > LINGER:
            break
    code = process.wait()
    # As shells say it, and these sandboxes too: 128 + the signal's number.
    number = -code if code < 0 else code - 128 if 128 < code < 128 + 65 else None
    out, err = (streams[process.stdout], streams[process.stderr])
    return {"exit_code": None if number else code, "signal": number,
            "wall_time": {"ns": int(((ended or time.monotonic()) - begun) * 1e9)},
            "stdout": {"base64": base64.b64encode(out).decode(), "bytes": counts[process.stdout]},
            "stderr": {"base64": base64.b64encode(err).decode(), "bytes": counts[process.stderr]}}


def version(*argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
    except OSError:
        return None
    return (done.stdout + done.stderr).strip().split("\n")[0]
