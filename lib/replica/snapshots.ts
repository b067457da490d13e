import { memberOf, type NodeId } from '../base/index.js';
import type { RaftNode } from '../raft/index.js';
import { expectKnownRecord } from '../state/index.js';
import type { CutMeta, InstalledState } from '../storage/types.js';
import type { SnapshotStart, Transport } from '../transport/types.js';
import type { Cuts } from './cuts.js';
import { Installation } from './installation.js';
import type { ReplicaOptions } from './ports.js';
import type { Roster } from './roster.js';
import { SnapshotIntake } from './snapshot-receiver.js';
import { SnapshotSender } from './snapshot-sender.js';

export interface SnapshotsHost {
  readonly options: ReplicaOptions;
  readonly transport: Transport;
  readonly roster: Roster;
  readonly raft: RaftNode;
  readonly cuts: Cuts;
  readonly stopped: () => boolean;
  readonly appliedIndex: () => number;
  /** An installation began or ended. */
  readonly changed: () => void;
  /** The log names another state: nothing may be applied to the one in memory any more. */
  readonly suspend: () => void;
  readonly load: () => Promise<void>;
  readonly schedule: () => void;
  readonly fatal: (error: unknown) => void;
}

/** States that go from one member to another: sent, received, and put in the place of the one in force. */
export class Snapshots {
  private readonly host: SnapshotsHost;
  private readonly sender: SnapshotSender;
  private readonly receiver: SnapshotIntake;
  private readonly installation: Installation;

  constructor(host: SnapshotsHost) {
    this.host = host;
    this.sender = this.makeSender();
    this.installation = this.makeInstallation();
    const { disk, logger } = host.options;
    this.receiver = new SnapshotIntake({
      receive: (id, meta) => disk.receive(id, meta, expectKnownRecord),
      appliedIndex: host.appliedIndex,
      install: (start, meta, state) => this.installation.install(start, meta, state),
      fatal: host.fatal,
      logger,
    });
  }

  /** A state is about to take the place of the one in force. */
  get installing(): boolean {
    return this.installation.active;
  }

  /** What goes with the batch that replaces the log. */
  get installed(): InstalledState {
    return this.installation.state;
  }

  /** That batch is durable. */
  committed(): void {
    this.installation.committed();
  }

  send(peer: NodeId): void {
    this.sender.send(peer);
  }

  /** Log entries above this index are needed by receivers; null when there are none. */
  pinnedIndex(): number | null {
    return this.sender.pinnedIndex();
  }

  offered(start: SnapshotStart): ReturnType<SnapshotIntake['offered']> {
    return this.receiver.offered(start);
  }

  private makeSender(): SnapshotSender {
    const { options, transport, roster, raft } = this.host;
    const { disk, limits, logger, clock, timers, release } = options;
    return new SnapshotSender({
      self: disk.identity.nodeId,
      release,
      transport,
      store: () => disk.state,
      logBytes: () => disk.log?.sizeBytes() ?? 0,
      term: () => raft.status().term,
      clock,
      timers,
      limits,
      progress: (peer) => this.progressOf(peer),
      reaches: (peer) => roster.answering(memberOf(peer)) === peer,
      sent: (peer) => this.stepLater(() => raft.snapshotSent(peer)),
      failed: (peer) => this.stepLater(() => raft.snapshotFailed(peer)),
      logger,
    });
  }

  private progressOf(peer: NodeId): { match: number; near: boolean } | null {
    const { peers, lastIndex } = this.host.raft.status();
    const match = peers.find(({ id }) => id === peer)?.match;
    if (match === undefined) return null;
    return { match, near: match >= lastIndex - this.host.options.limits.logTailEntries / 2 };
  }

  private makeInstallation(): Installation {
    const { options, cuts, stopped, appliedIndex, changed, suspend, load, fatal } = this.host;
    const offer = (start: SnapshotStart, meta: CutMeta): boolean => this.offer(start, meta);
    return new Installation({
      disk: options.disk,
      cuts,
      stopped,
      appliedIndex,
      offer,
      changed,
      suspend,
      load,
      fatal,
    });
  }

  /** Consensus takes it only when its log does not already reach there. */
  private offer({ from, term }: SnapshotStart, meta: CutMeta): boolean {
    const { raft, options, schedule } = this.host;
    const before = raft.view.baseIndex();
    const { index, configuration } = meta;
    const point = { index, term: meta.term, configuration };
    raft.step({ type: 'snapshot', from, to: options.disk.identity.nodeId, term, meta: point });
    schedule();
    return raft.view.baseIndex() !== before;
  }

  /** For callbacks that come from outside a turn. */
  private stepLater(step: () => void): void {
    if (this.host.stopped()) return;
    step();
    this.host.schedule();
  }
}
