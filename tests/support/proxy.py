"""A TCP relay between agent and server that a test can cut, hold and mend, each direction by itself."""

import contextlib
import selectors
import socket
import threading


class Relay:
    """Listens on a port of its own and forwards to the server's."""

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.pairs = []
        self.refusing = False
        self.held = set()
        self.frozen = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    # What a test does to the network

    def cut(self):
        """Breaks every connection, and refuses new ones until `mend`."""
        with self.lock:
            self.refusing = True
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for side in pair:
                _reset(side)

    def drop_connections(self):
        """Breaks every connection; new ones are fine."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for side in pair:
                _reset(side)

    def hold(self, *directions):
        """Lets nothing through in the directions `up` (to the server) and `down`, and breaks nothing."""
        self.held = set(directions)

    def freeze(self):
        """What is connected now stays connected, and not a byte goes through it any more; new connections are fine."""
        with self.lock:
            self.frozen = {side for pair in self.pairs for side in pair}

    def mend(self):
        self.held = set()
        self.refusing = False

    def close(self):
        self.cut()
        self.listener.close()

    # The relay

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing:
                _reset(near)
                continue
            try:
                far = socket.create_connection(self.target, timeout=5)
            except OSError:
                _reset(near)
                continue
            far.settimeout(None)
            for side in (near, far):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                if self.refusing:
                    _reset(near)
                    _reset(far)
                    continue
                self.pairs.append((near, far))
            threading.Thread(target=self._pump, args=(near, far, "up"), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, "down"), daemon=True).start()

    def _pump(self, source, sink, direction):
        waiter = selectors.DefaultSelector()
        waiter.register(source, selectors.EVENT_READ)
        with contextlib.suppress(OSError, ValueError):
            while True:
                waiter.select(0.02)
                if direction in self.held or source in self.frozen:
                    # What is held stays in the sender's buffers.
                    threading.Event().wait(0.01)
                    continue
                try:
                    data = source.recv(65536, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    continue
                if not data:
                    break
                sink.sendall(data)
        for side in (source, sink):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


def _reset(side):
    """Ends a connection as a broken network does: without a farewell."""
    with contextlib.suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        side.shutdown(socket.SHUT_RDWR)
    side.close()
