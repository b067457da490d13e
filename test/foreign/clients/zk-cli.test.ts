import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from '../../support/eventually.js';
import type { CutGroup } from '../../support/cut-group.js';
import { ForeignProcess } from './foreign-process.js';
import { doors, IDS, restart, startGroup } from './group.js';
import { needs, ZK_CLI } from './needs.js';
import { Witness } from './witness.js';

const LIMIT_MS = 60_000;
const TIMEOUT_MS = 10_000;
/** Creates that each shell is to see done before the next thing happens to the group. */
const CREATES = 10;

/** ZooKeeper's own shell: the Java client. */
class Shell {
  readonly process: ForeignProcess;
  readonly base: string;
  session = '';
  /** Nodes whose creation it was told of. */
  readonly created: string[] = [];
  private number = 0;

  constructor(name: string, addresses: string) {
    this.base = `/java-${name}`;
    const flags = ['-waitforconnection', '-timeout', String(TIMEOUT_MS), '-server', addresses];
    // It says some things to standard error.
    this.process = new ForeignProcess(['sh', '-c', 'exec "$@" 2>&1', 'sh', ZK_CLI, ...flags]);
  }

  /** Waits until it prints a line like `pattern`. */
  async does(command: string, pattern: RegExp): Promise<string> {
    const from = this.process.lines.length;
    this.process.tell(command);
    return this.process.heard(pattern, LIMIT_MS, from);
  }

  async begin(): Promise<void> {
    await this.process.heard(/^Welcome/, LIMIT_MS);
    await this.does(`create ${this.base} first`, /^Created/);
    await this.does(`create -e ${this.base}/mine x`, /^Created/);
    const owner = await this.does(`stat ${this.base}/mine`, /^ephemeralOwner = /);
    this.session = owner.slice(owner.indexOf('0x') + 2).padStart(16, '0');
    this.process.tell(`addWatch -m PERSISTENT ${this.base}`);
  }

  /** Creates nodes, one after the other, until `count` of them are acknowledged. */
  async create(count: number): Promise<void> {
    for (const least = this.created.length + count; this.created.length < least;) {
      const path = `${this.base}/n-${++this.number}`;
      const answer = await this.does(
        `create ${path} ${this.number}`,
        /^Created|ConnectionLoss|already exists/,
      );
      if (answer === `Created ${path}`) this.created.push(path);
    }
  }

  /** States that its watcher was told, from line `from` on. */
  states(from = 0): string[] {
    const told = this.process.lines
      .slice(from)
      .flatMap((line) => /state:(\w+) type:None/.exec(line)?.[1] ?? []);
    return told;
  }
}

