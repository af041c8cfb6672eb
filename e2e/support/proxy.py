"""Stands between a program and a registry and counts: requests, and bytes each way.

It forwards bytes as they come and reads nothing but request lines, so a client that hangs up in the
middle of a blob is charged for no more than it took (and what is in the sockets' buffers).
"""

import re
import socket
import threading

REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|PATCH|DELETE) (/v2/\S*) HTTP/1\.1\r\n")
BUFFER = 16 << 10


class CountingProxy:
    """Listens on `host`, passes on to `upstream`, a host with its port or the path of a socket;
    forget() starts the counts again."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.lock = threading.Lock()
        self.forget()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self.host = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self):
        with self.lock:
            self.requests = []  # (method, path)
            self.sent = self.received = 0  # by the client

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, self._connect() as server:
            back = threading.Thread(target=self._pass, args=(server, client, self._answered),
                                    daemon=True)
            back.start()
            self._pass(client, server, self._asked())
            back.join()

    def _connect(self):
        if self.upstream.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.upstream)
            return server
        host, port = self.upstream.rsplit(":", 1)
        return socket.create_connection((host, int(port)))

    @staticmethod
    def _pass(source, target, count):
        try:
            while data := source.recv(BUFFER):
                count(data)
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):  # one side is done, so is the other
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _asked(self):
        rest = b""

        def count(data):
            nonlocal rest
            text = rest + data
            found = list(REQUEST.finditer(text))
            # A request line may come in two pieces; one that was counted does not come again.
            rest = text[found[-1].end():][-BUFFER:] if found else text[-BUFFER:]
            with self.lock:
                self.sent += len(data)
                self.requests += [(m[1].decode(), m[2].decode()) for m in found]
        return count

    def _answered(self, data):
        with self.lock:
            self.received += len(data)

    def stop(self):
        self.listener.close()
