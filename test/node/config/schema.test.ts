import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { NodeId } from '../../../lib/base/index.js';
import { agentSchema, masterSchema } from '../../../lib/node/config/schema.js';
import { ticksOf } from '../../../lib/node/config/timing.js';
import { checkConfig } from '../../../lib/raft/config.js';
import { RAFT_DEFAULTS } from '../../../lib/raft/index.js';

const MASTER = { id: 'm1', dataDir: '/data', members: { m1: 'h1:5070', m2: 'h2:5070' } };
const AGENT = { id: 'a1', dataDir: '/data', masters: ['h1:5060'] };

/** Paths and messages of what is wrong; empty when nothing is. */
function wrong(change: object, schema: typeof masterSchema | typeof agentSchema = masterSchema): string[] {
  const result = schema.safeParse({ ...(schema === masterSchema ? MASTER : AGENT), ...change });
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe("a master's configuration", () => {
  it('needs an id, a folder and the members; the rest has values', () => {
    assert.deepEqual(masterSchema.parse(MASTER), {
      ...MASTER,
      listen: {},
      advertise: {},
      insecure: false,
      membersOnly: false,
      timing: { tickMs: 20, heartbeatMs: 100, electionMs: 400, agentTimeoutMs: 15_000 },
      zookeeper: {
        minSessionTimeoutMs: 4_000,
        maxSessionTimeoutMs: 40_000,
        maxConnections: 0,
        maxConnectionsPerAddress: 60,
        readOnly: false,
        words: ['conf', 'envi', 'isro', 'mntr', 'ruok', 'srvr'],
        saslUsers: {},
      },
      memoryBudgetMb: 2048,
      logLevel: 'info',
    });
  });

  it('keeps the other values of a group of which it names one', () => {
    const { timing } = masterSchema.parse({ ...MASTER, timing: { agentTimeoutMs: 5000 } });
    assert.deepEqual(timing, { tickMs: 20, heartbeatMs: 100, electionMs: 400, agentTimeoutMs: 5000 });
  });

  it('may open a door at port 0, but names none to others', () => {
    assert.deepEqual(wrong({ listen: { grpc: '127.0.0.1:0' } }), []);
    assert.deepEqual(wrong({ advertise: { grpc: 'h:0' } }), [
      'advertise.grpc: has port 0, which nobody can connect to',
    ]);
  });

  it('has IPv6 addresses in brackets', () => {
    assert.deepEqual(wrong({ listen: { grpc: '[::1]:5060' } }), []);
    assert.deepEqual(wrong({ listen: { grpc: '::1:5060' } }), ['listen.grpc: must be host:port']);
  });

  it('names all three files of TLS or none', () => {
    assert.deepEqual(
      wrong({ tls: { cert: 'c.pem' } }).map((text) => text.replace(/: .*/, '')),
      ['tls.key', 'tls.ca'],
    );
  });

  it('is told of every relation that does not hold, not only of the first', () => {
    assert.deepEqual(wrong({ id: 'm9', timing: { tickMs: 1000, heartbeatMs: 999, electionMs: 1000 } }), [
      'members: must name this member too, m9',
      'timing.heartbeatMs: 999 is below tickMs, 1000',
      'timing.electionMs: 1000 is below 2997, 3 times heartbeatMs (999)',
    ]);
  });
});

describe('an election timeout', () => {
  it('may be three heartbeats and no less', () => {
    assert.deepEqual(wrong({ timing: { leaseMs: 400 } }), []);
    assert.deepEqual(wrong({ timing: { leaseMs: 401 } }), [
      'timing.leaseMs: 401 is above electionMs (400): every failover would wait for it',
    ]);
    assert.deepEqual(wrong({ timing: { heartbeatMs: 100, electionMs: 300 } }), []);
    assert.deepEqual(wrong({ timing: { heartbeatMs: 100, electionMs: 299 } }), [
      'timing.electionMs: 299 is below 300, 3 times heartbeatMs (100)',
    ]);
  });

  it('is rounded up to ticks, and heartbeats down: three of them still fit', () => {
    const timing = { tickMs: 20, heartbeatMs: 50, electionMs: 150, agentTimeoutMs: 15_000 };
    assert.deepEqual(wrong({ timing }), []);
    assert.deepEqual(ticksOf(timing), { heartbeatTicks: 2, electionTicks: 8 });
  });

  it('is at most a quarter of the shortest session of a ZooKeeper client, unless there are none', () => {
    const timing = { electionMs: 1_001 };
    assert.deepEqual(wrong({ timing }), [
      'zookeeper.minSessionTimeoutMs: 4000 is below 4004, 4 times timing.electionMs (1001): raise it, or lower timing.electionMs to 1000',
    ]);
    assert.deepEqual(wrong({ timing, zookeeper: { minSessionTimeoutMs: 4_004 } }), []);
    assert.deepEqual(wrong({ timing, listen: { zookeeper: 'off' } }), []);
  });

  it('that the schema lets pass is one that the core takes, however the ticks divide it', () => {
    const drawn = fc.record({
      tickMs: fc.integer({ min: 5, max: 1000 }),
      heartbeats: fc.nat(8999),
      elections: fc.nat(30),
    });
    fc.assert(
      fc.property(drawn, ({ tickMs, heartbeats, elections }) => {
        const heartbeatMs = Math.max(17, tickMs) + heartbeats;
        const timing = {
          tickMs,
          heartbeatMs,
          electionMs: 3 * heartbeatMs + elections,
          agentTimeoutMs: 15_000,
        };
        assert.deepEqual(wrong({ timing, listen: { zookeeper: 'off' } }), []);
        const core = { ...RAFT_DEFAULTS, id: 'm1@00' as NodeId, random: { uint32: () => 0 }, applied: 0 };
        checkConfig({ ...core, ...ticksOf(timing) });
      }),
    );
  });
});

describe("an agent's configuration", () => {
  it('needs an id, a folder and a master; what it offers is the machine itself', () => {
    assert.deepEqual(agentSchema.parse(AGENT), { ...AGENT, resources: {}, attributes: {}, logLevel: 'info' });
  });

  it('may offer no disk, but no CPU or memory it may not', () => {
    assert.deepEqual(wrong({ resources: { disk: 0 } }, agentSchema), []);
    const refused = wrong({ resources: { cpus: 0, mem: 0 } }, agentSchema);
    assert.deepEqual(
      refused.map((text) => text.replace(/: .*/, '')),
      ['resources.cpus', 'resources.mem'],
    );
  });

  it('names attributes that are words', () => {
    assert.deepEqual(wrong({ attributes: { rack: 'r7' } }, agentSchema), []);
    assert.equal(wrong({ attributes: { rack: 7 } }, agentSchema).length, 1);
  });
});
