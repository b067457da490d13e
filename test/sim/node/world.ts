import {
  TepuiError,
  pick,
  SeededRandom,
  between,
  chance,
  type Logger,
  type MemberId,
  type NodeId,
  type Random,
} from '../../../lib/base/index.js';
import { ClusterChecker, type Message } from '../../../lib/raft/index.js';
import { MS, type Schedule } from '../schedule.js';
import { Calls } from './calls.js';
import { ChangeRules } from './change-rules.js';
import { SimClient } from './client.js';
import { SessionClient, type SessionClientPorts } from './coordination/client.js';
import { SessionModel } from './coordination/sessions.js';
import { Council } from './council.js';
import { noNodeCounts, type NodeCounts } from './counts.js';
import { SimAgent, type AgentPorts } from './agent.js';
import { SimFramework } from './framework.js';
import { Ledger } from './ledger.js';
import { Atlas } from './atlas.js';
import { DAMAGES, inflict, type Copy, type Damage } from './damage.js';
import { NodeDisk } from './disk.js';
import { NodeHistory } from './history.js';
import { insideOf } from './inside.js';
import { LeaseRule } from './leases.js';
import { Words } from './word.js';
import { Bounds } from './bounds.js';
import { Host, MachineClock, type Running } from './host.js';
import { Life } from './life.js';
import { Marks, type Mark } from './marks.js';
import { SimNode, type Invitation } from './node.js';
import { Operator } from './operator.js';
import { Promises } from './promises.js';
import { attach, consensusOf } from './observe.js';
import { readDisk } from './on-disk.js';
import type { NodeOptions } from './options.js';
import { Oracle } from './oracle.js';
import type { NodeTrace } from './trace.js';
import { describe as describeMessage } from '../trace.js';
import { SimWires } from './wire.js';

/** Slack (ms) that a door has beyond the deadlines of its member before a call counts as forgotten. */
const CALL_SLACK_MS = 3000;

/** A process that ended by itself is started again after this long. */
const SUPERVISOR_MS = 300;

/** Between two looks at what states the group is in. */
const WATCH_MS = 100;

/** Kinds of damage that are tried, until one of them is within what the group promises to survive. */
const DAMAGE_ATTEMPTS = 4;

/** How a process ends that nobody meant to end. */
export type Ending = 'kill' | 'power';

/** A group of whole masters with everything around it. */
export class World {
  readonly nodes: readonly SimNode[];
  readonly wires: SimWires;
  readonly ledger: Ledger = new Ledger();
  readonly oracle: Oracle = new Oracle(
    (events, machine) => this.ledger.applied(events, machine),
    (index, configuration) => this.council.committed(index, configuration),
  );
  readonly council: Council = new Council(
    () => this.schedule.now,
    () => this.oracle.machine.membership,
    (mark) => this.marks.see(mark),
    () => this.checker.lastCommitted,
  );
  readonly history: NodeHistory;
  readonly checker: ClusterChecker = new ClusterChecker();
  readonly clients: readonly SimClient[];
  readonly agents: readonly SimAgent[];
  readonly frameworks: readonly SimFramework[];
  readonly operator: Operator;
  /** Of ZooKeeper's protocol. */
  readonly sessionClients: readonly SessionClient[];
  readonly calls: Calls;
  readonly atlas: Atlas;
  readonly words: Words = new Words();
  readonly leases: LeaseRule = new LeaseRule();
  readonly bounds: Bounds;
  readonly marks: Marks = new Marks();
  readonly counts: NodeCounts = noNodeCounts();
  /** The first broken rule: the run ends with it. */
  broken: unknown = null;
  /** Effects (messages, writes) until a process ends in the middle of a turn. */
  effectsToCrash = Infinity;
  onCrashPoint: (node: SimNode) => void = () => undefined;
  /** A leader began to change the voters. */
  onJoint: (leader: SimNode) => void = () => undefined;
  readonly running: Running = { host: null };
  private readonly options: NodeOptions;
  private readonly schedule: Schedule;
  private readonly trace: NodeTrace;
  private readonly lifeRandom: SeededRandom;
  private readonly landRandom: Random;
  private readonly loopRandom: Random;
  private readonly rules: ChangeRules;
  private readonly promises: Promises;

