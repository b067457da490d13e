"""worker.py NAME HOSTS LOG RECIPE…: a thread for each recipe, with clients that try the first of HOSTS first.

Says its progress as lines of JSON, and takes lines: `end RECIPE` asks a recipe to come to its end, `stop` stops all,
`view` prints what the clients believe. Ends with its input."""
import json
import sys
import threading
import time

from plumbing import Log
from recipes import RECIPES


def main():
    name, hosts, path, *recipes = sys.argv[1:]
    log = Log(path)
    workers = [RECIPES[recipe](recipe, name, hosts, log) for recipe in recipes]
    for worker in workers:
        worker.zk.start(timeout=30)
    for worker in workers:
        worker.thread.start()

    out = threading.Lock()

    def say(**line):
        with out:
            print(json.dumps(line), flush=True)

    def progress():
        while True:
            homes = {worker.recipe: home(worker.zk) for worker in workers}
            say(rounds={worker.recipe: worker.rounds for worker in workers}, homes=homes)
            time.sleep(0.1)

    threading.Thread(target=progress, daemon=True).start()
    for line in sys.stdin:
        command, *words = line.split()
        if command == 'end':
            for worker in workers:
                if worker.recipe == words[0]:
                    worker.ending = True
        elif command == 'stop':
            for worker in workers:
                worker.stopping.set()
            for worker in workers:
                worker.thread.join(30)
            say(stopped=[worker.recipe for worker in workers if not worker.thread.is_alive()])
        elif command == 'view':
            say(view={worker.recipe: worker.view() for worker in workers})
    for worker in workers:
        worker.stop()


def home(zk):
    """The port that the client is connected to, or null."""
    try:
        return zk._connection._socket.getpeername()[1] if zk.connected else None
    except (AttributeError, OSError):
        return None


main()
