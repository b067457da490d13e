import { asTepuiError, type OperatorEvent, type ServerStream } from '../../wire/index.js';
import type { TepuiError } from '../../base/index.js';
import type { ChangeRecord, NumberedChange } from '../events.js';

/** Events of one stream that are on their way; the next are made when they have been sent. */
const WINDOW = 256;

export interface EventSource {
  readonly changes: ChangeRecord;
  /** Revision up to which this member has applied the log. */
  readonly revision: () => number;
  /** Null: there is nothing left to tell of it. */
  readonly describe: (change: NumberedChange['change']) => OperatorEvent['event'] | null;
  /** Calls back every heartbeat until the result is called. */
  readonly everyHeartbeat: (callback: () => void) => () => void;
}

/** One subscriber: reads the record of changes as fast as its client reads the stream, and no faster. */
export class EventStream {
  private readonly source: EventSource;
  private readonly stream: ServerStream<never, OperatorEvent>;
  private readonly afterIndex: number;
  private readonly sent: () => void;
  private readonly releases: (() => void)[] = [];
  private position = 0;
  private welcomed = false;

  constructor(source: EventSource, stream: ServerStream<never, OperatorEvent>, afterIndex: number) {
    this.source = source;
    this.stream = stream;
    this.afterIndex = afterIndex;
    this.sent = () => this.pump();
  }

  /** Throws OUT_OF_RANGE when what follows the index is not kept any more. */
  start(): void {
    const { changes, everyHeartbeat } = this.source;
    this.position = changes.positionAfter(this.afterIndex);
    this.stream.listen({
      message: () => undefined,
      closed: () => {
        for (const release of this.releases) release();
      },
    });
    this.releases.push(
      changes.listen({ changed: () => this.pump(), ended: (error) => this.stream.fail(error) }),
      everyHeartbeat(() => {
        if (this.pump()) this.heartbeat();
      }),
    );
    this.pump();
  }

  /** Writes what there is room for. True when the client is told of everything there is. */
  private pump(): boolean {
    const { changes } = this.source;
    try {
      while (!this.stream.closed && this.stream.queued < WINDOW) {
        const change = changes.at(this.position);
        if (change === null) return this.caughtUp();
        this.position++;
        this.tell(change);
      }
    } catch (error) {
      this.fail(asTepuiError(error));
    }
    return false;
  }

  private caughtUp(): true {
    if (!this.welcomed) {
      this.welcomed = true;
      this.heartbeat();
    }
    return true;
  }

  /** A member may be behind the one that the client comes from: what it knows already is left out. */
  private tell({ index, change }: NumberedChange): void {
    if (index <= this.afterIndex) return;
    const event = this.source.describe(change);
    if (event !== null) this.stream.writeThen({ index, event }, this.sent);
  }

  /** Says that all events up to its index have been told. */
  private heartbeat(): void {
    this.stream.writeThen(
      { index: this.source.revision(), event: { kind: 'heartbeat', value: true } },
      this.sent,
    );
  }

  private fail(error: TepuiError): void {
    this.stream.fail(error);
  }
}
