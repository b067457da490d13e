"""plain.py NAME HOSTS [SESSION PASSWORD]: as worker.c, with kazoo."""
import json
import sys
import threading
import time

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import NodeExistsError

BATCH = 25


def main():
    name, hosts, *former = sys.argv[1:]
    base = '/plain/' + name
    client_id = (int(former[0], 16), bytes.fromhex(former[1])) if former else None
    zk = KazooClient(hosts=hosts, timeout=10.0, client_id=client_id, randomize_hosts=False,
                     connection_retry={'max_tries': -1, 'delay': 0.02, 'backoff': 1, 'max_delay': 0.5})
    out = threading.Lock()
    stopping = threading.Event()
    words = {KazooState.CONNECTED: 'connected', KazooState.SUSPENDED: 'disconnected', KazooState.LOST: 'lost'}

    def say(**line):
        with out:
            print(json.dumps(line), flush=True)

    def heard(state):
        connected = state == KazooState.CONNECTED
        say(state=words[state], port=zk._connection._socket.getpeername()[1] if connected else 0)
        if connected:
            session, password = zk.client_id
            say(session='%016x' % session, password=password.hex(), timeoutMs=zk._session_timeout)

    zk.add_listener(heard)
    zk.start(timeout=30)

    def told(data, stat):
        if data is not None:
            say(told=data.decode())

    def write_on():
        number = last = 0
        while not stopping.is_set():
            if not zk.connected:
                time.sleep(0.02)
                continue
            batch = []
            for number in range(number + 1, number + 1 + BATCH):
                sent_ms = time.monotonic() * 1e3
                batch.append((number, sent_ms, zk.create_async('%s/n-%d' % (base, number), b'%d' % number)))
            for number, sent_ms, result in batch:
                result.wait()
                last = number
                if result.exception is None:
                    say(acked=number, sentMs=sent_ms)
                else:
                    say(unknown=number, error=type(result.exception).__name__)
            time.sleep(0.04)
        say(stopped=last)

    if not former:
        zk.ensure_path(base)
        for path, data, ephemeral in ((base + '/told', b'0', False), (base + '/mine', b'', True)):
            try:
                zk.create(path, data, ephemeral=ephemeral)
            except NodeExistsError:
                pass
        zk.DataWatch(base + '/told', told)
        threading.Thread(target=write_on, daemon=True).start()
    for _ in sys.stdin:
        stopping.set()
    zk.stop()


main()
