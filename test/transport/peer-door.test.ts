import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { SeededRandom, TepuiError } from '../../lib/base/index.js';
import { GrpcTransport, TRANSPORT_TIMINGS } from '../../lib/transport/index.js';
import { GrpcChannel, channelCredentials, peerService, type TlsMaterial } from '../../lib/wire/index.js';
import { TestMember } from '../contracts/transport-harness.js';
import { authority, certificate } from '../support/certificates.js';
import { systemClock, systemTimers, until } from '../support/system-ports.js';

const QUICK = {
  ...TRANSPORT_TIMINGS,
  greetingDeadlineMs: 100,
  greetingDeadlineMaxMs: 200,
  rejectedRetryMs: 50,
};

const ours = authority('ours');
const theirs = authority('theirs');

function material(name: string, by: typeof ours, byName: string): TlsMaterial {
  return { ...certificate(name, ['127.0.0.1'], by, byName), ca: ours.cert };
}

describe('the peer door', () => {
  const cleanUp: (() => Promise<void> | void)[] = [];

  afterEach(async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  });

  async function open(member: TestMember, tls: TlsMaterial | null): Promise<GrpcTransport> {
    const transport = new GrpcTransport({
      host: '127.0.0.1',
      port: 0,
      tls,
      handlers: member,
      clock: systemClock,
      timers: systemTimers,
      random: new SeededRandom(1),
      timings: QUICK,
    });
    await transport.start();
    cleanUp.push(() => transport.stop());
    return transport;
  }

  function addressOf(transport: GrpcTransport): string {
    return `127.0.0.1:${transport.port}`;
  }

  it('lets members with certificates of one authority meet', async () => {
    const [m1, m2] = [new TestMember('m1'), new TestMember('m2')];
    const first = await open(m1, material('m1', ours, 'ours'));
    const second = await open(m2, material('m2', ours, 'ours'));
    first.setPeers(new Map([[m2.id, addressOf(second)]]));
    second.setPeers(new Map([[m1.id, addressOf(first)]]));
    await until('both are connected', () => first.connected(m2.id) && second.connected(m1.id));
  });

  it('keeps out who shows a certificate of another authority, or none, or speaks without TLS', async () => {
    const m1 = new TestMember('m1');
    const door = await open(m1, material('m1', ours, 'ours'));
    let heard = 0;
    m1.judge = () => {
      heard++;
      return null;
    };
    for (const tls of [material('m2', theirs, 'theirs'), null]) {
      const stranger = new TestMember('m2');
      const transport = await open(stranger, tls);
      transport.setPeers(new Map([[m1.id, addressOf(door)]]));
      await until('it fails', () => stranger.downs.length > 0);
      assert.equal(stranger.downs[0]?.down.kind, 'unreachable');
    }
    const anonymous = new GrpcChannel(addressOf(door), {
      credentials: channelCredentials(material('m2', ours, 'ours'), false),
    });
    cleanUp.push(() => {
      anonymous.close();
    });
    const { form } = peerService().methods;
    await assert.rejects(anonymous.call(form, { clusterId: 'c' as never, voters: [] }, { deadlineMs: 2000 }));
    assert.equal(heard, 0);
  });

  it('gives up on a process that takes connections and says nothing, and leaves no connection behind', async () => {
    const sockets = new Set<Socket>();
    let taken = 0;
    const silent = createServer((socket) => {
      taken++;
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      socket.resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanUp.push(() => {
      silent.close();
    });
    const m1 = new TestMember('m1');
    const transport = await open(m1, null);
    transport.setPeers(new Map([['m2' as never, `127.0.0.1:${(silent.address() as AddressInfo).port}`]]));
    // Each attempt is a bare connection and a channel.
    await until('four attempts', () => taken >= 8);
    const [first] = m1.downs;
    assert.ok(first?.down.kind === 'unreachable');
    assert.match(first.down.why, /took the connection and said nothing for 100 ms/);
    assert.equal(m1.downs.length, 1);
    transport.setPeers(new Map());
    await until('no connection is left', () => sockets.size === 0);
  });

  it('is not impressed by garbage', async () => {
    const [m1, m2] = [new TestMember('m1'), new TestMember('m2')];
    const door = await open(m1, null);
    const noise = connect(door.port, '127.0.0.1');
    noise.on('error', () => {});
    noise.resume();
    noise.write(Buffer.alloc(4096, 0x5a));
    await new Promise((resolve) => noise.on('close', resolve));
    const second = await open(m2, null);
    second.setPeers(new Map([[m1.id, addressOf(door)]]));
    await until('connected', () => second.connected(m1.id));
  });

  it('ends a stream that does not begin with a hello, or holds broken frames', async () => {
    const m1 = new TestMember('m1');
    const door = await open(m1, null);
    const channel = new GrpcChannel(addressOf(door), { credentials: channelCredentials(null, false) });
    cleanUp.push(() => {
      channel.close();
    });
    const codes: (string | undefined)[] = [];
    for (const greet of [false, true]) {
      const stream = channel.open(peerService().methods.stream);
      const closed = new Promise<string | undefined>((resolve) => {
        stream.listen({
          message: () => {},
          closed: (error) => {
            resolve(error?.code);
          },
        });
      });
      const { doors, acknowledged, holds, ...hello } = new TestMember('m2').hello(null);
      if (greet) {
        stream.write({
          kind: 'hello',
          ...hello,
          ...doors,
          protocol: 1,
          acknowledgedTerm: acknowledged.term,
          acknowledgedIndex: 0,
          generation: 0,
          unbound: false,
          start: '00000000',
          acknowledgedNode: null,
          holdsTerm: holds.term,
          holdsIndex: holds.index,
          damaged: holds.damaged,
        });
      }
      stream.write({ kind: 'frames', value: Uint8Array.of(1, 1, 9) });
      codes.push(await closed);
    }
    assert.deepEqual(codes, ['MALFORMED', 'MALFORMED']);
    assert.deepEqual(m1.messages, []);
  });

  it('refuses a member that speaks another peer protocol, and says which', async () => {
    const m1 = new TestMember('m1');
    const door = await open(m1, null);
    const channel = new GrpcChannel(addressOf(door), { credentials: channelCredentials(null, false) });
    cleanUp.push(() => {
      channel.close();
    });
    const stream = channel.open(peerService().methods.stream);
    const answer = new Promise((resolve) => {
      stream.listen({ message: resolve, closed: resolve });
    });
    const { doors, acknowledged, holds, ...hello } = new TestMember('m2').hello(null);
    const positions = {
      acknowledgedTerm: acknowledged.term,
      acknowledgedIndex: acknowledged.index,
      acknowledgedNode: acknowledged.node,
      holdsTerm: holds.term,
      holdsIndex: holds.index,
      damaged: holds.damaged,
    };
    stream.write({ kind: 'hello', ...hello, ...doors, ...positions, protocol: 2 });
    assert.deepEqual(await answer, {
      kind: 'refused',
      code: 'UNSUPPORTED',
      message: 'm2 (0.1.0) speaks peer protocol 2, this member 1',
    });
  });

  it('refuses to be introduced to one that speaks another peer protocol, and tells nothing of itself', async () => {
    const door = await open(new TestMember('m1'), null);
    const channel = new GrpcChannel(addressOf(door), { credentials: channelCredentials(null, false) });
    cleanUp.push(() => {
      channel.close();
    });
    const { doors, acknowledged, holds, ...hello } = new TestMember('m2').hello(null);
    const positions = {
      acknowledgedTerm: acknowledged.term,
      acknowledgedIndex: acknowledged.index,
      acknowledgedNode: acknowledged.node,
      holdsTerm: holds.term,
      holdsIndex: holds.index,
      damaged: holds.damaged,
    };
    const call = channel.call(peerService().methods.introduce, {
      ...hello,
      ...doors,
      ...positions,
      protocol: 2,
    });
    await assert.rejects(call, (error: unknown) => {
      assert.ok(error instanceof TepuiError);
      assert.deepEqual(
        [error.code, error.message],
        ['UNSUPPORTED', 'm2 (0.1.0) speaks peer protocol 2, this member 1'],
      );
      return true;
    });
  });
});
