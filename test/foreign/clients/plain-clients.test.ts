import assert from 'node:assert/strict';
import { eventually } from '../../support/eventually.js';
import type { CutGroup } from '../../support/cut-group.js';
import { tempFolder } from '../../support/temp-folder.js';
import { ForeignProcess } from './foreign-process.js';
import { doors, IDS, restart, startGroup } from './group.js';
import { PLAIN_CLIENTS } from './plain-client.js';
import { Witness } from './witness.js';

/** Creates that each worker is to see acknowledged before the next thing happens to the group. */
const CREATES = 100;
const LIMIT_MS = 60_000;

/** A line of a worker. */
interface Said {
  readonly state?: 'connected' | 'disconnected' | 'lost';
  readonly port?: number;
  readonly session?: string;
  readonly password?: string;
  readonly timeoutMs?: number;
  readonly acked?: number;
  readonly sentMs?: number;
  readonly told?: string;
  readonly disorder?: string;
}

/** Milliseconds of one clock. */
interface Vanishing {
  /** When the last acknowledged request of the client had left it. */
  readonly sentMs: number;
  readonly goneMs: number;
  readonly timeoutMs: number;
}

/** A process of a foreign client, and what it said so far. */
class Worker {
  readonly client: string;
  readonly name: string;
  readonly process: ForeignProcess;

  constructor(client: string, name: string, argv: readonly string[]) {
    this.client = client;
    this.name = name;
    this.process = new ForeignProcess(argv);
  }

  get said(): Said[] {
    return this.process.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Said);
  }

  /** Numbers of acknowledged creates. */
  get acked(): number[] {
    return this.said.flatMap(({ acked }) => acked ?? []);
  }

  /** The port that it is connected to; 0 while it is not. */
  get port(): number {
    return this.said.findLast(({ state }) => state !== undefined)?.port ?? 0;
  }

  async session(): Promise<{ readonly id: string; readonly password: string; readonly timeoutMs: number }> {
    await this.process.heard(/^\{"session"/, LIMIT_MS);
    const { session, password, timeoutMs } = this.said.find((one) => one.session !== undefined)!;
    return { id: session!, password: password!, timeoutMs: timeoutMs! };
  }
}

