# Looks for what is not its business. Prints what it got at; nothing is the right answer.
import os
import socket

found = []


def attempt(name, action):
    try:
        action()
        found.append(name)
    except OSError:
        pass


for path in ("/etc/shadow", "/root", "/home", "/run", "/var", "/proc/1/environ", "/proc/1/mem"):
    attempt("read " + path, lambda: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1))
for path in ("/usr/bin/x", "/etc/x", "/dev/x"):
    attempt("write " + path, lambda: open(path, "w"))
attempt("network", lambda: socket.create_connection(("192.0.2.1", 80), timeout=1))
attempt("signal its keeper", lambda: os.kill(1, 0))
attempt("become root", lambda: os.setuid(0))
print("got at:", ", ".join(found) or "nothing")
