import {
  DigestMd5Exchange,
  digestIdentities,
  type AttachedSession,
  type SaslUsers,
  type WatchEvent,
} from '../../coordination/index.js';
import type { Outcome } from '../../replica/index.js';
import type { Identity, Machine } from '../../state/index.js';
import {
  beginReply,
  EVENT,
  OP,
  writeBareReply,
  writeEvent,
  writeMultiResults,
  writeTexts,
  XID,
  ZK_ERROR,
  type AuthRequest,
  type JuteWriter,
  type MultiReadRequest,
  type MultiRequest,
  type ReconfigRequest,
  type Request,
  type SaslRequest,
  type SetWatchesRequest,
  type WatchEventType,
  type WriteRequest,
} from '../../wire/zookeeper/index.js';
import { errorNumber } from './error-numbers.js';
import { needsGroup } from './read-only.js';
import { aclRead, descendantCount, multiReadResults, watchableRead, type ReadAnswer } from './reads.js';
import type { Reconfiguration } from './reconfig/reconfiguration.js';
import { errorOf, multiResults, replyToRead, replyToWrite, type Applied } from './replies.js';
import { multiOp, treeOp } from './tree-ops.js';
import { addWatch, checkWatch, removeWatch, restoreWatches } from './watches.js';

/** Up to ZooKeeper 3.8 an event carries no zxid. */
const EVENT_ZXID = -1;

const EVENT_TYPES: Readonly<Record<WatchEvent, WatchEventType>> = {
  created: EVENT.created,
  deleted: EVENT.deleted,
  'data-changed': EVENT.dataChanged,
  'children-changed': EVENT.childrenChanged,
};

export interface Credentials {
  /** Id in the scheme `digest` of whoever may do everything; null: nobody. */
  readonly superDigest: string | null;
  readonly saslUsers: SaslUsers;
  readonly nonce: () => string;
}

/** Changes who the members are; null: whether it is done is not known. */
export type Reconfigure = Reconfiguration['run'];

/** What answers a connection. */
export interface Answering {
  /** Where answers are written; they leave together at the end of the turn. */
  readonly out: JuteWriter;
  /** Something was written. */
  readonly answered: () => void;
  /** Its client could not prove who it says it is. */
  readonly authFailed: () => void;
  /** What was written leaves, then the connection is closed. */
  readonly finish: () => void;
  /** The connection is closed at once: what is unanswered is not known to be done or not. */
  readonly drop: () => void;
}

/** Requests of one connection: what each means for its session, and how it is answered. */
export class RequestHandler {
  private readonly session: AttachedSession;
  private readonly to: Answering;
  private readonly credentials: Credentials;
  private readonly reconfigure: Reconfigure;
  private sasl: DigestMd5Exchange | null = null;

  constructor(session: AttachedSession, to: Answering, credentials: Credentials, reconfigure: Reconfigure) {
    this.session = session;
    this.to = to;
    this.credentials = credentials;
    this.reconfigure = reconfigure;
  }

