import {
  TepuiError,
  between,
  chance,
  isErrorCode,
  pick,
  type Random,
  type SessionId,
} from '../../../lib/base/index.js';
import type { SchedulerReply, SchedulerRequest, mesos } from '../../../lib/wire/index.js';
import { isRepeatable } from '../../../lib/client/refusals.js';
import { check } from '../violation.js';
import type { AgentPorts } from './agent.js';
import { Line } from './line.js';

type Refusal = Extract<SchedulerReply, { readonly kind: 'refused' }>['refusal'];

/** A call that is not answered yet: it is made again, under its number, on every new stream. */
interface Open {
  readonly call: mesos.Call;
  readonly offer: string | null;
  readonly tasks: readonly string[];
  /** How often it was made. */
  attempts: number;
}

const RECONNECT_MS = 300;
const SILENCE_MS = 7000;

/** A framework that launches small tasks, some of them twice with one offer, and acknowledges what it hears. */
export class SimFramework {
  readonly machine: number;
  launched = 0;
  private readonly random: Random;
  private readonly ports: AgentPorts;
  private session: SessionId | null = null;
  private sequence = 0;
  private id: string | null = null;
  private line: Line<SchedulerRequest, SchedulerReply> | null = null;
  private subscribed = false;
  private readonly open = new Map<number, Open>();
  /** Offers with which tasks were launched. */
  private readonly used = new Set<string>();
  private names = 0;
  private heardUs = 0;
  private stopped = false;

  constructor(machine: number, random: Random, ports: AgentPorts) {
    this.machine = machine;
    this.random = random;
    this.ports = ports;
  }

  start(): void {
    this.connect();
    this.look();
  }

  /** Launches nothing more. */
  stop(): void {
    this.stopped = true;
  }

