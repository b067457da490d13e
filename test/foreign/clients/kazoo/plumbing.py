"""What all workers here share: clients with a fixed first server, and a log that several processes append to."""
import json
import os
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

TIMEOUT_S = 10.0
RETRY = {'max_tries': -1, 'delay': 0.02, 'backoff': 1, 'max_delay': 0.5}


class Log:
    """Lines of JSON. The order of the lines is the order of the events, whichever process wrote them."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, **event):
        os.write(self.file, (json.dumps(event) + '\n').encode())


class Worker:
    """One client and the thread that uses it, until told to stop."""

    def __init__(self, recipe, name, hosts, log, **options):
        self.recipe = recipe
        self.name = name
        self.log = log
        self.rounds = 0
        self.stopping = threading.Event()
        self.closing = False
        self.zk = KazooClient(hosts=hosts, timeout=TIMEOUT_S, randomize_hosts=False,
                              connection_retry=dict(RETRY), command_retry=dict(RETRY), **options)
        self.zk.add_listener(self.heard)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def heard(self, state):
        if not self.closing:
            self.say('state', state=state)

    def say(self, event, **more):
        self.log.write(recipe=self.recipe, who=self.name, event=event, **more)

    def run(self):
        step = self.prepare()
        while not self.stopping.is_set():
            try:
                if step() is False:
                    return
                self.rounds += 1
            except KazooException as error:
                self.say('trouble', error=type(error).__name__)
            # Not to outrun the others, who share the processors.
            time.sleep(0.01)

    def prepare(self):
        """Gives what is done again and again."""
        raise NotImplementedError

    def view(self):
        """What this client believes in the end."""
        return None

    def stop(self):
        self.closing = True
        self.zk.stop()
        self.zk.close()