  handle(xid: number, request: Request): void {
    if (this.session.readOnly && needsGroup(request)) return this.read(xid, () => ZK_ERROR.notReadOnly);
    switch (request.op) {
      case OP.create:
      case OP.create2:
      case OP.createContainer:
      case OP.createTtl:
      case OP.delete:
      case OP.setData:
      case OP.setAcl:
      case OP.check:
        return this.write(xid, request);
      case OP.multi:
        return this.multi(xid, request);
      case OP.exists:
      case OP.getData:
      case OP.getChildren:
      case OP.getChildren2:
        return this.read(xid, (machine) => watchableRead(machine, this.session, request));
      case OP.multiRead:
        return this.read(xid, (machine) => this.multiRead(machine, request));
      case OP.getAcl:
        return this.read(xid, (machine) => aclRead(machine, this.session.identities, request.path));
      case OP.getAllChildrenNumber:
        return this.read(xid, (machine) => descendantCount(machine, this.session.identities, request.path));
      case OP.getEphemerals:
        return this.read(xid, (machine) => this.ephemerals(machine, request.path));
      case OP.whoAmI:
        return this.read(xid, () => this.whoAmI());
      case OP.sync:
        return this.sync(xid, request.path);
      case OP.setWatches:
      case OP.setWatches2:
        return this.setWatches(xid, request);
      case OP.addWatch:
        return this.read(xid, () => {
          const err = addWatch(this.session, request);
          return err === ZK_ERROR.ok ? (w) => void w.int(err) : err;
        });
      case OP.checkWatches:
        return this.read(xid, () => bare(checkWatch(this.session, request)));
      case OP.removeWatches:
        return this.read(xid, () => bare(removeWatch(this.session, request)));
      case OP.auth:
        return this.authenticate(xid, request);
      case OP.sasl:
        return this.saslStep(xid, request);
      case OP.ping:
        return this.read(XID.ping, () => NO_BODY);
      case OP.closeSession:
        return this.close(xid);
      case OP.reconfig:
        return this.reconfig(xid, request);
      case 'unknown':
        return this.session.read(() => {
          writeBareReply(this.to.out, xid, EVENT_ZXID, ZK_ERROR.unimplemented);
          this.to.finish();
        });
    }
  }

  /** A request whose body cannot be read is refused in its turn. */
  malformed(xid: number): void {
    this.read(xid, () => ZK_ERROR.marshallingError);
  }

  event(event: WatchEvent, path: string): void {
    writeEvent(this.to.out, EVENT_ZXID, EVENT_TYPES[event], path);
    this.to.answered();
  }

  private read(xid: number, answer: (machine: Machine) => ReadAnswer): void {
    this.session.read((machine) => {
      replyToRead(this.to.out, xid, machine, answer(machine));
      this.to.answered();
    });
  }

  private write(xid: number, request: WriteRequest): void {
    // The request itself is a view of what was read from the socket, which must not stay in memory until it is answered.
    const { op } = request;
    this.session.write([treeOp(request)], false, (outcome) => {
      this.applied(outcome, (applied) => replyToWrite(this.to.out, xid, op, applied));
    });
  }

  private multi(xid: number, { requests }: MultiRequest): void {
    this.session.write(requests.map(multiOp), true, (outcome) => {
      this.applied(outcome, ({ result }) => {
        if (!result.ok || result.value.kind !== 'multi') {
          return writeBareReply(this.to.out, xid, result.revision, errorOf(result));
        }
        const reply = beginReply(this.to.out, xid, result.revision, ZK_ERROR.ok);
        writeMultiResults(this.to.out, multiResults(requests, result.value.outcomes));
        this.to.out.end(reply);
      });
    });
  }

  private multiRead(machine: Machine, { requests }: MultiReadRequest): ReadAnswer {
    const results = multiReadResults(machine, this.session, requests);
    return typeof results === 'number' ? results : (w) => writeMultiResults(w, results);
  }

  private ephemerals(machine: Machine, prefix: string): ReadAnswer {
    const paths = machine.coordination.ephemerals(this.session.session);
    return (w) =>
      writeTexts(
        w,
        prefix === '' || prefix === '/' ? paths : paths.filter((path) => path.startsWith(prefix)),
      );
  }

  private whoAmI(): ReadAnswer {
    const { identities } = this.session;
    return (w) => void w.vector(identities, ({ scheme, id }) => w.text(scheme).text(shown(scheme, id)));
  }

  private sync(xid: number, path: string): void {
    this.session.sync((machine) => {
      if (machine === null) return this.to.drop();
      replyToRead(this.to.out, xid, machine, (w) => void w.text(path));
      this.to.answered();
    });
  }

