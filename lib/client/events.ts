import { TepuiError } from '../base/index.js';
import type { OperatorEvent } from '../wire/index.js';
import type { Endpoints } from './endpoints.js';
import { Link } from './link.js';
import type { World } from './system.js';

export interface EventHandlers {
  /** Heartbeats come too: nothing happened up to their index. */
  event(event: OperatorEvent): void;
  /** The connection is lost; the next one goes on where it ended. */
  interrupted?(reason: TepuiError): void;
  /** For good: OUT_OF_RANGE when the events after the last index are no longer kept (list anew then). */
  ended(error: TepuiError): void;
}

/** Members send a heartbeat every 5 s. */
const SILENCE_MS = 15_000;

/**
 * The stream of changes, resumed after every break. One revision may make several events, and a break may fall
 * between them: so the stream resumes before the last index, and leaves out what has come of it.
 */
export class EventFeed {
  private readonly link: Link<'events'>;
  private readonly handlers: EventHandlers;
  private lastIndex: number;
  /** What the events of `lastIndex` that have come were about; null: all of them have come. */
  private subjects: Set<string> | null = null;
  private resumed = false;
  private finished = false;

  constructor(endpoints: Endpoints, world: World, afterIndex: number, handlers: EventHandlers) {
    this.handlers = handlers;
    this.lastIndex = afterIndex;
    this.link = new Link('events', endpoints, world, {
      opened: (stream) => {
        stream.write({ afterIndex: this.resumeAfter() });
      },
      message: (event) => this.receive(event),
      drained: () => undefined,
      lost: (error) => this.lost(error),
      silenceMs: () => SILENCE_MS,
    });
  }

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.finished = true;
    this.link.stop();
  }

  private resumeAfter(): number {
    // 0 would mean "from now on"; the group's own first steps make no events.
    return this.subjects === null || this.lastIndex <= 1 ? this.lastIndex : this.lastIndex - 1;
  }

  private receive(event: OperatorEvent): void {
    this.link.serving();
    if (event.event.kind === 'heartbeat') this.passed(event.index);
    else if (this.isRepeated(event)) return;
    this.handlers.event(event);
  }

  /** A heartbeat comes after all events up to its index. */
  private passed(index: number): void {
    if (index <= this.lastIndex) return;
    this.lastIndex = index;
    this.subjects = null;
  }

  private isRepeated({ index, event }: OperatorEvent): boolean {
    const subject = `${event.kind} ${'value' in event ? event.value : event.id}`;
    if (index !== this.lastIndex || this.subjects === null) {
      this.lastIndex = index;
      this.subjects = new Set();
      this.resumed = false;
    }
    const repeated = this.resumed && this.subjects.has(subject);
    this.subjects.add(subject);
    return repeated;
  }

  private lost(error: TepuiError): void {
    if (this.finished) return;
    this.resumed = true;
    if (error.code === 'OUT_OF_RANGE' || error.code === 'UNSUPPORTED' || error.code === 'UNAUTHENTICATED') {
      this.stop();
      this.handlers.ended(error);
    } else {
      this.handlers.interrupted?.(error);
    }
  }
}
