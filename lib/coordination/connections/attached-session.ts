import type { SessionId } from '../../base/index.js';
import type { Outcome } from '../../replica/index.js';
import {
  encodeCommand,
  type Identity,
  type Machine,
  type PlainCommand,
  type TreeOp,
} from '../../state/index.js';
import type { WatchKind, WatchTable } from '../watches/index.js';
import { Pipeline, type PipelineHost } from './pipeline.js';
import type { ClientLink, SessionKey } from './types.js';

export interface AttachedSessionParts extends PipelineHost {
  readonly key: SessionKey;
  readonly attachment: number;
  readonly timeoutMs: number;
  readonly link: ClientLink;
  /** Names the connection in the table of watches. */
  readonly watcher: number;
  readonly watches: WatchTable;
  readonly machine: () => Machine;
  /** Calls back once everything acknowledged anywhere before is applied here; false: nobody could say. */
  readonly confirm: (done: (confirmed: boolean) => void) => void;
  /** The client sent something. */
  readonly heard: (session: SessionId) => void;
  /** Given for a session that this member alone knows, for reads: who its client is. */
  readonly alone?: readonly Identity[];
}

/** A session as long as one connection of this member has it: what its client asks, in order. */
export class AttachedSession {
  private readonly parts: AttachedSessionParts;
  private readonly pipeline: Pipeline;
  private known: readonly Identity[];

  constructor(parts: AttachedSessionParts) {
    this.parts = parts;
    this.pipeline = new Pipeline(parts);
    this.known = parts.alone ?? parts.machine().coordination.get(parts.key.session)?.identities ?? [];
  }

  /** Nobody else knows of it, and it can only read. */
  get readOnly(): boolean {
    return this.parts.alone !== undefined;
  }

  get session(): SessionId {
    return this.parts.key.session;
  }

  get password(): Uint8Array {
    return this.parts.key.password;
  }

  get attachment(): number {
    return this.parts.attachment;
  }

  get timeoutMs(): number {
    return this.parts.timeoutMs;
  }

  get watcher(): number {
    return this.parts.watcher;
  }

  get link(): ClientLink {
    return this.parts.link;
  }

  /** Requests that are not answered. */
  get depth(): number {
    return this.pipeline.depth;
  }

  get waitingSinceMs(): number | null {
    return this.pipeline.waitingSinceMs;
  }

  /** Who its client is, as of now; once its session has ended, as of then: it still hears what went with it. */
  get identities(): readonly Identity[] {
    this.known = this.parts.machine().coordination.get(this.session)?.identities ?? this.known;
    return this.known;
  }

  heard(): void {
    this.parts.heard(this.session);
  }

  write(ops: readonly TreeOp[], multi: boolean, done: (outcome: Outcome) => void): void {
    const { session, attachment } = this;
    this.propose({ kind: 'coordination-write', session, attachment, ops, multi }, done);
  }

  authenticate(identity: Identity, done: (outcome: Outcome) => void): void {
    const { session, attachment } = this;
    if (this.readOnly) {
      this.known = [...this.known, identity];
      return this.here(done);
    }
    this.propose({ kind: 'coordination-authenticate', session, attachment, identity }, (outcome) => {
      this.known = this.identities;
      done(outcome);
    });
  }

  close(done: (outcome: Outcome) => void): void {
    const { session, attachment } = this;
    if (this.readOnly) return this.here(done);
    this.propose({ kind: 'coordination-close', session, attachment }, done);
  }

  /** `run` sees the state right after the writes that were asked for before, and none of those asked for later. */
  read(run: (machine: Machine) => void): void {
    this.pipeline.read(() => run(this.parts.machine()));
  }

  /** The machine that `done` gets shows everything that was acknowledged to anybody before; null: nobody could say. */
  sync(done: (machine: Machine | null) => void): void {
    this.exclusive((machine, ended) => {
      done(machine);
      ended();
    });
  }

  /** As `sync`; what is asked for later waits until `ended` is called. */
  exclusive(begin: (machine: Machine | null, ended: () => void) => void): void {
    this.pipeline.barrier((ended) => {
      this.parts.confirm((confirmed) => begin(confirmed ? this.parts.machine() : null, ended));
    });
  }

  watch(path: string, kind: WatchKind): void {
    this.parts.watches.add(this.watcher, path, kind);
  }

  watches(path: string, kind: WatchKind | 'any'): boolean {
    return this.parts.watches.has(this.watcher, path, kind);
  }

  unwatch(path: string, kind: WatchKind | 'any'): boolean {
    return this.parts.watches.remove(this.watcher, path, kind);
  }

  /** Its connection is gone: nothing more is answered. What was proposed goes its way. */
  release(): void {
    this.pipeline.close();
    this.parts.watches.removeWatcher(this.watcher);
  }

  /** What concerns a session that nobody else knows of is done at once. */
  private here(done: (outcome: Outcome) => void): void {
    const { revision } = this.parts.machine();
    done({ kind: 'applied', result: { ok: true, revision, value: { kind: 'nothing' } }, term: 0 });
  }

  private propose(command: PlainCommand, done: (outcome: Outcome) => void): void {
    this.pipeline.write(encodeCommand(command), done);
  }
}
