import type { NodeId, SeededRandom } from '../../lib/base/index.js';
import { simpleConfiguration, type Message, type Role, type Term } from '../../lib/raft/index.js';
import { AllChecks, OutcomeChecks, type Checks } from './checks.js';
import { Clients } from './clients.js';
import { SimDisk } from './disk.js';
import { Front } from './front.js';
import { History } from './history.js';
import { EMPTY_STATE, type Cut } from './machine.js';
import { drawConfiguration, membersOf, wayOut } from './membership.js';
import { Nemesis, type NemesisPorts } from './nemesis.js';
import { SimNetwork } from './network.js';
import type { SwarmOptions } from './options.js';
import { SimProcess, type ProcessPorts } from './process.js';
import { noCounts, type RunCounts } from './report.js';
import { MS, type Schedule } from './schedule.js';
import { StateTransfer } from './state-transfer.js';
import type { Trace } from './trace.js';

/** A refused connection tells the peers of a dead process within this time (ms). */
const HINT_MS = 20;

/** All nodes of one run, wired to one network, one history and one set of checks. */
export class Cluster {
  readonly processes: readonly SimProcess[];
  readonly network: SimNetwork<Message>;
  readonly history: History = new History();
  readonly clients: Clients;
  readonly nemesis: Nemesis;
  readonly counts: RunCounts = noCounts();
  private readonly front: Front;
  private readonly checks: Checks;
  /** Role and term of each process when last looked at. */
  private readonly roles: { role: Role; term: Term }[];
  private readonly transfers: StateTransfer;
  private readonly numberOf: ReadonlyMap<NodeId, number>;
  private readonly options: SwarmOptions;
  private readonly schedule: Schedule;
  private readonly trace: Trace;
  private readonly hostRandom: SeededRandom;

  constructor(
    options: SwarmOptions,
    random: SeededRandom,
    schedule: Schedule,
    trace: Trace,
    outcomesOnly: boolean,
  ) {
    this.options = options;
    this.schedule = schedule;
    this.trace = trace;
    const ids = nodeIds(options.voters + options.learners + options.spares);
    this.numberOf = new Map(ids.map((id, number) => [id, number]));
    this.hostRandom = random.split();
    this.network = new SimNetwork(
      ids.length,
      schedule,
      random.split(),
      options.network,
      (from, to, message) => this.deliver(from, to, message),
    );
    const first = firstCut(ids, options);
    const disks = ids.map(() => new SimDisk(first));
    this.processes = ids.map((id, number) => {
      const streams = { core: random.split(), disk: random.split(), host: random.split() };
      return new SimProcess(number, id, disks[number]!, options, schedule, streams, this.processPorts());
    });
    this.roles = ids.map(() => ({ role: 'follower', term: 0 }));
    this.checks = outcomesOnly ? new OutcomeChecks() : new AllChecks(this.processes, this.numberOf);
    this.transfers = new StateTransfer(
      this.processes,
      this.numberOf,
      this.network,
      schedule,
      random.split(),
      trace,
      options.faults.snapshotFails,
    );
    const { processes, numberOf, history, counts } = this;
    this.front = new Front({ processes, numberOf, history, counts, schedule, trace });
    this.clients = new Clients(this.front, options.clients, schedule, random.split());
    const [faults, points] = [random.split(), random.split()];
    const ports = this.nemesisPorts();
    this.nemesis = new Nemesis(this.processes, this.network, options.faults, schedule, faults, points, ports);
  }

  start(): void {
    for (const process of this.processes) this.startProcess(process);
  }

  /** Ends all faults: links mend, the dead start, the paused go on, disks are quick. */
  heal(): void {
    this.nemesis.stop();
    this.network.heal();
    this.transfers.heal();
    for (const process of this.processes) {
      process.calm();
      if (process.paused) process.resume();
      if (!process.running) this.startProcess(process);
    }
  }

  /** What is dear: looked at once, at the end of a run. */
  finalChecks(leader: SimProcess): void {
    this.checks.finished(leader);
  }

  /** Changes the membership, or goes on with a change that has begun. */
  reconfigure(leader: SimProcess): void {
    const { configuration } = leader.node.view;
    const ids = this.processes.map((process) => process.id);
    const next =
      configuration.outgoing.length > 0 ? wayOut(configuration) : drawConfiguration(this.hostRandom, ids, 0);
    leader.input((node) => {
      const result = node.proposeConfiguration(next);
      if (result.ok) this.counts.configurations++;
      this.event('fault', leader, result.ok ? result.index : 0, 0, `reconfigure ${JSON.stringify(next)}`);
    });
  }

  /** The processes that the configuration in force at `leader` names: the others may be behind for ever. */
  members(leader: SimProcess): SimProcess[] {
    const members = membersOf(leader.node.view.configuration);
    return this.processes.filter((process) => members.has(process.id));
  }

  /** The leader of the highest term among the processes, or null. */
  leader(): SimProcess | null {
    let best: SimProcess | null = null;
    for (const process of this.processes) {
      if (!process.running || process.node.view.role !== 'leader') continue;
      if (best === null || process.node.view.term > best.node.view.term) best = process;
    }
    return best;
  }

