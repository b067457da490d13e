import type { TaskStatus } from '../../lib/client/index.js';
import type { SchedulerReply, SchedulerRequest } from '../../lib/wire/index.js';
import { systemPorts, type Ports } from '../../lib/client/connection.js';
import type { Door, DoorStream, StreamHandlers } from '../../lib/client/door.js';

export interface Subscription {
  /** Of the master that serves the stream. */
  readonly address: string;
  readonly frameworkId: string;
}

interface Update {
  readonly uuid: string;
  readonly state: string;
  readonly message: string;
  acknowledgeSent: boolean;
  acknowledgeAccepted: boolean;
  arrivals: number;
}

/**
 * Listens on a framework's own wire, below the SDK, which hides updates that come again. Keeps each task's
 * updates in the order of their first arrival, and what was wrong with it; and the framework's subscriptions.
 */
export class UpdateTap {
  readonly ports: Ports;
  readonly updates: Map<string, Update[]> = new Map();
  readonly violations: string[] = [];
  /** What the group answered to each SUBSCRIBE: the SDK itself would go on under the id that it has. */
  readonly subscriptions: Subscription[] = [];
  private readonly byUuid: Map<string, Update> = new Map();
  /** Acknowledgements on the way, by sequence number in the framework's session. */
  private readonly underWay: Map<number, Update> = new Map();

  constructor(addresses: readonly string[]) {
    const real = systemPorts({ addresses });
    this.ports = { world: real.world, dial: (address) => this.tap(real.dial(address)) };
  }

  /** How often the update arrived: it is sent again on every new stream until it is acknowledged. */
  arrivals({ uuid }: TaskStatus): number {
    return uuid === undefined ? 0 : (this.byUuid.get(hex(uuid))?.arrivals ?? 0);
  }

  private tap(door: Door): Door {
    return {
      address: door.address,
      ready: (timeoutMs, done) => door.ready(timeoutMs, done),
      call: (method, request, timeoutMs) => door.call(method, request, timeoutMs),
      close: () => door.close(),
      open: (method, handlers) => {
        if (method !== 'scheduler') return door.open(method, handlers);
        const stream = door.open(method, this.listen(door.address, handlers));
        return this.watch(stream);
      },
    };
  }

  private listen(address: string, handlers: StreamHandlers<unknown>): StreamHandlers<unknown> {
    return {
      message: (reply) => {
        this.heard(address, reply as SchedulerReply);
        handlers.message(reply);
      },
      drain: () => handlers.drain(),
      ended: (error) => handlers.ended(error),
    };
  }

  private watch(stream: DoorStream<unknown>): DoorStream<unknown> {
    return {
      write: (request) => {
        this.sent(request as SchedulerRequest);
        return stream.write(request);
      },
      cancel: () => stream.cancel(),
    };
  }

  private sent({ sequence, call }: SchedulerRequest): void {
    if (call.type !== 'ACKNOWLEDGE') return;
    const update = this.byUuid.get(hex(call.acknowledge.uuid));
    if (update === undefined) return;
    update.acknowledgeSent = true;
    this.underWay.set(sequence, update);
  }

  private heard(address: string, reply: SchedulerReply): void {
    if (reply.kind === 'accepted') {
      const update = this.underWay.get(reply.sequence);
      if (update !== undefined) update.acknowledgeAccepted = true;
      this.underWay.delete(reply.sequence);
    } else if (reply.kind === 'event' && reply.event.type === 'SUBSCRIBED') {
      const { framework_id: id } = reply.event.subscribed;
      this.subscriptions.push({ address, frameworkId: id.value });
    } else if (reply.kind === 'event' && reply.event.type === 'UPDATE') {
      const { task_id: task, uuid, state, message } = reply.event.update.status;
      if (uuid !== undefined) this.arrived(task.value, hex(uuid), state ?? 'none', message ?? '');
    }
  }

  private arrived(task: string, uuid: string, state: string, message: string): void {
    const former = this.updates.get(task) ?? [];
    const last = former.at(-1);
    const known = this.byUuid.get(uuid);
    if (known !== undefined) {
      known.arrivals++;
      if (known.acknowledgeAccepted)
        this.violations.push(`${task}: ${state} again after its acknowledgement`);
      if (known !== last) this.violations.push(`${task}: ${state} again after ${last?.state}`);
      return;
    }
    if (last !== undefined && !last.acknowledgeSent) {
      this.violations.push(`${task}: ${state} before ${last.state} was acknowledged`);
    }
    const update: Update = {
      uuid,
      state,
      message,
      acknowledgeSent: false,
      acknowledgeAccepted: false,
      arrivals: 1,
    };
    this.byUuid.set(uuid, update);
    this.updates.set(task, [...former, update]);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
