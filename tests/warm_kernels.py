"""Kernels for the browser tests, forked from one process that has imported what most pages import.

usage: python tests/warm_kernels.py serve SOCKET                 (the process that is forked)
       python tests/warm_kernels.py start SOCKET FILE [FLAG ...]   (what Jupyter starts as a kernel)

Each page has a process of its own, as fresh as ever but for the imports, which take a sixth of the time.
"""

import gc
import json
import os
import signal
import socket
import sys
import threading

# What an optimizer imports when it is made, torch._dynamo, takes as long as torch itself.
PRELOADED = "ipykernel.kernelapp ipywidgets matplotlib.pyplot pandas sklearn.decomposition sklearn.manifold"
PRELOADED += " torch torch._dynamo helpers.bpe helpers.corpus helpers.model"


def serve(path: str) -> None:
    for name in PRELOADED.split():
        __import__(name)
    gc.collect()
    gc.freeze()  # a kernel need not look through what was imported, each time that it collects its own
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a kernel ended
        while True:
            connection, _ = server.accept()
            if not os.fork():
                break
            connection.close()
    become_a_kernel(connection)


def become_a_kernel(connection: socket.socket) -> None:
    """Run a kernel in this process, with the folder and the variables that Lab gave to `start`."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    stream = connection.makefile("rb")
    asked = json.loads(stream.readline())
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["variables"])
    os.environ.pop("JPY_PARENT_PID", None)  # the number of a process that is not the parent of this one
    # Who stops `start` stops the kernel: then the stream ends.
    threading.Thread(target=lambda: stream.read() or os._exit(0), daemon=True).start()
    from ipykernel.kernelapp import launch_new_instance

    sys.modules["pandas"].set_option("display.max_columns", 20)  # as if it had found itself in a notebook
    sys.path.pop(0)  # the folder of this file
    sys.argv = ["ipykernel_launcher.py", "-f", asked["file"], *asked["flags"]]
    launch_new_instance()


def start(path: str, file: str, *flags: str) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        asked = {"folder": os.getcwd(), "variables": dict(os.environ), "file": file, "flags": flags}
        server.sendall(json.dumps(asked).encode() + b"\n")
        server.recv(1)  # returns when the kernel has ended


if __name__ == "__main__":
    {"serve": serve, "start": start}[sys.argv[1]](*sys.argv[2:])
