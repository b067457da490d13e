import type { TepuiError } from '../base/index.js';
import {
  errorOf,
  type ReadConsistency,
  type ReadReply,
  type Stat,
  type TreeOperation,
  type WriteReply,
} from '../wire/index.js';
import { closeSession } from './close-session.js';
import { checkAddresses, systemPorts, type ConnectionOptions, type Ports } from './connection.js';
import { Endpoints } from './endpoints.js';
import { Link } from './link.js';
import { readPipeline, type Found, type Reads } from './reads.js';
import { Session, type Send } from './session.js';

export interface TreeOptions extends ConnectionOptions {
  /** How long a call is tried before it ends as not done or unknown, in ms. Default 30 s. */
  readonly callTimeoutMs?: number;
  /** Writes on the way at once. Default 256; the group keeps at most 1,024 answers per session. */
  readonly window?: number;
}

/** `index` is where the write took effect; every index the client sees is comparable with it. */
export interface Written {
  readonly index: number;
  /** Term of consensus in which the write was committed: a later one means a later leader. */
  readonly term: number;
  readonly stat: Stat;
}

export interface ReadOptions {
  /** Default LINEARIZABLE: reflects every write that was acknowledged before the read began. */
  readonly consistency?: ReadConsistency;
}

/** An election takes less; a member that still does not answer may be cut off from the group. */
const ANSWER_TIMEOUT_MS = 2000;

/**
 * The tree of coordination nodes. Writes are pipelined and happen exactly once: one without an answer is
 * repeated on the next connection and answered as the first time. A rejection is a {@link TepuiError} whose
 * `certainty` tells "surely not done" from "outcome unknown". Nothing connects before the first call.
 */
export class Tree {
  private readonly endpoints: Endpoints;
  private readonly session: Session<TreeOperation, Written>;
  private readonly reads: Reads;
  private readonly writeLink: Link<'write'>;
  private readonly readLink: Link<'read'>;

  constructor(options: TreeOptions, ports: Ports = systemPorts(options)) {
    checkAddresses(options.addresses);
    const { world } = ports;
    const callTimeoutMs = options.callTimeoutMs ?? 30_000;
    this.endpoints = new Endpoints(options.addresses, ports.dial, world);
    const trouble = (): TepuiError => this.endpoints.troubleError();
    this.session = new Session({
      world,
      window: options.window ?? 256,
      queueLimit: 100_000,
      callTimeoutMs,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      stuck: (error, keep) => this.writeLink.restart(error, keep),
      trouble,
    });
    this.reads = readPipeline({
      world,
      callTimeoutMs,
      stuck: (error, keep) => this.readLink.restart(error, keep),
      trouble,
    });
    this.writeLink = new Link('write', this.endpoints, world, {
      prepare: (door, done) => this.session.prepare(door, done),
      opened: (stream, door) => {
        const send: Send<TreeOperation> = (number, operation) => stream.write({ ...number, operation });
        this.session.attach(door, send);
      },
      message: (reply) => this.receiveWrite(reply),
      drained: () => this.session.drained(),
      lost: () => this.session.detach(),
      silenceMs: () => Infinity,
    });
    this.readLink = new Link('read', this.endpoints, world, {
      opened: (stream, door) => {
        this.reads.attach(door, (id, request) => stream.write({ id, ...request }));
      },
      message: (reply) => this.receiveRead(reply),
      drained: () => this.reads.drained(),
      lost: () => this.reads.detach(),
      silenceMs: () => Infinity,
    });
  }

  create(path: string, data: Uint8Array = new Uint8Array(0)): Promise<Written> {
    return this.write({ kind: 'create', path, data });
  }

  /** `version`: what the node must have; without it any will do. */
  set(path: string, data: Uint8Array, version: number = -1): Promise<Written> {
    return this.write({ kind: 'set', path, data, expectedVersion: version });
  }

  async delete(path: string, version: number = -1): Promise<{ readonly index: number }> {
    const { index } = await this.write({ kind: 'delete', path, expectedVersion: version });
    return { index };
  }

  /** Rejects with NO_NODE if there is none. */
  get(path: string, options: ReadOptions = {}): Promise<Found> {
    return this.read(path, false, options);
  }

  /** The names of the node's children, sorted, with the node itself. */
  children(path: string, options: ReadOptions = {}): Promise<Found> {
    return this.read(path, true, options);
  }

  /** Ends the session and every connection; unanswered calls end as SHUTTING_DOWN or unknown. */
  async close(): Promise<void> {
    this.writeLink.stop();
    this.readLink.stop();
    this.reads.close();
    await closeSession(this.endpoints, this.session.close());
  }

  private write(operation: TreeOperation): Promise<Written> {
    this.writeLink.start();
    return new Promise((resolve, reject) => {
      this.session.submit(operation, (error, done) => {
        if (error === null) resolve(done!);
        else reject(error);
      });
    });
  }

  private read(path: string, children: boolean, { consistency }: ReadOptions): Promise<Found> {
    this.readLink.start();
    return new Promise((resolve, reject) => {
      const request = { path, children, consistency: consistency ?? 'LINEARIZABLE' };
      this.reads.submit(request, (error, found) => {
        if (error === null) resolve(found!);
        else reject(error);
      });
    });
  }

  private receiveWrite({ sequence, outcome }: WriteReply): void {
    if (outcome.kind === 'refused') {
      this.session.refused(sequence, outcome);
      return;
    }
    this.writeLink.serving();
    const { index, term, stat } = outcome;
    this.session.answered(sequence, { index, term, stat });
  }

  private receiveRead({ id, index, outcome }: ReadReply): void {
    if (outcome.kind === 'refused') {
      this.reads.refused(id, errorOf(outcome));
      return;
    }
    this.readLink.serving();
    const { data, stat, children } = outcome;
    this.reads.answered(id, { index, data, stat, children });
  }
}