  constructor(options: NodeOptions, random: SeededRandom, schedule: Schedule, trace: NodeTrace) {
    this.options = options;
    this.schedule = schedule;
    this.trace = trace;
    this.bounds = new Bounds(options.limits, () => schedule.now);
    const { members, clients } = options;
    const { agents, frameworks } = options.cluster;
    const { spares } = options.operator;
    const masters = members + spares;
    const machines = masters + clients.count + agents + frameworks + 1;
    this.wires = new SimWires(machines + options.sessions.clients, options.wires, schedule, random.split());
    this.lifeRandom = random.split();
    this.landRandom = random.split();
    this.loopRandom = random.split();
    const clockRandom = random.split();
    this.nodes = Array.from({ length: masters }, (_, i) => this.makeNode(i, clockRandom, random.split()));
    for (const spare of this.nodes.slice(members)) spare.enrolled = false;
    this.atlas = new Atlas(
      {
        applied: () => this.oracle.last,
        voters: () => this.voters(),
        isMember: (node) => this.council.isMember(node.id),
        changing: () => this.operator.busy,
        nodes: () => this.nodes,
        acknowledged: (folder) => this.words.acknowledged(folder),
      },
      (node, damage) => {
        this.event('heal', node, 0, 0, `whole again after ${damage}`);
        this.marks.healed(damage);
        this.counts.healed++;
        if (node.folder !== null) this.checker.repaired(node.folder);
      },
    );
    for (const node of this.nodes) node.disk.onWrite = () => this.effect(node);
    this.promises = new Promises(schedule, { applied: () => this.oracle.last, nodes: () => this.nodes });
    this.rules = new ChangeRules(this, options.limits, schedule);
    this.history = new NodeHistory(this.oracle.model);
    const { proposalDeadlineMs, readDeadlineMs } = options.limits;
    const limitMs = 2 * Math.max(proposalDeadlineMs, readDeadlineMs) + CALL_SLACK_MS;
    this.calls = new Calls(this.nodes, this.wires, schedule, random.split(), limitMs);
    this.clients = Array.from(
      { length: clients.count },
      (_, i) => new SimClient(masters + i, clients, random.split(), this.clientPorts(i)),
    );
    const first = masters + clients.count;
    const { taskMs } = options.cluster;
    this.agents = Array.from({ length: agents }, (_, i) => {
      return new SimAgent(first + i, taskMs, random.split(), this.agentPorts(clients.count + i));
    });
    this.frameworks = Array.from({ length: frameworks }, (_, i) => {
      const at = agents + i;
      return new SimFramework(first + at, random.split(), this.agentPorts(clients.count + at));
    });
    this.operator = new Operator(machines - 1, options.operator, random.split(), {
      world: this,
      calls: this.calls,
      council: this.council,
      note: (text) => this.event('fault', null, 0, 0, text),
    });
    this.sessionClients = this.makeSessionClients(machines, random);
  }

  /** Looks around now and then, for as long as the run lasts. */
  watch(): void {
    this.marks.look(this.nodes);
    this.bounds.look(this.nodes);
    this.rules.sample();
    this.promises.look();
    this.schedule.after(WATCH_MS * MS, () => this.watch());
  }

  /** Machines on which a process is meant to run. */
  get serving(): readonly SimNode[] {
    return this.nodes.filter(({ enrolled }) => enrolled);
  }

  nodeOf(id: MemberId): SimNode {
    return this.nodes.find((node) => node.id === id)!;
  }

  /** A machine with an empty disk is to join the group. */
  enrol(node: SimNode, invitation: Invitation): void {
    node.enrolled = true;
    node.awaited = true;
    node.invitation = invitation;
    this.start(node);
  }

  /** The machine is given back: nothing stays on it. */
  retire(node: SimNode): void {
    this.event('fault', node, 0, 0, 'the machine is given back');
    this.crash(node, 'kill');
    node.enrolled = false;
    node.awaited = false;
    node.lingers = false;
    node.dismissed = false;
    node.invitation = null;
    node.folder = null;
    node.view = null;
    node.votesLost = null;
    node.copy = null;
    node.failing = false;
    node.disk.memory = node.disk.empty();
  }

