import {
  RAFT_DEFAULTS,
  type Configuration,
  type Message,
  type ProposeResult,
} from '../../../lib/raft/index.js';
import { Cluster, data, id, type Member, type Settings } from '../harness.js';
import { MemoryLog } from '../memory-log.js';
import { logOf } from '../solo.js';
import { parseConfiguration } from './parse.js';

type Action = (world: World, words: readonly string[]) => void;

/**
 * The group of one script. Nothing moves by itself: messages wait on the wire until they are delivered, writes and
 * applies happen at once unless a member was made slow.
 */
export class World {
  private settings: Settings = {};
  private cacheBytes: number | undefined;
  private configuration: Configuration | null = null;
  private readonly logs = new Map<string, MemoryLog>();
  private built: Cluster | null = null;
  /** How the last command that can be refused ended. */
  result = 'none';

  get cluster(): Cluster {
    this.built ??= this.build();
    return this.built;
  }

  run(name: string, words: readonly string[]): void {
    if (name === 'fails') return this.fails(words);
    const action = ACTIONS[name];
    if (action === undefined) throw new Error(`no command ${name}: ${Object.keys(ACTIONS).join(', ')}`);
    action(this, words);
    if (this.built !== null) this.work();
  }

  /** `fails change m1`: what follows is a defect of whoever asks for it. */
  private fails([name, ...words]: readonly string[]): void {
    let failed = false;
    try {
      this.run(name!, words);
    } catch {
      failed = true;
    }
    if (!failed) throw new Error(`${name} did not fail`);
  }

  define(configuration: Configuration): void {
    this.configuration = configuration;
  }

  set(key: string, value: number): void {
    if (key === 'cacheBytes') this.cacheBytes = value;
    else if (key in RAFT_DEFAULTS) this.settings = { ...this.settings, [key]: value };
    else throw new Error(`no setting ${key}`);
  }

  /** The log that `name` starts with: entries of these terms. */
  startWith(name: string, terms: readonly number[], term: number, vote: string | null): void {
    this.logs.set(name, logOf(this.known, terms, term, vote));
  }

  /** Starts somebody who knows the group and is not in it. */
  add(name: string): void {
    this.cluster.add(name, this.logs.get(name) ?? new MemoryLog(this.known));
  }

  member(name: string | undefined): Member {
    if (name === undefined) throw new Error('which member?');
    return this.cluster.member(name);
  }

  /** After a call into a node that the harness did not make itself. */
  touched(member: Member): void {
    this.cluster.checker.stepped(member.id, { type: 'other' });
  }

  ended(result: ProposeResult): void {
    this.result = result.ok ? 'ok' : result.reason;
  }

  /** Everybody does what there is to do, short of moving messages. */
  work(): void {
    const { cluster } = this;
    let busy = true;
    while (busy) {
      busy = false;
      for (const member of cluster.members.values()) {
        busy = cluster.drain(member) || busy;
        if (member.pendingWrite === null || member.slowDisk) continue;
        cluster.completeWrite(member.id);
        busy = true;
      }
    }
  }

  /** Hands over what is on the wire now and fits; returns how many messages that were. */
  deliver(fits: (message: Message) => boolean): number {
    const { cluster } = this;
    const due = this.take(fits);
    for (const message of due) {
      cluster.step(message);
      this.work();
    }
    return due.length;
  }

  take(fits: (message: Message) => boolean): Message[] {
    const { wire } = this.cluster;
    const fitting = wire.filter(fits);
    const rest = wire.filter((message) => !fitting.includes(message));
    wire.splice(0, wire.length, ...rest);
    return fitting;
  }

  settle(): void {
    this.work();
    for (let round = 0; round < 1000; round++) if (this.deliver(() => true) === 0) return;
    throw new Error('the group never becomes quiet');
  }

  private get known(): Configuration {
    if (this.configuration === null) throw new Error('begin with: group m1 m2 …');
    return this.configuration;
  }

  private build(): Cluster {
    const { voters, outgoing, learners } = this.known;
    const nodeOptions = this.cacheBytes === undefined ? {} : { cacheBytes: this.cacheBytes };
    const cluster = new Cluster([], { settings: this.settings, nodeOptions });
    cluster.manual = true;
    for (const name of new Set([...voters, ...outgoing, ...learners])) {
      cluster.add(name, this.logs.get(name) ?? new MemoryLog(this.known));
    }
    return cluster;
  }
}

/** `m1>m2`, `*>m2` or `m1>*`, and perhaps the types of the messages meant. */
function selection(words: readonly string[]): (message: Message) => boolean {
  const [link, ...types] = words;
  if (link === undefined) return () => true;
  const [from, to] = link.split('>');
  if (from === undefined || to === undefined) throw new Error(`${link}: write m1>m2`);
  const is = (pattern: string, name: string): boolean => pattern === '*' || pattern === name;
  return (message) =>
    is(from, message.from) && is(to, message.to) && (types.length === 0 || types.includes(message.type));
}