  private startProcess(process: SimProcess): void {
    process.start();
    if (process.boot > 1) this.counts.crashRestarts++;
    this.event('boot', process, process.boot, process.disk.hardState.term);
  }

  private crash(process: SimProcess, downMs: number): void {
    process.kill(this.hostRandom.uint32() < 0x8000_0000);
    this.checks.stopped(process);
    this.front.processEnded(process);
    this.event('crash', process, process.boot, 0);
    if (this.options.faults.hints) this.hintPeers(process);
    this.schedule.after(downMs * MS, () => {
      if (!process.running) this.startProcess(process);
    });
  }

  /** The peers' connections to a dead process end from its side, and dialling again fails. */
  private hintPeers(dead: SimProcess): void {
    for (const peer of this.processes) {
      if (peer === dead) continue;
      const delayUs = (this.hostRandom.uint32() / 0x1_0000_0000) * HINT_MS * MS;
      this.schedule.after(delayUs, () => {
        if (peer.running && this.network.connected(peer.number, dead.number)) this.hint(peer, dead);
      });
    }
  }

  private hint(peer: SimProcess, dead: SimProcess): void {
    peer.input((node) => node.unreachable(dead.id));
    if (!peer.running || peer.node.view.leader !== dead.id) return;
    const campaigns = this.hostRandom.uint32() < 0xc000_0000;
    this.counts.hints++;
    this.event(
      'fault',
      peer,
      dead.number,
      campaigns ? 1 : 0,
      campaigns ? 'campaign hint' : 'forgets its leader',
    );
    peer.input((node) => (campaigns ? node.campaignHint() : node.forgetLeader()));
  }

  private deliver(from: number, to: number, message: Message): void {
    const process = this.processes[to]!;
    if (!process.running) return;
    this.event('deliver', process, from, message.term, message);
    process.receive(message);
  }

  private noteRole(process: SimProcess): void {
    const { role, term } = process.node.view;
    const seen = this.roles[process.number]!;
    if (role === seen.role && term === seen.term) return;
    if (role === 'leader') this.counts.elections++;
    seen.role = role;
    seen.term = term;
    this.event('role', process, term, role.length, role);
  }

  private processPorts(): ProcessPorts {
    return {
      started: (process) => this.checks.started(process),
      stepped: (process, cause) => {
        this.noteRole(process);
        this.checks.stepped(process, cause);
      },
      reported: (process) => this.checks.reported(process),
      ticked: (process) => this.checks.ticked(process),
      emitted: (process, message) => {
        this.checks.emitted(process, message);
        this.nemesis.emitted(process, message);
        const to = this.numberOf.get(message.to)!;
        const sent = this.network.send(process.number, to, message);
        this.event(sent ? 'send' : 'lose', process, to, message.term, message);
      },
      writes: (process, batch) => {
        this.checks.writes(process, batch);
        this.event('write', process, batch.entries.length, batch.truncateFrom ?? 0);
      },
      wrote: (process, batch) => {
        this.checks.wrote(process, batch);
        if (batch.snapshot !== null) this.counts.snapshotInstalls++;
        this.event('durable', process, process.disk.lastIndex(), process.disk.hardState.term);
      },
      applied: (process, state, entry) => {
        this.front.applied(process, state, entry, this.checks.applied(process, state, entry));
        this.event(entry === null ? 'install' : 'apply', process, state.index, state.digest);
      },
      reached: (process, index) => process.input((node) => node.applied(index)),
      cutWritten: (process, cut) => this.event('cut', process, cut.meta.index, process.disk.base().index),
      readAnswered: (process, read) => this.front.answered(process, read),
      snapshotWanted: (process, peer) => this.transfers.wanted(process, peer),
      crashesAt: (process, point) => this.nemesis.crashesAt(process, point),
    };
  }

  private nemesisPorts(): NemesisPorts {
    return {
      crash: (process, downMs) => this.crash(process, downMs),
      leader: () => this.leader(),
      transfer: (from, to) => {
        this.counts.transfers++;
        from.input((node) => node.transferLeadership(to.id));
      },
      reconfigure: (leader) => this.reconfigure(leader),
      read: (process) => this.front.read(process.number),
      flood: (leader, count) => this.clients.flood(leader.number, count),
      note: (text, heals) => this.event(heals ? 'heal' : 'fault', null, text.length, 0, text),
    };
  }

  private event(
    kind: Parameters<Trace['event']>[1],
    process: SimProcess | null,
    x: number,
    y: number,
    detail?: Message | string,
  ): void {
    this.trace.event(this.schedule.now, kind, process?.number ?? -1, x, y, detail);
  }
}

function nodeIds(count: number): NodeId[] {
  return Array.from({ length: count }, (_, i) => `n${i + 1}@sim` as NodeId);
}

function firstCut(ids: readonly NodeId[], { voters, learners }: SwarmOptions): Cut {
  const configuration = simpleConfiguration(ids.slice(0, voters), ids.slice(voters, voters + learners));
  return { meta: { index: 0, term: 0, configuration }, state: EMPTY_STATE };
}