  /** What is asked for later waits: it is to find the group as this left it. */
  private reconfig(xid: number, request: ReconfigRequest): void {
    this.session.exclusive((machine, ended) => {
      if (machine === null) return this.to.drop();
      this.reconfigure(request, this.session.identities, (answer, at) => {
        if (answer === null) return this.to.drop();
        replyToRead(this.to.out, xid, at, answer);
        this.to.answered();
        ended();
      });
    });
  }

  private setWatches(xid: number, request: SetWatchesRequest): void {
    this.session.read((machine) => {
      restoreWatches(machine, this.session, request, (event, path) => this.event(event, path));
      writeBareReply(this.to.out, xid, machine.revision, ZK_ERROR.ok);
      this.to.answered();
    });
  }

  private authenticate(xid: number, { scheme, credentials }: AuthRequest): void {
    const identities = this.proven(scheme, credentials);
    if (identities === null) return this.refuseCredentials(xid);
    const last = identities.at(-1);
    for (const identity of identities) {
      this.session.authenticate(identity, (outcome) => {
        this.applied(outcome, ({ result }) => {
          if (identity === last || !result.ok) writeBareReply(this.to.out, xid, 0, errorOf(result));
        });
      });
    }
    if (last === undefined) this.session.read(() => writeBareReply(this.to.out, xid, 0, ZK_ERROR.ok));
  }

  /** Addresses and certificates were looked at when the connection came: nothing more can be proved by saying so. */
  private proven(scheme: string, credentials: Uint8Array): readonly Identity[] | null {
    if (scheme === 'digest') return digestIdentities(credentials, this.credentials.superDigest);
    if (scheme !== 'ip' && scheme !== 'x509') return null;
    return this.session.identities.filter((one) => one.scheme === scheme);
  }

  private refuseCredentials(xid: number): void {
    this.session.read(() => {
      this.to.authFailed();
      writeBareReply(this.to.out, xid, 0, ZK_ERROR.authFailed);
      this.to.finish();
    });
  }

  private saslStep(xid: number, { token }: SaslRequest): void {
    this.sasl ??= new DigestMd5Exchange(this.credentials.saslUsers, this.credentials.nonce());
    const step = this.sasl.step(token);
    const tell = (answer: Uint8Array): void => this.read(xid, () => (w) => void w.buffer(answer));
    switch (step.kind) {
      case 'challenge':
        return tell(step.token);
      case 'failed':
        return this.session.read((machine) => {
          this.to.authFailed();
          const reply = beginReply(this.to.out, xid, machine.revision, ZK_ERROR.authFailed);
          this.to.out.buffer(null);
          this.to.out.end(reply);
          this.to.finish();
        });
      case 'done':
        this.session.authenticate({ scheme: 'sasl', id: step.user }, (outcome) => {
          this.applied(outcome, ({ result }) => {
            const reply = beginReply(this.to.out, xid, result.revision, errorOf(result));
            if (result.ok) this.to.out.buffer(step.token);
            this.to.out.end(reply);
          });
        });
    }
  }

  private close(xid: number): void {
    this.session.close((outcome) => {
      this.applied(outcome, ({ result }) => {
        writeBareReply(this.to.out, xid, result.revision, errorOf(result));
        this.to.finish();
      });
    });
  }

  /** Only what was applied is answered: of everything else nobody here knows whether it will be. */
  private applied(outcome: Outcome, reply: (applied: Applied) => void): void {
    if (outcome.kind === 'applied') {
      const { result } = outcome;
      const moved = !result.ok && (result.code === 'SESSION_MOVED' || result.code === 'SESSION_EXPIRED');
      if (moved) return this.to.drop();
      reply(outcome);
      this.to.answered();
    } else this.to.drop();
  }
}

const NO_BODY = (): void => undefined;

function bare(err: ReturnType<typeof errorNumber>): ReadAnswer {
  return err === ZK_ERROR.ok ? NO_BODY : err;
}

/** A digest is shown as the user alone. */
function shown(scheme: string, id: string): string {
  return scheme === 'digest' ? id.slice(0, id.indexOf(':')) : id;
}