/** `m1>m2`. */
function link(word: string | undefined): readonly [string, string] {
  const [from, to] = word?.split('>') ?? [];
  if (from === undefined || to === undefined) throw new Error(`${word}: write m1>m2`);
  return [from, to];
}

/** For actions of one member. */
function at(act: (member: Member, world: World, rest: readonly string[]) => void): Action {
  return (world, [name, ...rest]) => {
    const member = world.member(name);
    act(member, world, rest);
    world.touched(member);
  };
}

function tick(world: World, name: string, settles: boolean): void {
  world.cluster.tick(name);
  world.work();
  if (settles) world.settle();
}

const ACTIONS: Readonly<Record<string, Action | undefined>> = {
  // --- the group, before anything happens
  group: (world, words) => world.define(parseConfiguration(words)),
  setting: (world, [key, value]) => world.set(key!, Number(value)),
  /** `log m1 1 1 4 term 6 vote m2`: entries of terms 1, 1 and 4; the member is in term 6 and voted for m2 in it. */
  log: (world, [name, ...words]) => {
    const end = words.findIndex((word) => word === 'term' || word === 'vote');
    const terms = (end === -1 ? words : words.slice(0, end)).map(Number);
    const after = (key: string): string | null => {
      const at = words.indexOf(key);
      return at === -1 ? null : (words[at + 1] ?? null);
    };
    world.startWith(name!, terms, Number(after('term') ?? terms.at(-1) ?? 0), after('vote'));
  },
  add: (world, names) => names.forEach((name) => world.add(name)),

  // --- time
  tick: (world, [name, count = '1']) => {
    for (let n = 0; n < Number(count); n++) tick(world, name!, false);
  },
  /** `pass 20` or `pass 20 m1 m2`: ticks of all, or of those named, with everything delivered after each. */
  pass: (world, [count, ...names]) => {
    const who = names.length === 0 ? [...world.cluster.members.keys()] : names;
    for (let n = 0; n < Number(count); n++) for (const name of who) tick(world, name, true);
  },

  // --- messages
  deliver: (world, words) => void world.deliver(selection(words)),
  drop: (world, words) => void world.take(selection(words)),
  settle: (world) => world.settle(),
  cut: (world, [a, b]) => world.cluster.cut(a!, b!),
  cutOneWay: (world, [word]) => world.cluster.cutOneWay(...link(word)),
  isolate: (world, names) => names.forEach((name) => world.cluster.isolate(name)),
  heal: (world) => world.cluster.heal(),

  // --- disks and machines
  slow: at((member) => (member.slowDisk = true)),
  fast: at((member) => (member.slowDisk = false)),
  persist: (world, [name]) => world.cluster.completeWrite(name!),
  lazy: at((member) => (member.slowApply = true)),
  apply: (world, [name]) => world.cluster.applyPending(name!),
  restart: (world, [name]) => world.cluster.restart(name!),
  compact: (world, [name, trailing = '0']) => world.cluster.compact(name!, Number(trailing)),
  snapshot: (world, [word]) => world.cluster.sendSnapshot(...link(word)),
  snapshotFailed: (world, [word]) => {
    const [from, to] = link(word);
    world.member(from).node.snapshotFailed(id(to));
  },

  unreachable: (world, [word]) => {
    const [from, to] = link(word);
    world.member(from).node.unreachable(id(to));
    world.touched(world.member(from));
  },

  // --- elections
  /** Its election timer runs out; nobody hears of it yet. */
  campaign: (world, [name]) => {
    const { view } = world.member(name).node;
    const { role, term } = view;
    for (let n = 0; n < 100 && view.role === role && view.term === term; n++) tick(world, name!, false);
  },
  /** It alone lets time go by until it leads. */
  elect: (world, [name]) => {
    const { view } = world.member(name).node;
    for (let n = 0; n < 200 && view.role !== 'leader'; n++) tick(world, name!, true);
    if (view.role !== 'leader') throw new Error(`${name} was not elected: ${view.role}`);
  },
  /** It is told to campaign, as after a transfer of leadership. */
  call: at((member, world) => {
    world.cluster.step({ type: 'timeout-now', from: id('operator'), to: member.id, term: member.term });
  }),
  forget: at(({ node }) => node.forgetLeader()),
  hint: at(({ node }) => node.campaignHint()),

  // --- what hosts ask for
  propose: at(({ node }, world, texts) => world.ended(node.propose(texts.map(data)))),
  change: at(({ node }, world, words) => world.ended(node.proposeConfiguration(parseConfiguration(words)))),
  transfer: (world, [word]) => {
    const [from, to] = link(word);
    world.result = world.member(from).node.transferLeadership(id(to));
    world.touched(world.member(from));
  },
  read: at(({ node }, _, [context]) => node.readIndex(Number(context))),
  stalled: at(({ node }) => node.stalled()),
};