  start(node: SimNode): void {
    if (node.life !== null || !node.enrolled || node.barred || node.dismissed) return;
    node.dark = false;
    node.lives++;
    node.startedUs = this.schedule.now;
    const host: Host = new Host({
      schedule: this.schedule,
      clock: node.clock,
      random: this.loopRandom,
      loopUs: this.options.loopUs,
      uncaught: (error) => this.died(node, life, error),
      running: this.running,
    });
    const life: Life = new Life({
      id: node.id,
      address: SimWires.address(node.number, node.port),
      peers: this.peersOf(node),
      token: node.invitation?.token ?? null,
      host,
      disk: node.disk,
      wire: this.wires.wire(node.number, host, node.port),
      random: this.lifeRandom.split(),
      logger: node.logger,
      options: this.options,
      fatal: (error) => this.died(node, life, error),
      member: (member, formed) => {
        node.opened = formed;
        member.listen({
          leadership: (view) => {
            this.event('view', node, view.term, view.kind.length, view.kind);
            if (view.kind === 'leading') this.counts.elections++;
            if (view.kind === 'elected') this.guard(() => this.promises.elected(node));
          },
          cut: (index, digest) => {
            this.event('cut', node, index, 0);
            this.guard(() => this.oracle.cut(node.id, index, digest));
            this.bounds.cut(node, index);
          },
          reset: () => {
            this.counts.snapshotInstalls++;
            const running = consensusOf(member);
            if (running !== null) this.marks.installed(running.raft.view);
            this.event('reset', node, 0, 0);
          },
          applied: () => undefined,
        });
      },
      met: (folder) => this.promises.metBy(node, folder),
      running: (member) => this.observe(node, life, member),
    });
    node.life = life;
    this.promises.begins(node);
    this.event('start', node, node.lives, 0);
    this.wires.powerBack(node.number);
    life.start();
  }

  /** Ends the process of `node` at once, whatever it is doing. */
  crash(node: SimNode, ending: Ending): void {
    const { life } = node;
    if (life === null) return;
    this.event('crash', node, ending === 'power' ? 1 : 0, 0, ending);
    this.counts.crashes++;
    this.end(node, life, ending);
  }

  /** Damages the disk of a machine that is down. The atlas was asked before, and named the voters. */
  damage(node: SimNode, voters: readonly NodeId[], damages: readonly Damage[], random: Random): void {
    if (node.life !== null || damages.length === 0) return;
    for (let attempt = 0; attempt < DAMAGE_ATTEMPTS; attempt++)
      if (this.tryDamage(node, voters, pick(random, damages), random)) return;
  }

  /** Takes the damage back when it is more than the group promises to survive. */
  private tryDamage(node: SimNode, voters: readonly NodeId[], damage: Damage, random: Random): boolean {
    const copy = node.copy !== null && node.copy.lives < node.lives ? node.copy : null;
    const before = readDisk(node.disk.memory);
    const undo = node.disk.save();
    const done = inflict(damage, node.disk, random, copy);
    if (done === null) return false;
    if (!this.atlas.survives(node, damage, before, voters)) {
      undo();
      this.counts.spared++;
      this.event('fault', node, DAMAGES.indexOf(damage), 1, `taken back: ${damage}: ${done}`);
      return false;
    }
    this.harmed(node, damage, done, copy);
    return true;
  }

  private harmed(node: SimNode, damage: Damage, done: string, copy: Copy | null): void {
    this.event('fault', node, DAMAGES.indexOf(damage), 0, `${damage}: ${done}`);
    this.counts.damages++;
    node.votesLost = damage === 'witness' ? node.folder : null;
    this.atlas.wounded(node, damage);
    if (damage === 'witness-slot') return;
    for (const folder of new Set([node.folder, damage === 'stale-folder' ? (copy?.folder ?? null) : null]))
      if (folder !== null) this.checker.damaged(folder);
  }

  /** An error that ends the process, or a broken rule. */
  private died(node: SimNode, life: Life, error: unknown): void {
    if (node.life !== life || !life.host.alive) return;
    this.event('end', node, 0, 0, String((error as Error | null)?.stack ?? error));
    if (!this.expected(node, error)) this.fail(error);
    this.end(node, life, 'kill');
    this.counts.selfEnded++;
    // Whatever supervises processes starts it again.
    this.schedule.after(SUPERVISOR_MS * MS, () => this.start(node));
  }

  /** What a process may end of by itself: a write that failed, and damage that it or its peers found. */
  private expected(node: SimNode, error: unknown): boolean {
    if (!(error instanceof TepuiError)) return false;
    if (error.code === 'TOKEN_REFUSED') return this.tokenRefused(node);
    if (error.code === 'STORAGE' && node.failing) {
      node.failing = false;
      this.marks.see('process ended by a failed write');
      return true;
    }
    if (error.code === 'REMOVED') return this.learntOfRemoval(node);
    if (error.code === 'RETIRED') return this.atlas.isWounded(node);
    if (error.code !== 'DAMAGED' || !this.atlas.isWounded(node)) return false;
    if (error.message.includes('copy from the past')) this.marks.see('copy from the past found out');
    return true;
  }

