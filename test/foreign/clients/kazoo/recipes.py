"""The recipes of kazoo, each used round after round. What is claimed goes to the log before it is given up."""
import time

from kazoo.exceptions import KazooException, NodeExistsError, NoNodeError
from kazoo.recipe.cache import TreeCache
from kazoo.recipe.partitioner import SetPartitioner

from plumbing import Worker

WAIT_S = 2.0
ROOT = '/recipes'


def fence(node):
    return int(node[-10:])


class Lock(Worker):
    def prepare(self):
        lock = self.zk.Lock(ROOT + '/lock', self.name)

        def step():
            with lock:
                self.say('held', fence=fence(lock.node))
                self.say('freed')
        return step


class ReadWriteLock(Worker):
    def prepare(self):
        locks = [('read', self.zk.ReadLock), ('write', self.zk.WriteLock)]

        def step():
            kind, make = locks[self.rounds % 2]
            self.clear()
            lock = make(ROOT + '/rwlock', self.name)
            # Without a limit readers and writers of kazoo 2.8 block each other for good, on ZooKeeper too.
            if lock.acquire(timeout=0.5):
                self.say('held', kind=kind)
                time.sleep(0.001)
                self.say('freed', kind=kind)
                lock.release()
        return step

    def clear(self):
        """An attempt that runs out of time while its connection is lost leaves its node behind."""
        base = ROOT + '/rwlock'
        self.zk.ensure_path(base)
        for child in self.zk.get_children(base):
            try:
                if self.zk.get('%s/%s' % (base, child))[0] == self.name.encode():
                    self.zk.delete('%s/%s' % (base, child))
            except NoNodeError:
                pass


class Semaphore(Worker):
    def prepare(self):
        semaphore = self.zk.Semaphore(ROOT + '/semaphore', self.name, max_leases=2)

        def step():
            with semaphore:
                self.say('held')
                time.sleep(0.001)
                self.say('freed')
        return step


class Election(Worker):
    def prepare(self):
        election = self.zk.Election(ROOT + '/election', self.name)

        def lead():
            self.say('held')
            time.sleep(0.001)
            self.say('freed')
        return lambda: election.run(lead)


class Barrier(Worker):
    """Raises and removes its own; the next one waits at it."""

    def prepare(self):
        self.zk.ensure_path(ROOT + '/barriers')
        numbers = {'m1': 1, 'm2': 2, 'm3': 3}
        awaited = 'm%d' % (numbers[self.name] % 3 + 1)
        self.number = 0

        def step():
            own = '%s/barriers/%s' % (ROOT, self.name)
            if self.rounds % 2 == 0:
                try:
                    self.zk.retry(self.zk.create, own, b'%d' % self.number)
                except NodeExistsError:
                    pass
            else:
                self.say('removing', barrier=self.name, number=self.number)
                self.number += 1
                self.zk.Barrier(own).remove()
            try:
                raised = int(self.zk.retry(self.zk.get, '%s/barriers/%s' % (ROOT, awaited))[0])
            except NoNodeError:
                return
            if self.rounds % 2 == 1 and self.zk.Barrier('%s/barriers/%s' % (ROOT, awaited)).wait(WAIT_S):
                self.say('passed', barrier=awaited, number=raised)
        return step


class DoubleBarrier(Worker):
    """Its waits do not outlive a lost connection (kazoo hangs), so it ends when the group has agreed on a last round."""

    ending = False

    def prepare(self):
        last = ROOT + '-last-double'

        def step():
            number = self.rounds
            if self.ending:
                try:
                    self.zk.create(last, b'%d' % (number + 2))
                except NodeExistsError:
                    pass
            try:
                if number > int(self.zk.get(last)[0]):
                    self.say('ended')
                    return False
            except NoNodeError:
                pass
            barrier = self.zk.DoubleBarrier('%s/double/%d' % (ROOT, number), 2, self.name)
            for before, act, after in (('enter', barrier.enter, 'entered'), ('leave', barrier.leave, 'left')):
                self.say(before, number=number)
                act()
                self.say(after, number=number)
        return step


class Queue(Worker):
    """Puts a value and takes one."""

    def make(self):
        return self.zk.Queue(ROOT + '/queue')

    def prepare(self):
        self.queue = self.make()
        self.number = 0

        def step():
            self.number += 1
            value = '%s-%d' % (self.name, self.number)
            try:
                self.queue.put(value.encode())
                self.say('put', value=value)
            except KazooException:
                self.say('put unknown', value=value)
                raise
            self.take()
        return step

    def take(self):
        got = self.queue.get()
        if got is not None:
            self.say('got', value=got.decode())


class LockingQueue(Queue):
    def make(self):
        return self.zk.LockingQueue(ROOT + '/locking')

    def take(self):
        got = self.queue.get(WAIT_S)
        if got is None:
            return
        self.say('held', value=got.decode())
        self.say('freed', value=got.decode())
        try:
            consumed = self.queue.consume()
        except KazooException:
            # This one would go on to ask for an entry that may be gone.
            self.queue = self.make()
            self.say('consume unknown', value=got.decode())
            raise
        self.say('consumed' if consumed else 'not consumed', value=got.decode())