  private connect(): void {
    const { calls } = this.ports;
    if (this.session === null) return this.openSession();
    const node = pick(this.random, calls.nodes);
    this.heardUs = calls.schedule.now;
    this.subscribed = false;
    const listener = {
      message: (reply: SchedulerReply) => this.guarded(() => this.reply(reply)),
      closed: (why: string) => this.left(why),
    };
    this.ports.note('call', 0, node.number, 'subscribes');
    this.line = new Line(this.machine, node, calls.wires, calls.schedule, listener, (doors, sink) => {
      const connection = doors.master.scheduler.connect({
        send: (reply) => {
          sink.send(reply);
          return true;
        },
        end: (error) => sink.end(error === null ? 'ended' : `${error.code}: ${error.message}`),
      });
      return { message: (request) => connection.request(request), closed: () => connection.closed() };
    });
    this.request(++this.sequence, {
      ...(this.id === null ? {} : { framework_id: { value: this.id } }),
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: {
          user: 'nobody',
          name: `f${this.machine}`,
          failover_timeout: 3600,
          capabilities: [{ type: 'PARTITION_AWARE' }],
          ...(this.id === null ? {} : { id: { value: this.id } }),
        },
      },
    });
  }

  private openSession(): void {
    const { calls } = this.ports;
    const to = pick(this.random, calls.nodes).number;
    const asked = calls.ask<SessionId | null>(this.machine, to, 2000, (doors, done) =>
      doors.coordination.openSession(600_000, (answer) =>
        done(answer.kind === 'done' ? answer.value.session : null),
      ),
    );
    void asked.then((reply) => {
      if (reply.kind === 'answer') this.session = reply.value;
      calls.after(this.session === null ? RECONNECT_MS : 0, () => this.connect());
    });
  }

  private left(why: string): void {
    this.ports.note('answer', 0, 0, `left: ${why}`);
    this.line = null;
    this.subscribed = false;
    this.ports.calls.after(RECONNECT_MS, () => this.connect());
  }

  private request(sequence: number, call: mesos.Call): void {
    const framework = this.id === null ? {} : { framework_id: { value: this.id } };
    const { session, line } = this;
    line?.send({ session: session!, sequence, call: { ...framework, ...call }, acknowledgedBelow: 0 });
  }

  private reply(reply: SchedulerReply): void {
    this.heardUs = this.ports.calls.schedule.now;
    if (reply.kind === 'event') return this.event(reply.event);
    const open = this.open.get(reply.sequence);
    if (open === undefined) return;
    if (reply.kind === 'refused' && this.isUndecided(open, reply.refusal)) return this.again(reply.sequence);
    this.open.delete(reply.sequence);
    this.ports.note('answer', reply.sequence, 0, reply.kind === 'accepted' ? 'accepted' : reply.refusal.code);
    if (open.offer !== null) this.launches(open, reply.kind === 'accepted');
  }

  /** A refusal is about one attempt: one that nobody has judged says nothing about those before it. */
  private isUndecided({ attempts }: Open, refusal: Refusal): boolean {
    const { code, message, outcomeUnknown } = refusal;
    return (
      outcomeUnknown || (attempts > 1 && isErrorCode(code) && isRepeatable(new TepuiError(code, message)))
    );
  }

  private again(sequence: number): void {
    this.ports.calls.after(RECONNECT_MS, () => this.attempt(sequence));
  }

  private attempt(sequence: number): void {
    const open = this.open.get(sequence);
    if (open === undefined || !this.subscribed) return;
    open.attempts++;
    this.request(sequence, open.call);
  }

  private launches({ offer, tasks }: Open, accepted: boolean): void {
    for (const task of tasks) {
      check(
        this.ports.ledger.wasLaunched(this.id!, task) === accepted,
        'S29',
        () => `the launch of ${task} was ${accepted ? 'accepted' : 'refused'}, the history says otherwise`,
      );
    }
    if (!accepted) return;
    this.launched += tasks.length;
    check(!this.used.has(offer!), 'S29', () => `offer ${offer} is used twice`);
    this.used.add(offer!);
  }

  private event(event: mesos.Event): void {
    switch (event.type) {
      case 'SUBSCRIBED':
        this.id = event.subscribed.framework_id.value;
        this.subscribed = true;
        for (const sequence of this.open.keys()) this.attempt(sequence);
        return;
      case 'OFFERS':
        for (const offer of event.offers.offers ?? []) this.offered(offer);
        return;
      case 'UPDATE':
        return this.updated(event.update.status);
      default:
        return;
    }
  }

  private offered(offer: mesos.Offer): void {
    if (this.stopped || chance(this.random, 0.3)) {
      const decline = { offer_ids: [offer.id], filters: { refuse_seconds: this.stopped ? 600 : 2 } };
      return this.call({ type: 'DECLINE', decline }, null, []);
    }
    this.accept(offer);
    // A program that makes the mistake of using an offer twice must not succeed.
    if (chance(this.random, 0.2)) this.accept(offer);
  }

  private accept(offer: mesos.Offer): void {
    const names = Array.from({ length: between(this.random, 1, 3) }, () => `t${++this.names}`);
    this.call(
      {
        type: 'ACCEPT',
        accept: {
          offer_ids: [offer.id],
          operations: [{ type: 'LAUNCH', launch: { task_infos: names.map((name) => task(name, offer)) } }],
          filters: { refuse_seconds: 1 },
        },
      },
      offer.id.value,
      names,
    );
  }

  private updated(status: mesos.TaskStatus): void {
    const { uuid, task_id, agent_id } = status;
    if (uuid === undefined || agent_id === undefined) return;
    this.call({ type: 'ACKNOWLEDGE', acknowledge: { task_id, agent_id, uuid } }, null, []);
  }

  private call(call: mesos.Call, offer: string | null, tasks: readonly string[]): void {
    const sequence = ++this.sequence;
    this.open.set(sequence, { call, offer, tasks, attempts: 0 });
    this.ports.note('call', sequence, tasks.length, call.type);
    this.attempt(sequence);
  }

  private look(): void {
    const { calls } = this.ports;
    calls.after(1000, () => this.look(), true);
    if (this.line === null || calls.schedule.now - this.heardUs < SILENCE_MS * 1000) return;
    this.line.close();
    this.left('it is silent');
  }

  private guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.ports.fail(error);
    }
  }
}

function task(name: string, offer: mesos.Offer): mesos.TaskInfo {
  const scalar = (resource: string, value: number): mesos.Resource => {
    return { name: resource, type: 'SCALAR', scalar: { value } };
  };
  return {
    name,
    task_id: { value: name },
    agent_id: offer.agent_id,
    resources: [scalar('cpus', 0.5), scalar('mem', 64)],
    command: { value: 'true' },
  };
}
