import assert from 'node:assert/strict';
import type { LinkEvents, MasterConnector, MasterMessage } from '../../lib/agent/link.js';
import { Session } from '../../lib/agent/session/session.js';
import { SESSION_TIMING } from '../../lib/agent/session/timing.js';
import type { Registration } from '../../lib/agent/types.js';
import type { AgentId, ClusterId } from '../../lib/base/index.js';
import { MasterDouble, shellTask } from '../support/agent/master-double.js';
import { quiet } from '../support/quiet.js';
import { VirtualTime } from '../support/virtual-time.js';

/** Streams whose other end is the test. */
class Wire implements MasterConnector {
  readonly streams: { address: string; events: LinkEvents; sent: string[]; open: boolean }[] = [];

  connect(address: string, _registration: Registration, events: LinkEvents) {
    const stream = { address, events, sent: [] as string[], open: true };
    this.streams.push(stream);
    return {
      send: (message: { kind: string }) => void stream.sent.push(message.kind),
      close: () => void (stream.open = false),
    };
  }

  close(): void {}

  get last() {
    return this.streams.at(-1)!;
  }
}

describe('session with the masters', () => {
  let time: VirtualTime;
  let wire: Wire;
  let session: Session;
  let events: string[];
  let agentId: AgentId | null;
  let clusterId: ClusterId | null;
  const registered = new MasterDouble().registered();

  beforeEach(() => {
    time = new VirtualTime();
    wire = new Wire();
    events = [];
    agentId = null;
    clusterId = null;
    session = new Session({
      connector: wire,
      addresses: ['m1', 'm2', 'm3'],
      registration: () => ({ agentId, clusterId }) as Registration,
      timing: SESSION_TIMING,
      clock: time,
      timers: time,
      // Draws the first address to begin with.
      random: { uint32: () => 0 },
      logger: quiet,
      events: {
        onRegistered: () => events.push('registered'),
        onDisconnected: () => events.push('disconnected'),
        onOrder: ({ kind }) => events.push(kind),
        onRemoved: (code) => events.push(`removed ${code}`),
        onForeign: () => events.push('foreign'),
      },
    });
    session.start();
  });

  const say = (message: MasterMessage): void => wire.last.events.onMessage(message);
  const refuse = (code: string): void => say({ kind: 'refused', code, message: 'because' });
  const addresses = (): string => wire.streams.map(({ address }) => address).join(' ');

  it('tries the next address within 50 ms of the end of a stream', () => {
    say(registered);
    wire.last.events.onClosed('killed');
    time.advance(50);
    assert.equal(addresses(), 'm1 m2');
    assert.deepEqual(events, ['registered', 'disconnected']);
  });

  it('goes around all addresses, ever more slowly but at least once a second', () => {
    for (let i = 0; i < 20; i++) {
      wire.last.events.onClosed('refused');
      time.advance(1000);
    }
    assert.equal(wire.streams.length, 21);
    assert.ok(addresses().startsWith('m1 m2 m3 m1'));
    assert.equal(wire.streams.filter(({ open }) => open).length, 1);
  });

  it('goes on to the next master when one has no leader', () => {
    refuse('NO_LEADER');
    time.advance(50);
    assert.equal(addresses(), 'm1 m2');
    assert.deepEqual(events, []);
  });

  it('leaves a master that does not answer the registration', () => {
    time.advance(SESSION_TIMING.registerTimeoutMs + 50);
    assert.equal(addresses(), 'm1 m2');
    assert.equal(wire.streams[0]!.open, false);
  });

  it('leaves a master that falls silent before the group gives the agent up', () => {
    say(registered);
    time.advance(registered.timeoutMs / 2);
    assert.equal(wire.streams.length > 1, true);
    assert.deepEqual(events, ['registered', 'disconnected']);
  });

  it('sends heartbeats, and stays while it hears some', () => {
    say(registered);
    for (let i = 0; i < 20; i++) {
      time.advance(registered.heartbeatMs);
      say({ kind: 'heartbeat', revision: 1 });
    }
    assert.equal(addresses(), 'm1');
    assert.deepEqual(
      wire.last.sent,
      Array.from({ length: 20 }, () => 'heartbeat'),
    );
  });

  it('does not listen to a stream it has left', () => {
    const [first] = wire.streams;
    say(registered);
    first!.events.onClosed('cut');
    time.advance(50);
    first!.events.onMessage({ kind: 'launch', task: shellTask('t', ''), revision: 1 });
    first!.events.onMessage(registered);
    first!.events.onClosed('again');
    assert.deepEqual(events, ['registered', 'disconnected']);
    assert.equal(wire.last.open, true);
  });

  it('takes no order before it is registered', () => {
    say({ kind: 'launch', task: shellTask('t', ''), revision: 1 });
    assert.deepEqual(events, []);
    assert.equal(wire.streams[0]!.open, false);
  });

  it('stops and says so when the group has removed the agent', () => {
    agentId = 'A1' as AgentId;
    refuse('AGENT_REMOVED');
    time.advance(10_000);
    assert.deepEqual(events, ['removed AGENT_REMOVED']);
    assert.equal(wire.streams.length, 1);
    assert.equal(time.timerCount, 0);
  });

  it('stops when the masters belong to another group, whoever notices it', () => {
    clusterId = 'mine' as ClusterId;
    say(registered);
    session.start();
    refuse('FOREIGN_CLUSTER');
    assert.deepEqual(events, ['foreign', 'foreign']);
    assert.equal(time.timerCount, 0);
  });

  it('does not accept another agent id than its own', () => {
    agentId = 'A2' as AgentId;
    say(registered);
    assert.deepEqual(events, []);
    assert.equal(wire.streams[0]!.open, false);
  });

  it('leaves no timer behind when it is stopped', () => {
    say(registered);
    session.stop();
    assert.equal(time.timerCount, 0);
    assert.equal(wire.last.open, false);
    assert.deepEqual(events, ['registered', 'disconnected']);
  });
});