  /** It is told that it is no member any more: nobody starts it again. */
  private learntOfRemoval(node: SimNode): boolean {
    this.marks.see('removed member found out');
    node.dismissed = true;
    return !this.council.isMember(node.id);
  }

  /** Its folder was lost after it had used its token, and before the group had let it in. */
  private tokenRefused(node: SimNode): boolean {
    const { invitation } = node;
    if (invitation === null) return false;
    const { membership } = this.oracle.machine;
    const usedBy = membership.token(invitation.hash)?.usedBy ?? '';
    this.schedule.after(0, () => {
      if (!this.council.isMember(node.id)) this.retire(node);
    });
    const folder = node.life?.member?.status().self.nodeId;
    // It was used by another one; or by this one, which was removed before it heard that it was let in.
    return usedBy !== '' && (usedBy !== folder || membership.retired(usedBy) !== null);
  }

  private end(node: SimNode, life: Life, ending: Ending): void {
    const running = life.member === null ? null : consensusOf(life.member);
    node.endedUs = this.schedule.now;
    this.bounds.ended(node);
    if (running !== null) {
      node.lastIndex = running.log.lastIndex();
      this.marks.ends(running.raft.view);
    }
    node.dark = ending === 'power';
    node.ended();
    node.disk.cut(ending === 'power', () => chance(this.landRandom, 0.5));
    if (chance(this.landRandom, 0.2))
      node.copy = { image: node.disk.memory.image(), lives: node.lives, folder: node.folder };
    if (running !== null) this.checker.stopped(running.raft.view.id);
    if (ending === 'power') this.wires.powerLost(node.number);
    else this.wires.ended(node.number, life.host);
  }