class Counter(Worker):
    def prepare(self):
        counter = self.zk.Counter(ROOT + '/counter')

        def step():
            self.say('adding')
            counter + 1
            self.say('added')
        return step


class Party(Worker):
    def prepare(self):
        self.party = self.zk.Party(ROOT + '/party', self.name)

        def step():
            self.party.join()
            if self.rounds % 10 == 9:
                self.party.leave()
                self.party.join()
        return step

    def view(self):
        return sorted(self.party)


class Partition(Worker):
    ITEMS = tuple('item-%d' % i for i in range(6))

    def prepare(self):
        self.held = []
        self.partitioner = None
        return self.step

    def step(self):
        if self.partitioner is None or self.partitioner.failed:
            self.give_up()
            self.partitioner = SetPartitioner(self.zk, ROOT + '/partition', self.ITEMS, identifier=self.name,
                                              time_boundary=0.3)
        elif self.partitioner.release:
            self.give_up()
            self.partitioner.release_set()
        elif self.partitioner.allocating:
            self.partitioner.wait_for_acquire(0.1)
        elif not self.held:
            for item in list(self.partitioner):
                self.held.append(item)
                self.say('held', item=item)

    def give_up(self):
        for item in self.held:
            self.say('freed', item=item)
        self.held = []

    def view(self):
        return sorted(self.held)


class Transactions(Worker):
    """Either both nodes or none; and a set that the version forbids undoes the create before it."""

    def prepare(self):
        base = ROOT + '/transactions'
        self.zk.ensure_path(base)
        self.number = 0

        def step():
            self.number += 1
            name = '%s/%s-%d' % (base, self.name, self.number)
            forbidden = self.number % 3 == 0
            transaction = self.zk.transaction()
            transaction.create(name + '-a', b'a')
            if forbidden:
                transaction.check(base, 77)
            transaction.create(name + '-b', b'b')
            try:
                results = transaction.commit()
            except KazooException:
                self.say('unknown', name=name)
                raise
            done = not any(isinstance(result, Exception) for result in results)
            self.say('done' if done else 'refused', name=name, forbidden=forbidden)
        return step


class Data(Worker):
    """Writes one node, watches those of the others."""

    def prepare(self):
        self.seen = {}
        base = ROOT + '/data'
        own = '%s/%s' % (base, self.name)
        self.zk.ensure_path(own)
        for other in ('m1', 'm2', 'm3'):
            self.zk.DataWatch('%s/%s' % (base, other), self.watcher(other))

        def step():
            stat = self.zk.retry(self.zk.set, own, b'%d' % self.rounds)
            self.say('wrote', version=stat.version, value=self.rounds)
        return step

    def watcher(self, other):
        def changed(data, stat):
            if stat is None:
                return
            self.seen[other] = data.decode()
            self.say('saw', node=other, mzxid=stat.mzxid)
        return changed

    def view(self):
        return self.seen


class Children(Worker):
    """Adds and removes children; a ChildrenWatch and a TreeCache follow."""

    def prepare(self):
        base = ROOT + '/children'
        self.zk.ensure_path(base)
        self.children = []
        self.cache = TreeCache(self.zk, base)
        self.cache.start()

        @self.zk.ChildrenWatch(base)
        def changed(children):
            self.children = sorted(children)

        def step():
            path = '%s/%s-%d' % (base, self.name, self.rounds % 7)
            try:
                self.zk.create(path, b'%d' % self.rounds)
            except NodeExistsError:
                self.zk.delete(path)
        return step

    def view(self):
        base = ROOT + '/children'
        cached = self.cache.get_children(base, default=[])
        data = {name: self.cache.get_data('%s/%s' % (base, name)) for name in cached}
        return {
            'watched': self.children,
            'cached': {name: None if at is None else at.data.decode() for name, at in data.items()},
        }


class Writes(Worker):
    """Writes of every kind that the end must still show."""

    def prepare(self):
        base = ROOT + '/writes/' + self.name
        self.zk.ensure_path(base)
        self.number = 0

        def step():
            self.number += 1
            ephemeral = self.number % 5 == 0
            path = '%s/n-%d' % (base, self.number)
            self.zk.create(path, b'first', ephemeral=ephemeral)
            self.say('created', path=path, ephemeral=ephemeral)
            self.zk.set(path, b'%d' % self.number)
            self.say('set', path=path, value='%d' % self.number)
            if self.number % 4 == 0:
                self.say('deleting', path=path)
                self.zk.delete(path)
                self.say('deleted', path=path)
        return step


RECIPES = {
    'lock': Lock,
    'rwlock': ReadWriteLock,
    'semaphore': Semaphore,
    'election': Election,
    'barrier': Barrier,
    'double': DoubleBarrier,
    'queue': Queue,
    'locking-queue': LockingQueue,
    'counter': Counter,
    'party': Party,
    'partition': Partition,
    'transactions': Transactions,
    'data': Data,
    'children': Children,
    'writes': Writes,
}
