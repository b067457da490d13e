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

/** The stream of changes, resumed from the last index seen after every break. */
export class EventFeed {
  private readonly link: Link<'events'>;
  private readonly handlers: EventHandlers;
  private lastIndex: number;
  private finished = false;

  constructor(endpoints: Endpoints, world: World, afterIndex: number, handlers: EventHandlers) {
    this.handlers = handlers;
    this.lastIndex = afterIndex;
    this.link = new Link('events', endpoints, world, {
      opened: (stream) => {
        stream.write({ afterIndex: this.lastIndex });
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

  private receive(event: OperatorEvent): void {
    this.link.serving();
    // Events of one revision share an index and arrive together; a resumed stream begins after it.
    if (event.index > this.lastIndex || event.event.kind !== 'heartbeat') this.lastIndex = event.index;
    this.handlers.event(event);
  }

  private lost(error: TepuiError): void {
    if (this.finished) return;
    if (error.code === 'OUT_OF_RANGE' || error.code === 'UNSUPPORTED' || error.code === 'UNAUTHENTICATED') {
      this.stop();
      this.handlers.ended(error);
    } else {
      this.handlers.interrupted?.(error);
    }
  }
}
