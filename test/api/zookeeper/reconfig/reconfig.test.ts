import assert from 'node:assert/strict';
import { memberOf } from '../../../../lib/base/index.js';
import {
  EVENT,
  JuteReader,
  OP,
  readEvent,
  readReplyHeader,
  readStat,
  XID,
  ZK_ERROR,
  type ReconfigRequest,
  type WireStat,
} from '../../../../lib/wire/zookeeper/index.js';
import type { RawClient } from '../door-world.js';
import { ReconfigWorld } from './world.js';

type Change = Partial<Pick<ReconfigRequest, 'joining' | 'leaving' | 'newMembers' | 'configId'>>;

interface Config {
  readonly lines: readonly string[];
  readonly stat: WireStat;
}

const M3 = 'server.3=m3:1:1:participant;m3:2183';

describe('reconfig by clients of ZooKeeper', function () {
  this.timeout(20_000);
  let world: ReconfigWorld;
  let client: RawClient;

  beforeEach(async () => {
    world = await ReconfigWorld.open();
    client = await world.client(true);
  });
  afterEach(() => world.close());

  function reconfig(change: Change, by: RawClient = client): Promise<JuteReader | number> {
    const nothing = { joining: null, leaving: null, newMembers: null, configId: -1 };
    return by.ask({ op: OP.reconfig, ...nothing, ...change });
  }

  async function done(change: Change): Promise<Config> {
    return configOf(await reconfig(change));
  }

  async function read(watch: boolean = false): Promise<Config> {
    return configOf(await client.ask({ op: OP.getData, path: '/zookeeper/config', watch }));
  }

  function configOf(r: JuteReader | number): Config {
    assert.ok(typeof r !== 'number', `refused: ${Number(r)}`);
    const lines = Buffer.from(r.buffer() ?? [])
      .toString()
      .split('\n');
    return { lines, stat: readStat(r) };
  }

  function present(): { voters: string[]; learners: string[] } {
    const { voters, learners } = world.group.leader!.configuration;
    return { voters: voters.map(memberOf).sort(), learners: learners.map(memberOf).sort() };
  }

  it('a server that leaves is removed from the group; the answer is the configuration without it', async () => {
    const { lines, stat } = await done({ leaving: '3' });
    assert.deepEqual(present(), { voters: ['m1', 'm2'], learners: [] });
    assert.deepEqual(lines, [
      'server.1=m1:1:1:participant;m1:2181',
      'server.2=m2:1:1:participant;m2:2182',
      `version=${stat.mzxid.toString(16)}`,
    ]);
    assert.deepEqual(await read(), { lines, stat });
  });

  it('a server that joins again with another role gets it, and the former one back', async () => {
    await done({ joining: M3.replace('participant', 'observer') });
    assert.deepEqual(present(), { voters: ['m1', 'm2'], learners: ['m3'] });
    await done({ joining: M3 });
    assert.deepEqual(present(), { voters: ['m1', 'm2', 'm3'], learners: [] });
  });

  it('one that leaves and joins in the same request stays', async () => {
    await done({ leaving: '3,2', joining: M3 });
    assert.deepEqual(present(), { voters: ['m1', 'm3'], learners: [] });
  });

  it('a list of all that are to be members takes the place of the one in force', async () => {
    const { lines } = await read();
    const servers = [lines[0]!, lines[1]!.replace('participant', 'observer'), lines[2]!];
    await done({ newMembers: servers.join(',') });
    assert.deepEqual(present(), { voters: ['m1', 'm3'], learners: ['m2'] });
    await done({ newMembers: `${lines[0]!}\n${lines[2]!}\nversion=0` });
    assert.deepEqual(present(), { voters: ['m1', 'm3'], learners: [] });
  });

  it('is refused unless the configuration is the one that the client knows', async () => {
    const { stat } = await read();
    assert.equal(await reconfig({ leaving: '3', configId: stat.mzxid - 1 }), ZK_ERROR.badVersion);
    await done({ leaving: '3', configId: stat.mzxid });
    assert.equal(await reconfig({ leaving: '2', configId: stat.mzxid }), ZK_ERROR.badVersion);
  });

  it('is refused to whoever may not write the node, and allowed to whom its ACL lets', async () => {
    const anybody = await world.client(false);
    assert.equal(await reconfig({ leaving: '3' }, anybody), ZK_ERROR.noAuth);
    const acl = [{ permissions: 3, scheme: 'world', id: 'anyone' }];
    await client.ask({ op: OP.setAcl, path: '/zookeeper/config', acl, version: -1 });
    assert.notEqual(typeof (await reconfig({ leaving: '3' }, anybody)), 'number');
  });

  it('is refused when a server is none of the group, or is to be elsewhere: a master joins by token', async () => {
    assert.equal(await reconfig({ joining: 'server.7=x:1:1;x:2' }), ZK_ERROR.badArguments);
    assert.equal(await reconfig({ joining: 'server.3=elsewhere:1:1;m3:2183' }), ZK_ERROR.badArguments);
    assert.equal(await reconfig({ newMembers: 'server.7=x:1:1;x:2' }), ZK_ERROR.badArguments);
    assert.equal(present().voters.length, 3);
  });

  it('is refused with the numbers of ZooKeeper when it makes no sense', async () => {
    assert.equal(await reconfig({ leaving: 'm3' }), ZK_ERROR.marshallingError);
    assert.equal(await reconfig({ joining: 'server.3' }), ZK_ERROR.badArguments);
    assert.equal(await reconfig({ joining: 'server.3=m3:1:1' }), ZK_ERROR.badArguments);
    assert.equal(await reconfig({ newMembers: 'foo=bar' }), ZK_ERROR.badArguments);
    assert.equal(await reconfig({ leaving: '1,2,3' }), ZK_ERROR.badArguments);
  });

  it('is refused when those that would be left are too few', async () => {
    world.group.at('m3').crash();
    assert.equal(await reconfig({ leaving: '2' }), ZK_ERROR.newConfigNoQuorum);
    assert.equal(present().voters.length, 3);
  });

  it('changes nothing when there is nothing to change: the version stays', async () => {
    const before = await read();
    assert.deepEqual(await done({ leaving: '9' }), before);
    assert.deepEqual(await done({}), before);
  });

  it('is told to whoever watches the node, before it is answered', async () => {
    await read(true);
    client.send({ op: OP.reconfig, joining: null, leaving: '3', newMembers: null, configId: -1 });
    const event = new JuteReader(await client.next());
    assert.equal(readReplyHeader(event).xid, XID.notification);
    assert.deepEqual(readEvent(event), { type: EVENT.dataChanged, path: '/zookeeper/config' });
    assert.equal(readReplyHeader(new JuteReader(await client.next())).err, 0);
  });

  it('is waited for by what is asked behind it', async () => {
    client.send({ op: OP.reconfig, joining: null, leaving: '3', newMembers: null, configId: -1 });
    const { lines } = configOf(await client.ask({ op: OP.getData, path: '/zookeeper/config', watch: false }));
    const after = configOf(afterHeader(await client.next()));
    assert.deepEqual(after.lines, lines);
    assert.equal(lines.length, 3);
  });
});

function afterHeader(frame: Buffer): JuteReader {
  const r = new JuteReader(frame);
  assert.equal(readReplyHeader(r).err, 0);
  return r;
}