describe('Clients that others wrote, while the leader is killed and the next one cut off', function () {
  this.timeout(300_000);
  const folder = tempFolder();
  const commands = new Map(PLAIN_CLIENTS.map((client) => [client.name, client.prepare(folder.path)]));
  let group: CutGroup;
  const workers: Worker[] = [];
  /** Workers that lost a connection to a member that was well. */
  const disturbed: string[] = [];
  /** One more of each client, that is killed in the midst of its work. */
  const doomed = new Map<string, Worker>();
  const vanishings = new Map<string, Promise<Vanishing>>();
  /** Text that was last set at the node that each of them follows. */
  const texts: string[] = [];

  before(async function () {
    if (Array.from(commands.values()).every((command) => command === null)) return this.skip();
    group = await startGroup();
    for (const [client, command] of commands) {
      if (command === null) continue;
      for (const id of IDS) {
        const name = `${client.replaceAll(' ', '-')}-${id}`;
        workers.push(new Worker(client, name, [...command, name, doors(group, id)]));
      }
      const name = `${client.replaceAll(' ', '-')}-doomed`;
      doomed.set(client, new Worker(client, name, [...command, name, doors(group, 'm2')]));
    }
    await allAdvance();
    await tell('one');
    const leader = await group.leader();
    await undisturbed(leader, () => group.kill(leader));
    await tell('two');
    await restart(group, leader);
    const next = await group.leader();
    let heal = (): void => undefined;
    await undisturbed(next, async () => {
      heal = group.cutOff(next);
      await group.leader(group.others(next));
    });
    await tell('three');
    heal();
    await group.serving();
    await allAdvance();
    for (const [client, worker] of doomed) vanishings.set(client, vanishing(worker));
    for (const worker of workers) worker.process.tell('stop');
    for (const worker of workers) await worker.process.heard(/^\{"stopped"/, LIMIT_MS);
  });

  after(async () => {
    await Promise.allSettled(vanishings.values());
    for (const { process } of [...workers, ...doomed.values()]) await process.kill();
    await group?.end();
    folder.remove();
  });

  /** Waits until each has so many creates more acknowledged. */
  async function allAdvance(): Promise<void> {
    const wanted = new Map(workers.map((worker) => [worker, worker.acked.length + CREATES]));
    for (const [worker, least] of wanted) {
      await eventually(() => worker.acked.length >= least, LIMIT_MS).catch((error: unknown) => {
        const words = `${worker.name}: ${worker.acked.length} of ${least} creates; it said\n${worker.process.said}`;
        throw new Error(words, { cause: error });
      });
    }
  }

  async function undisturbed(gone: string, fault: () => Promise<void>): Promise<void> {
    const port = Number(group.door(gone).split(':')[1]);
    const elsewhere = workers.filter((worker) => worker.port !== port);
    const before = elsewhere.map(({ said }) => said.length);
    await fault();
    await allAdvance();
    elsewhere.forEach(({ name, said }, i) => {
      if (said.slice(before[i]).some(({ state }) => state !== undefined)) disturbed.push(name);
    });
  }

  /** Sets the node that each of them follows, and waits until each has seen it. */
  async function tell(text: string): Promise<void> {
    texts.push(text);
    const alive = await group.leader();
    const witness = await Witness.at(group, alive);
    for (const { name } of workers) await witness.set(`/plain/${name}/told`, text);
    witness.close();
    for (const { process } of workers) await process.heard(new RegExp(`^\\{"told": ?"${text}"`), LIMIT_MS);
  }

  async function vanishing(worker: Worker): Promise<Vanishing> {
    const { timeoutMs } = await worker.session();
    const path = `/plain/${worker.name}/mine`;
    const witness = await Witness.at(group, IDS[0]!);
    assert.notEqual(await witness.owner(path), null);
    await worker.process.kill();
    await eventually(async () => (await witness.owner(path)) === null, timeoutMs + LIMIT_MS, path);
    // The clock of the workers.
    const goneMs = Number(process.hrtime.bigint()) / 1e6;
    witness.close();
    return { sentMs: Math.max(...worker.said.flatMap(({ sentMs }) => sentMs ?? [])), goneMs, timeoutMs };
  }

  for (const [client, command] of commands) {
    describe(client, () => {
      const own = (): Worker[] => workers.filter((worker) => worker.client === client);

      before(function () {
        if (command === null) this.skip();
      });

      it('finds every acknowledged create at each member afterwards', async () => {
        for (const id of IDS) {
          const witness = await Witness.at(group, id);
          for (const { name, acked } of own()) {
            const there = new Set(await witness.children(`/plain/${name}`));
            assert.deepEqual(
              acked.filter((number) => !there.has(`n-${number}`)),
              [],
              `${name} at ${id}`,
            );
            const last = acked.at(-1)!;
            assert.equal(await witness.data(`/plain/${name}/n-${last}`), String(last));
          }
          witness.close();
        }
      });

      it('gets its answers in the order of its requests', () => {
        const wrong = own().flatMap(({ said }) => said.flatMap(({ disorder }) => disorder ?? []));
        assert.deepEqual(wrong, []);
      });

      it('keeps its session and its ephemeral node', async () => {
        for (const worker of own()) {
          assert.ok(!worker.said.some(({ state }) => state === 'lost'));
          const sessions = new Set(worker.said.flatMap(({ session }) => session ?? []));
          const { id } = await worker.session();
          assert.deepEqual([...sessions], [id]);
          const witness = await Witness.at(group, IDS[0]!);
          assert.equal(await witness.owner(`/plain/${worker.name}/mine`), id);
          witness.close();
        }
      });

      it('keeps its connection to a member that is well', () => {
        assert.deepEqual(
          disturbed.filter((name) => own().some((worker) => worker.name === name)),
          [],
        );
      });

      it('hears of each change that it watches, in order', () => {
        for (const worker of own()) {
          const told = worker.said.flatMap((one) => one.told ?? []);
          const seen = told.filter((text, i) => text !== '0' && text !== told[i - 1]);
          assert.deepEqual(seen, texts);
        }
      });

      it('killed, gives its session to a process that takes it up at another member', async () => {
        const [worker] = own();
        const { id, password } = await worker!.session();
        await worker!.process.kill();
        const heir = new ForeignProcess([...command!, worker!.name, doors(group, 'm3'), id, password]);
        try {
          await heir.heard(new RegExp(`^\\{"session": ?"${id}"`), LIMIT_MS);
          const witness = await Witness.at(group, IDS[1]!);
          assert.equal(await witness.owner(`/plain/${worker!.name}/mine`), id);
          await heir.finish();
          const gone = async (): Promise<boolean> =>
            (await witness.owner(`/plain/${worker!.name}/mine`)) === null;
          await eventually(gone, LIMIT_MS, 'a session that is closed loses its node');
          witness.close();
        } finally {
          await heir.kill();
        }
      });

      it('killed, loses its ephemeral node after the timeout of its session, not before', async () => {
        const { sentMs, goneMs, timeoutMs } = await vanishings.get(client)!;
        assert.ok(goneMs - sentMs >= timeoutMs, `gone ${goneMs - sentMs} ms after its last request`);
      });
    });
  }
});