  /** Whatever breaks a rule ends the run, wherever it is thrown. */
  guard(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** Nobody handles a rejection: it ends the process that it happened in, as `lib/node/fatal.ts` has it. */
  rejected(error: unknown): void {
    const { host } = this.running;
    if (host === null) this.fail(error);
    else host.uncaught(error);
  }

  fail(error: unknown): void {
    this.broken ??= error;
  }

  event(
    kind: Parameters<NodeTrace['event']>[1],
    node: SimNode | null,
    x: number,
    y: number,
    text = '',
  ): void {
    this.trace.event(this.schedule.now, kind, node?.number ?? -1, x, y, text);
  }

  /** The member that leads the highest term, complete. */
  leader(): SimNode | null {
    let best: SimNode | null = null;
    let term = -1;
    for (const node of this.nodes) {
      const view = node.life?.member?.leadership();
      if (view?.kind !== 'leading' || view.term <= term) continue;
      best = node;
      term = view.term;
    }
    return best;
  }

  seeJoint(mark: Mark): void {
    const member = this.leader()?.life?.member ?? null;
    const view = member === null ? undefined : consensusOf(member)?.raft.view;
    if (view !== undefined && view.configuration.outgoing.length > 0) this.marks.see(mark);
  }

  /** Folders that vote by what the present leader has committed; null: nobody leads, or two configurations count. */
  voters(): readonly NodeId[] | null {
    const member = this.leader()?.life?.member ?? null;
    const view = member === null ? undefined : consensusOf(member)?.raft.view;
    if (view === undefined || view.configurationIndex > view.commit) return null;
    const { voters, outgoing } = view.configuration;
    return outgoing.length > 0 ? null : voters;
  }

  picture(): string {
    return this.nodes
      .map(({ id, life }) => {
        if (life === null) return `${id} down`;
        if (life.member === null) return `${id} opening`;
        const { role, term, lastIndex, commitIndex, appliedIndex, trouble } = life.member.status();
        return `${id} ${role} term ${term} ${lastIndex}/${commitIndex}/${appliedIndex} (${trouble ?? 'serves'})`;
      })
      .join('; ');
  }

  // -------------------------------------------------------------------------------------------------------

  private observe(node: SimNode, life: Life, member: NonNullable<Life['member']>): void {
    const running = consensusOf(member);
    if (running === null) return;
    node.folder = running.raft.view.id;
    this.council.founded(running.raft.view.configuration);
    const { view } = running.raft;
    node.view = view;
    this.guard(() => this.promises.runs(node, view, running.log.health.kind === 'log-damaged'));
    const inside = insideOf(member)!;
    const { id } = view;
    this.leases.watch(inside, (look) => {
      if (life.host.alive) this.guard(look);
    });
    attach(this.checker, running.raft, running.log, {
      guard: (look) => this.guard(look),
      alive: () => life.host.alive,
      committed: (entry) => {
        this.event('commit', node, entry.index, entry.data.length);
        if (this.oracle.committed(node.id, entry)) this.counts.entries++;
      },
      emitted: (message) => {
        this.promises.says(node, view, message);
        this.emitted(node, life, message);
      },
      stepped: (message) => {
        this.promises.hears(node, view, message);
        this.words.received(id, message);
      },
      handed: (ready) => this.words.handed(id, running.log, ready),
      looked: () => this.leases.look(view),
      proposed: () => {
        if (view.role !== 'leader' || view.configurationIndex !== view.lastIndex) return;
        this.rules.proposed(node, view);
        if (view.configuration.outgoing.length > 0) this.onJoint(node);
      },
    });
  }

  private emitted(node: SimNode, life: Life, message: Message): void {
    this.trace.event(
      this.schedule.now,
      'send',
      node.number,
      message.term,
      message.type.length,
      this.trace.print === null ? '' : describeMessage(message),
    );
    if (life.host.alive) this.effect(node);
  }

  /** Where a process is told that the others are. Whoever changes members keeps that up to date. */
  private peersOf(node: SimNode): ReadonlyMap<MemberId, string> {
    const { council, options } = this;
    const founders = this.nodes.slice(0, options.members);
    const known = options.operator.changeMs > 0 && council.present !== null;
    const others = known ? this.nodes.filter(({ id }) => council.isMember(id)) : founders;
    return new Map(
      others
        .filter(({ id }) => id !== node.id)
        .map(({ id, number, port }) => [id, SimWires.address(number, port)]),
    );
  }

  /** A message or a write leaves a process: a place to end it at. */
  private effect(node: SimNode): void {
    if (--this.effectsToCrash > 0) return;
    this.effectsToCrash = Infinity;
    this.onCrashPoint(node);
  }

  private makeNode(number: number, clockRandom: Random, diskRandom: Random): SimNode {
    const { drift, disk } = this.options;
    const rate = 1 + (drift * between(clockRandom, -100, 100)) / 100;
    const clock = new MachineClock(this.schedule, rate, between(clockRandom, -500, 500));
    const nodeDisk = new NodeDisk(disk, this.schedule, diskRandom);
    return new SimNode(number, nodeDisk, clock, this.makeLogger(number));
  }

  private makeLogger(number: number): Logger {
    const log = (fields: object, message: string): void =>
      this.trace.note(this.schedule.now, number, () => `${message} ${logged(fields)}`);
    const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
    return logger;
  }

  private makeSessionClients(first: number, random: SeededRandom): SessionClient[] {
    const { sessions, drift } = this.options;
    if (sessions.clients === 0) return [];
    const model = new SessionModel({
      nowUs: () => this.schedule.now,
      drift,
      mark: (mark) => this.marks.see(mark),
    });
    this.oracle.model.coordination = model;
    return Array.from({ length: sessions.clients }, (_, i) => {
      const ports = this.sessionPorts(model, 96 + i);
      return new SessionClient(i, first + i, sessions, random.split(), ports);
    });
  }

  private sessionPorts(model: SessionModel, who: number): SessionClientPorts {
    return {
      calls: this.calls,
      model,
      history: this.history,
      counts: this.counts,
      mark: (mark) => this.marks.see(mark),
      note: (what, x, y, text) => this.trace.event(this.schedule.now, what, who, x, y, text),
      spoke: (conversation) => this.guard(() => model.spoke(conversation)),
    };
  }

  private agentPorts(i: number): AgentPorts {
    return {
      calls: this.calls,
      ledger: this.ledger,
      note: (what, x, y, text) => this.trace.event(this.schedule.now, what, 64 + i, x, y, text),
      fail: (error) => this.fail(error),
    };
  }

  private clientPorts(i: number): ConstructorParameters<typeof SimClient>[3] {
    return {
      calls: this.calls,
      history: this.history,
      model: this.oracle.model,
      members: this.nodes.length,
      note: (what, x, y, text) => this.trace.event(this.schedule.now, what, 64 + i, x, y, text),
    };
  }
}

function logged(fields: object): string {
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.message : value));
}
