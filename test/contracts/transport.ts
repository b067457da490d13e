import assert from 'node:assert/strict';
import {
  TepuiError,
  type ErrorCode,
  utf8Encode,
  type MemberId,
  type NodeId,
  type SnapshotChunk,
} from '../../lib/base/index.js';
import { FRAME_KINDS, type FrameKind } from '../../lib/transport/types.js';
import { TestMember, TestSink, type TransportKind } from './transport-harness.js';

const CHUNK_BYTES = 64 << 10;

async function* chunksFrom(offset: number, count: number): AsyncGenerator<SnapshotChunk> {
  for (let number = offset; number < count; number++) {
    const last = number === count - 1 ? { digest: '00000000000000aa', records: 5 } : null;
    yield { number, bytes: new Uint8Array(CHUNK_BYTES).fill(number), crc: number, last };
  }
}

/** What every transport between members must do. */
export function transportContract(kind: TransportKind): void {
  describe(`the transport between members, ${kind.name}`, () => {
    let m1: TestMember;
    let m2: TestMember;

    beforeEach(() => {
      kind.begin();
      m1 = new TestMember('m1');
      m2 = new TestMember('m2');
    });

    afterEach(async () => {
      await kind.end();
    });

    async function meet(...members: readonly TestMember[]): Promise<void> {
      for (const member of members) await member.start(kind);
      for (const member of members) {
        const others = members.filter((other) => other !== member);
        member.transport.setPeers(new Map(others.map((other) => [other.id, other.at.address])));
      }
      await kind.until('all are connected', () =>
        members.every((member) => members.every((peer) => peer === member || connected(member, peer))),
      );
    }

    /** As `meet`, over paths that can be cut. */
    async function meetOverPaths(): Promise<void> {
      await m1.start(kind);
      await m2.start(kind);
      m1.transport.setPeers(new Map([[m2.id, await kind.path(m1.at, m2.at)]]));
      m2.transport.setPeers(new Map([[m1.id, await kind.path(m2.at, m1.at)]]));
      await kind.until('both are connected', () => connected(m1, m2) && connected(m2, m1));
    }

    function connected(from: TestMember, to: TestMember): boolean {
      return from.transport.connected(to.id);
    }

    function say(from: TestMember, to: TestMember, text: string): boolean {
      return from.transport.send(to.id, 'raft', utf8Encode(text));
    }

    it('introduces both ends of a stream to each other', async () => {
      m2.boot = 9;
      await meet(m1, m2);
      assert.deepEqual(m1.ups, [m2.hello(m1.id)]);
      assert.deepEqual(m2.ups, [m1.hello(m2.id)]);
    });

    it('delivers frames in order, with their kinds, those of one turn as one message', async () => {
      await meet(m1, m2);
      m1.transport.send(m2.id, 'raft', utf8Encode('a'));
      m1.transport.send(m2.id, 'lane', utf8Encode('b'));
      m1.transport.send(m2.id, 'livenessReply', new Uint8Array(0));
      await kind.until('frames', () => m2.texts.length === 3);
      assert.deepEqual(m2.messages, [['raft:a', 'lane:b', 'livenessReply:']]);
      say(m1, m2, 'c');
      await kind.until('one more', () => m2.texts.length === 4);
      assert.deepEqual(m2.messages[1], ['raft:c']);
    });

    it('sends what is queued when it is told to, ahead of what the same turn queues later, nothing twice', async () => {
      await meet(m1, m2);
      say(m1, m2, 'a');
      m1.transport.flush();
      m1.transport.flush();
      say(m1, m2, 'b');
      await kind.until('both', () => m2.texts.length === 2);
      say(m1, m2, 'c');
      await kind.until('one more', () => m2.texts.length === 3);
      assert.deepEqual(m2.messages, [['raft:a'], ['raft:b'], ['raft:c']]);
    });

    it('leaves out frames of an unknown kind, tells both ends which and from whom, once, and goes on', async () => {
      await meet(m1, m2);
      const newer = FRAME_KINDS as Record<string, number>;
      newer['future'] = 99;
      try {
        for (const text of ['a', 'b']) {
          m1.transport.send(m2.id, 'future' as FrameKind, utf8Encode(text));
          say(m1, m2, text);
          await kind.until('the known frame', () => m2.texts.includes(`raft:${text}`));
        }
      } finally {
        delete newer['future'];
      }
      await kind.until('the sender knows', () => m1.drops.length > 0);
      const why = 'frames of kind 99 from m1 (release 0.1.0) are unknown to m2 (release 0.1.0)';
      assert.deepEqual(m2.drops, [{ peer: m1.id, why }]);
      assert.deepEqual(m1.drops, [{ peer: m2.id, why }]);
      assert.deepEqual(m2.texts, ['raft:a', 'raft:b']);
      assert.deepEqual(m1.downs, []);
    });

    it('copies a body that is handed to it', async () => {
      await meet(m1, m2);
      const body = utf8Encode('before');
      m1.transport.send(m2.id, 'raft', body);
      body.set(utf8Encode('after!'));
      await kind.until('a frame', () => m2.texts.length === 1);
      assert.deepEqual(m2.texts, ['raft:before']);
    });

    it('sends nothing where there is no stream', async () => {
      await m1.start(kind);
      assert.equal(say(m1, m2, 'lost'), false);
      assert.equal(connected(m1, m2), false);
    });

    it('tells of a peer that died, and at once that nothing listens any more', async () => {
      const toldMs: number[] = [];
      m1.onDown = (peer, down) => {
        toldMs.push(kind.nowMs());
        if (down.kind === 'ended-by-peer') m1.transport.redial(peer);
      };
      await meet(m1, m2);
      toldMs.length = 0;
      m1.downs.length = 0;
      await kind.crash(m2.at);
      await kind.until('refused', () => m1.kindsOfDown(m2).includes('refused'));
      assert.deepEqual(m1.kindsOfDown(m2), ['ended-by-peer', 'refused']);
      const [endedMs = 0, refusedMs = Infinity] = toldMs;
      assert.ok(refusedMs - endedMs <= kind.promptMs, `${refusedMs - endedMs} ms later`);
      assert.equal(say(m1, m2, 'lost'), false);
    });

    it('finds a peer that came back, and its new boot number', async () => {
      await meet(m1, m2);
      await kind.crash(m2.at);
      await kind.until('down', () => !connected(m1, m2));
      const again = new TestMember('m2');
      again.boot = 2;
      await again.start(kind, m2.at.address);
      await kind.until('up again', () => connected(m1, m2));
      assert.deepEqual(
        m1.ups.map(({ boot }) => boot),
        [1, 2],
      );
    });

    it('takes a one-way cut for one: the other direction goes on', async () => {
      await meetOverPaths();
      kind.cut(m1.at, m2.at);
      await kind.until('m1 notices', () => !connected(m1, m2));
      assert.deepEqual(m1.kindsOfDown(m2), ['closed-here']);
      assert.equal(connected(m2, m1), true);
      say(m2, m1, 'still here');
      await kind.until('a frame', () => m1.texts.length === 1);
      assert.deepEqual(m2.downs, []);
    });

    it('uses a healed path within a second', async () => {
      await meetOverPaths();
      kind.cut(m1.at, m2.at);
      await kind.until('attempts fail', () => m1.kindsOfDown(m2).includes('unreachable'));
      kind.heal(m1.at, m2.at);
      const healedMs = kind.nowMs();
      await kind.until('up again', () => connected(m1, m2));
      const tookMs = kind.nowMs() - healedMs;
      assert.ok(tookMs < 1000, `${tookMs} ms after the heal`);
      say(m1, m2, 'hello again');
      await kind.until('a frame', () => m2.texts.includes('raft:hello again'));
    });

    it('loses what was on its way when a stream breaks, and resends nothing', async () => {
      await meetOverPaths();
      kind.cut(m1.at, m2.at);
      say(m1, m2, 'into the void');
      await kind.until('m1 notices', () => !connected(m1, m2));
      kind.heal(m1.at, m2.at);
      await kind.until('up again', () => connected(m1, m2));
      say(m1, m2, 'after');
      await kind.until('the frame after', () => m2.texts.includes('raft:after'));
      assert.equal(m2.texts.filter((text) => text === 'raft:after').length, 1);
    });

    it('says the reason of a failure once, however often an attempt fails for it', async () => {
      await meet(m1, m2);
      await kind.crash(m2.at);
      await kind.until('refused', () => m1.kindsOfDown(m2).includes('refused'));
      const sinceMs = kind.nowMs();
      await kind.until('a few attempts more', () => kind.nowMs() - sinceMs > 600);
      assert.deepEqual(m1.kindsOfDown(m2), ['ended-by-peer', 'refused']);
    });

    it('keeps the newest stream of a member and ends the older one', async () => {
      await meet(m1, m2);
      const twin = new TestMember('m1', '0000000000000002');
      await twin.start(kind);
      twin.transport.setPeers(new Map([[m2.id, m2.at.address]]));
      await kind.until('the older one ends', () => m1.kindsOfDown(m2).length > 0);
      assert.deepEqual(m1.kindsOfDown(m2), ['ended-by-peer']);
    });

    it('keeps members of another cluster out, and tells them why', async () => {
      const foreign = new TestMember('m3');
      foreign.clusterId = 'c2' as never;
      await m1.start(kind);
      await foreign.start(kind);
      foreign.transport.setPeers(new Map([[m1.id, m1.at.address]]));
      await kind.until('refusal', () => foreign.downs.length > 0);
      assert.deepEqual(foreign.downs[0]?.down, {
        kind: 'rejected',
        code: 'FOREIGN_CLUSTER',
        message: 'm3 is of c2',
      });
      assert.equal(say(foreign, m1, 'let me in'), false);
    });

    it('tells of a refusal for another reason, although it was refused all along', async () => {
      let code: ErrorCode = 'FOREIGN_MEMBER';
      m1.judge = () => ({ code, message: 'm2 is not wanted' });
      await m1.start(kind);
      await m2.start(kind);
      m2.transport.setPeers(new Map([[m1.id, m1.at.address]]));
      await kind.until('refused', () => m2.downs.length > 0);
      code = 'REMOVED';
      await kind.until('refused again', () => m2.downs.length > 1);
      assert.deepEqual(
        m2.downs.map(({ down }) => 'code' in down && down.code),
        ['FOREIGN_MEMBER', 'REMOVED'],
      );
    });

    it('tells its own refusal of a peer from a refusal by the peer', async () => {
      const foreign = new TestMember('m3');
      foreign.clusterId = 'c2' as never;
      foreign.judge = () => null;
      await m1.start(kind);
      await foreign.start(kind);
      m1.transport.setPeers(new Map([[foreign.id, foreign.at.address]]));
      await kind.until('refusal', () => m1.downs.length > 0);
      assert.deepEqual(m1.downs[0]?.down, {
        kind: 'rejected-here',
        code: 'FOREIGN_CLUSTER',
        message: 'm3 is of c2',
      });
    });

    it('does not take another member for the one it dialled', async () => {
      await m1.start(kind);
      await m2.start(kind);
      m1.transport.setPeers(new Map([['m3' as MemberId, m2.at.address]]));
      await kind.until('refusal', () => m1.downs.length > 0);
      const down = m1.downs[0]?.down;
      assert.ok(down?.kind === 'rejected-here' && down.code === 'FOREIGN_MEMBER');
      assert.equal(down.message, `${m2.at.address} is member m2, not m3`);
    });

    it('lets go of a peer that is no longer named, and dials one whose address changed', async () => {
      await meet(m1, m2);
      m1.transport.setPeers(new Map());
      assert.equal(connected(m1, m2), false);
      assert.deepEqual(m1.kindsOfDown(m2), ['closed-here']);
      m1.transport.setPeers(new Map([[m2.id, m2.at.address]]));
      await kind.until('up again', () => connected(m1, m2));
    });

    it('introduces members that belong to no group, and carries the founding call', async () => {
      await m1.start(kind);
      await m2.start(kind);
      const hello = await settled(m1.transport.introduceTo(m2.at.address));
      assert.deepEqual(hello, m2.hello(null));
      const voters = [m1.node, m2.node];
      m2.formAnswer = async (request) => ({ formed: false, message: request.voters.join(' ') });
      const reply = await settled(m1.transport.formWith(m2.at.address, { clusterId: 'c' as never, voters }));
      assert.deepEqual(reply, { formed: false, message: voters.join(' ') });
    });

    it('carries the question to be let in, and its answer or refusal', async () => {
      await m1.start(kind);
      await m2.start(kind);
      const seen: unknown[] = [];
      const reply = { clusterId: 'c' as never, generation: 3, members: new Map([[m2.id, '10.0.0.2:5070']]) };
      m2.joinAnswer = async (request) => {
        seen.push(request);
        return reply;
      };
      assert.deepEqual(await settled(m1.transport.joinVia(m2.at.address, 'token', 2)), reply);
      assert.deepEqual(seen, [{ hello: m1.hello(null), token: 'token', commandLevel: 2 }]);
      m2.joinAnswer = async () => {
        throw new TepuiError('UNKNOWN_MEMBER', 'm1 is not a member');
      };
      const refused = settled(m1.transport.joinVia(m2.at.address, '', 2));
      await assert.rejects(refused, { code: 'UNKNOWN_MEMBER', message: 'm1 is not a member' });
    });

    it('hands the error of a founding call to the caller', async () => {
      await m1.start(kind);
      await m2.start(kind);
      m2.formAnswer = async () => {
        throw new TepuiError('FOREIGN_CLUSTER', 'already of another');
      };
      const call = settled(m1.transport.formWith(m2.at.address, { clusterId: 'c' as never, voters: [] }));
      await assert.rejects(call, { code: 'FOREIGN_CLUSTER', message: 'already of another' });
    });

    it('says that nobody answers an introduction', async () => {
      await m1.start(kind);
      await m2.start(kind);
      await kind.crash(m2.at);
      await assert.rejects(settled(m1.transport.introduceTo(m2.at.address)), { code: 'UNREACHABLE' });
    });

    /** Awaits a promise that depends on the world moving. */
    async function settled<T>(promise: Promise<T>): Promise<T> {
      let over = false;
      const mark = (): void => {
        over = true;
      };
      promise.then(mark, mark);
      await kind.until('a call is settled', () => over);
      return promise;
    }

    describe('snapshots', () => {
      const start = {
        snapshotId: 's1',
        from: 'm1@0000000000000001' as NodeId,
        term: 4,
        meta: Uint8Array.of(7),
        version: 1,
        release: '0.1.0',
      };

      function send(count: number, asked: number[] = []): Promise<void> {
        return settled(
          m1.transport.sendSnapshot(m2.id, start, (offset) => {
            asked.push(offset);
            return chunksFrom(offset, count);
          }),
        );
      }

      it('arrive whole and in order', async () => {
        const sink = new TestSink();
        m2.offered = async (offer) => {
          assert.deepEqual({ ...offer, meta: [...offer.meta] }, { ...start, meta: [7] });
          return sink;
        };
        await meet(m1, m2);
        await send(40);
        assert.deepEqual(
          sink.chunks.map(({ number, crc, bytes, last }) => [
            number,
            crc,
            bytes.length,
            bytes[0],
            last !== null,
          ]),
          Array.from({ length: 40 }, (_, i) => [i, i, CHUNK_BYTES, i, i === 39]),
        );
        assert.deepEqual(sink.chunks.at(-1)?.last, { digest: '00000000000000aa', records: 5 });
        assert.equal(sink.finished, true);
        assert.equal(sink.wasBroken, false);
      });

      it('resume where the receiver says', async () => {
        const sink = new TestSink(30);
        m2.offered = async () => sink;
        await meet(m1, m2);
        const asked: number[] = [];
        await send(40, asked);
        assert.deepEqual(asked, [30]);
        assert.equal(sink.chunks[0]?.number, 30);
      });

      it('that are not wanted are refused', async () => {
        await meet(m1, m2);
        await assert.rejects(send(3), /not wanted/);
      });

      it('break when the receiver cannot write them, and tell both sides', async () => {
        const sink = new TestSink();
        sink.failAt = 2;
        m2.offered = async () => sink;
        await meet(m1, m2);
        await assert.rejects(send(10), /disk full/);
        assert.equal(sink.wasBroken, true);
        assert.equal(sink.chunks.length, 2);
      });

      it('break when the sender dies', async () => {
        const sink = new TestSink();
        m2.offered = async () => sink;
        await meet(m1, m2);
        async function* stuck(): AsyncGenerator<SnapshotChunk> {
          yield* chunksFrom(0, 3);
        }
        const transfer = m1.transport.sendSnapshot(m2.id, start, () => stuckAfter(stuck()));
        transfer.catch(() => {});
        await kind.until('some arrived', () => sink.chunks.length === 2);
        await kind.crash(m1.at);
        await kind.until('broken', () => sink.wasBroken);
        assert.equal(sink.finished, false);
      });

      /** m1 dies while m2 takes chunk `at` of three: what m2 had been told by then, and how to let the chunk be done. */
      async function dieWhileTaking(at: number): Promise<{ sink: TestSink; done: () => void }> {
        const sink = new TestSink();
        const done = sink.hold(at);
        m2.offered = async () => sink;
        await meet(m1, m2);
        m1.transport.sendSnapshot(m2.id, start, (offset) => chunksFrom(offset, 3)).catch(() => {});
        await kind.until('the chunk arrived', () => sink.chunks.length === at + 1);
        await kind.crash(m1.at);
        await kind.until('dead', () => m2.kindsOfDown(m1).includes('refused'));
        return { sink, done };
      }

      it('break when nothing more comes, although nobody said that the sender is gone', async () => {
        const sink = new TestSink();
        m2.offered = async () => sink;
        await meet(m1, m2);
        const transfer = m1.transport.sendSnapshot(m2.id, start, () => stuckAfter(chunksFrom(0, 3)));
        const broke = assert.rejects(transfer, /nothing more of the snapshot came/);
        await kind.until('broken', () => sink.wasBroken);
        await settled(broke);
        assert.equal(sink.chunks.length, 2);
      });

      it('break when the receiver is done with the chunk that it was taking', async () => {
        const { sink, done } = await dieWhileTaking(1);
        assert.equal(sink.wasBroken, false);
        done();
        await kind.until('broken', () => sink.wasBroken);
        assert.equal(sink.finished, false);
      });

      it('do not break any more while the last chunk is taken: they are finished', async () => {
        const { sink, done } = await dieWhileTaking(2);
        assert.equal(sink.finished, false);
        done();
        await kind.until('finished', () => sink.finished);
        assert.equal(sink.wasBroken, false);
      });

      it('break when the receiver dies', async () => {
        const sink = new TestSink();
        m2.offered = async () => sink;
        await meet(m1, m2);
        const transfer = m1.transport.sendSnapshot(m2.id, start, () => stuckAfter(chunksFrom(0, 3)));
        const broke = assert.rejects(transfer);
        await kind.until('some arrived', () => sink.chunks.length === 2);
        await kind.crash(m2.at);
        await settled(broke);
      });
    });
  });
}

/** The first two chunks, and then nothing for ever. */
async function* stuckAfter(chunks: AsyncGenerator<SnapshotChunk>): AsyncGenerator<SnapshotChunk> {
  for await (const chunk of chunks) {
    if (chunk.number === 2) await new Promise(() => {});
    yield chunk;
  }
}