describe("ZooKeeper's own shell, while the leader is killed and the next one cut off", function () {
  this.timeout(300_000);
  needs(this, 'test', '-x', ZK_CLI);
  let group: CutGroup;
  const shells: Shell[] = [];
  const disturbed: string[] = [];
  let doomed: Shell;
  let vanishing: Promise<{ readonly tookMs: number }>;

  before(async () => {
    group = await startGroup();
    shells.push(...IDS.map((id) => new Shell(id, doors(group, id))));
    doomed = new Shell('doomed', doors(group, 'm1'));
    await Promise.all([...shells, doomed].map((shell) => shell.begin()));
    await allCreate();
    const leader = await group.leader();
    await undisturbed(leader, () => group.kill(leader));
    await restart(group, leader);
    const next = await group.leader();
    let heal = (): void => undefined;
    await undisturbed(next, async () => {
      heal = group.cutOff(next);
      await group.leader(group.others(next));
    });
    heal();
    await group.serving();
    await allCreate();
    vanishing = vanish();
  });

  after(async () => {
    await Promise.allSettled([vanishing]);
    for (const { process } of doomed === undefined ? shells : [...shells, doomed]) await process.kill();
    await group?.end();
  });

  async function allCreate(): Promise<void> {
    await Promise.all(shells.map((shell) => shell.create(CREATES)));
  }

  async function undisturbed(gone: string, fault: () => Promise<void>): Promise<void> {
    const there = await word(group, gone, 'cons');
    const elsewhere = shells.filter(({ session }) => !there.includes(session.replace(/^0+/, '')));
    assert.ok(elsewhere.length > 0, there);
    const from = elsewhere.map(({ process }) => process.lines.length);
    await fault();
    await allCreate();
    elsewhere.forEach((shell, i) => disturbed.push(...shell.states(from[i])));
  }

  async function vanish(): Promise<{ readonly tookMs: number }> {
    const witness = await Witness.at(group, IDS[0]!);
    const sentMs = performance.now();
    await doomed.create(1);
    await doomed.process.kill();
    const path = `${doomed.base}/mine`;
    await eventually(async () => (await witness.owner(path)) === null, TIMEOUT_MS + LIMIT_MS, path);
    witness.close();
    return { tookMs: performance.now() - sentMs };
  }

  it('finds every acknowledged create at each member afterwards', async () => {
    for (const id of IDS) {
      const witness = await Witness.at(group, id);
      for (const { base, created } of shells) {
        const there = new Set(await witness.children(base));
        const missing = created.filter((path) => !there.has(path.slice(base.length + 1)));
        assert.deepEqual(missing, [], id);
        assert.ok(created.length >= 4 * CREATES);
      }
      witness.close();
    }
  });

  it('keeps its session and its ephemeral node', async () => {
    const witness = await Witness.at(group, IDS[1]!);
    for (const shell of shells) {
      assert.ok(!shell.states().includes('Expired'));
      assert.equal(await witness.owner(`${shell.base}/mine`), shell.session);
    }
    witness.close();
  });

  it('keeps its connection to a member that is well', () => {
    assert.deepEqual(disturbed, []);
  });

  it('hears of a change to what it watches through all of it, and of one that it watches once', async () => {
    const witness = await Witness.at(group, IDS[2]!);
    for (const { base, process } of shells) {
      const from = process.lines.length;
      await witness.set(base, 'second');
      await process.heard(new RegExp(`type:NodeDataChanged path:${base}$`), LIMIT_MS, from);
    }
    const [{ base, process }] = shells as [Shell];
    process.tell(`ls -w ${base}/n-1`);
    const from = process.lines.length;
    await process.heard(/^\[\]$/, LIMIT_MS, from);
    await shells[1]!.does(`create ${base}/n-1/child x`, /^Created/);
    await process.heard(new RegExp(`type:NodeChildrenChanged path:${base}/n-1$`), LIMIT_MS, from);
    witness.close();
  });

  it('does what its help names: versions, quotas, ACLs, TTL and container nodes, ephemerals, the configuration', async () => {
    const [{ base }, shell] = shells as [Shell, Shell];
    const path = `${base}/n-2`;
    await shell.does(`set -v 7 ${path} x`, /^version No is not valid : /);
    await shell.does(`delete ${base}`, /^Node not empty: /);
    await shell.does(`create -s ${path}/s- x`, new RegExp(`^Created ${path}/s-0000000000$`));
    await shell.does(`create -c ${path}/c x`, /^Created/);
    await shell.does(`create -t 60000 ${path}/t x`, /^Created/);
    await shell.does(`getAllChildrenNumber ${path}`, /^3$/);
    shell.process.tell(`setquota -N 3 ${path}`);
    await shell.does(`create ${path}/more x`, /Quota|quota/);
    shell.process.tell('addauth digest user:password');
    await shell.does('whoami', /^digest: user$/);
    shell.process.tell(`setAcl ${path} auth::cdrwa`);
    await shell.does(`getAcl ${path}`, /^'digest,'user:/);
    await shells[2]!.does(`get ${path}`, /^Insufficient permission : /);
    await shell.does(`getEphemerals ${shell.base}`, new RegExp(`^\\[${shell.base}/mine\\]$`));
    await shell.does('sync /', /^Sync is OK$/);
    await shell.does('config', /^server\.1=.*participant;/);
    shell.process.tell(`deleteall ${path}`);
    await shell.does(`stat ${path}`, /^Node does not exist: /);
  });

  it('killed, loses its ephemeral node after the timeout of its session, not before', async () => {
    const { tookMs } = await vanishing;
    assert.ok(tookMs >= TIMEOUT_MS, `gone ${tookMs} ms after its last request left`);
  });
});

/** What a member answers to a four-letter word. */
async function word(group: CutGroup, id: string, name: string): Promise<string> {
  const [host, port] = group.door(id).split(':');
  const socket = connect({ host: host!, port: Number(port) });
  socket.write(name);
  return text(socket);
}
