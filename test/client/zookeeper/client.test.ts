import assert from 'node:assert/strict';
import { TepuiError } from '../../../lib/base/index.js';
import { SYSTEM } from '../../../lib/client/internal.js';
import { OPEN_ACL, socketWires, ZooKeeper, type Credentials } from '../../../lib/client/zookeeper/index.js';
import { NO_SESSION, OP, ZK_ERROR } from '../../../lib/wire/zookeeper/index.js';
import { FakeServer, FakeTree } from './fake-server.js';

describe('a client of the ZooKeeper protocol', () => {
  let servers: FakeServer[];
  let client: ZooKeeper;
  let heard: string[];
  let wake: () => void;

  /** `client` knows all servers; they share one tree. */
  async function open(
    count: number,
    credentials: readonly Credentials[] = [],
    timeoutMs = 5000,
  ): Promise<void> {
    const tree = new FakeTree();
    servers = Array.from({ length: count }, () => new FakeServer(tree));
    const addresses = await Promise.all(servers.map((server) => server.start()));
    connect(addresses, credentials, timeoutMs);
  }

  function connect(
    addresses: readonly string[],
    credentials: readonly Credentials[] = [],
    timeoutMs = 5000,
  ): void {
    heard = [];
    wake = () => undefined;
    const hear = (what: string): void => {
      heard.push(what);
      wake();
    };
    const options = { servers: addresses, sessionTimeoutMs: 4000, credentials, timeoutMs };
    client = new ZooKeeper(
      options,
      { connect: socketWires(null), world: SYSTEM },
      {
        event: (event, path) => hear(`${event} ${path}`),
        interrupted: () => hear('interrupted'),
        resumed: () => hear('resumed'),
        ended: ({ code }) => hear(code),
      },
    );
  }

  async function until(what: string): Promise<void> {
    while (!heard.includes(what)) await new Promise<void>((resolve) => (wake = resolve));
  }

  /** The one that serves the client. */
  function serving(): FakeServer {
    return servers.find(({ greetings }) => greetings.length > 0)!;
  }

  const create = (path: string): Promise<unknown> =>
    client.create({ path, data: null, acl: OPEN_ACL, kind: { kind: 'persistent', sequential: false } });

  afterEach(async () => {
    await client.close();
    for (const server of servers) await server.stop();
  });

  it('tells data that is null from data that is empty', async () => {
    await open(1);
    await create('/a');
    assert.equal((await client.get('/a')).data, null);
    await client.set('/a', new Uint8Array(0));
    assert.deepEqual((await client.get('/a')).data, new Uint8Array(0));
  });

  it('takes the next server where one does not answer the greeting, one hangs up and one is not there', async () => {
    await open(4);
    const [silent, rude, gone] = servers;
    silent!.onGreeting = 'is silent';
    rude!.onConnect = 'hangs up';
    await gone!.stop();
    await create('/a');
    assert.ok(servers[0]!.tree.nodes.has('/a'));
    servers.splice(2, 1);
  }).timeout(10_000);

  it('moves its session: same id and password, and the newest zxid that it saw', async () => {
    await open(2);
    await create('/a');
    const first = serving();
    const before = first.tree.zxid;
    await first.stop();
    await client.stat('/a');
    servers = servers.filter((server) => server !== first);
    const [greeting] = servers[0]!.greetings;
    assert.notEqual(greeting!.session, NO_SESSION);
    assert.deepEqual(Buffer.from(greeting!.password), Buffer.alloc(16, 7));
    assert.equal(greeting!.lastZxidSeen, before);
  });

  it('a write that was sent when the connection broke has an unknown outcome, and is not sent again', async () => {
    await open(1);
    await client.stat('/');
    servers[0]!.onRequest = ({ op }) => (op === OP.setData ? 'hangs up' : 'serves');
    await assert.rejects(client.set('/', null), (error: TepuiError) => error.code === 'OUTCOME_UNKNOWN');
    await client.stat('/');
    assert.equal(servers[0]!.requests.filter(({ op }) => op === OP.setData).length, 1);
  });

  it('a read that was sent when the connection broke is sent again, before what came after it', async () => {
    await open(1);
    await client.stat('/');
    let broken = false;
    servers[0]!.onRequest = ({ op }) => {
      if (op !== OP.getData || broken) return 'serves';
      broken = true;
      return 'hangs up';
    };
    const order: string[] = [];
    await Promise.all([
      client.get('/').then(() => order.push('get')),
      until('interrupted')
        .then(() => create('/b'))
        .then(() => order.push('create')),
    ]);
    assert.deepEqual(order, ['get', 'create']);
    const kinds = servers[0]!.requests.map(({ op }) => op);
    assert.deepEqual(kinds, [OP.exists, OP.getData, OP.getData, OP.create2]);
  });

  it('a write that waits for an answer until its time is up has an unknown outcome', async () => {
    await open(1, [], 200);
    await client.stat('/');
    servers[0]!.onRequest = ({ op }) => (op === OP.setData ? 'is silent' : 'serves');
    await assert.rejects(client.set('/', null), (error: TepuiError) => error.code === 'OUTCOME_UNKNOWN');
  });

  it('pings while it has nothing to say, and leaves a server that is silent for two thirds of the timeout', async () => {
    await open(2);
    for (const server of servers) server.timeoutMs = 300;
    await client.stat('/');
    const first = serving();
    const other = servers.find((server) => server !== first)!;
    first.onRequest = () => (first.requests.length < 4 ? 'serves' : 'is silent');
    await until('resumed');
    assert.deepEqual(
      first.requests.slice(1, 4).map(({ op }) => op),
      [OP.ping, OP.ping, OP.ping],
    );
    assert.equal(other.greetings.length, 1);
  });

  it('says who it is on every connection, before anything else', async () => {
    await open(1, [{ scheme: 'digest', secret: 'user:password' }]);
    await client.stat('/');
    servers[0]!.cut();
    await until('resumed');
    await client.stat('/');
    const kinds = servers[0]!.requests.map(({ op }) => op);
    assert.deepEqual(kinds, [OP.auth, OP.exists, OP.auth, OP.exists]);
  });

  it('ends with AUTH_FAILED where its credentials are refused', async () => {
    await open(1, [{ scheme: 'digest', secret: 'x' }]);
    servers[0]!.refuse = ({ op }) => (op === OP.auth ? ZK_ERROR.authFailed : null);
    await assert.rejects(client.stat('/'), { code: 'AUTH_FAILED' });
    assert.deepEqual(heard, ['AUTH_FAILED']);
  });

  it('tells a new connection what it watches', async () => {
    await open(1);
    await create('/a');
    await client.watch('/a', true);
    await create('/a/b');
    await until('created /a/b');
    servers[0]!.cut();
    await until('resumed');
    await create('/a/c');
    await until('created /a/c');
    assert.deepEqual(heard, ['created /a/b', 'interrupted', 'resumed', 'created /a/c']);
  });

  it('ends when its session has expired', async () => {
    await open(1);
    await client.stat('/');
    servers[0]!.expired = true;
    servers[0]!.cut();
    await until('SESSION_EXPIRED');
    await assert.rejects(client.stat('/'), { code: 'SESSION_EXPIRED' });
  });

  it('says of every server why it does not serve, when nothing is reached: nothing was sent', async () => {
    await open(1, [], 300);
    await servers[0]!.stop();
    await assert.rejects(create('/a'), (error: TepuiError) => {
      assert.equal(error.code, 'UNREACHABLE');
      assert.match(error.message, /^no serving server for .*: 127\.0\.0\.1:\d+ refused$/);
      return true;
    });
    servers = [];
  });

  it('a server that grants no session is NO_LEADER, not unreachable', async () => {
    await open(1, [], 1500);
    servers[0]!.onGreeting = 'hangs up';
    await assert.rejects(create('/a'), { code: 'NO_LEADER' });
  });

  it('does not send what no server would take', async () => {
    await open(1);
    await assert.rejects(client.set('/', new Uint8Array(1 << 20)), { code: 'TOO_LARGE' });
    assert.deepEqual(servers[0]!.greetings, []);
  });

  it('ends its session when it is closed', async () => {
    await open(1);
    await client.stat('/');
    await client.close();
    assert.equal(servers[0]!.requests.at(-1)?.op, OP.closeSession);
    await assert.rejects(client.stat('/'), { code: 'SHUTTING_DOWN' });
  });
});
