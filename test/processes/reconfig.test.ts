import assert from 'node:assert/strict';
import {
  EVENT,
  JuteReader,
  OP,
  readEvent,
  readReplyHeader,
  ZK_ERROR,
} from '../../lib/wire/zookeeper/index.js';
import { CutGroup } from '../support/cut-group.js';
import { eventually } from '../support/eventually.js';
import { ask, openSession, textAt, tryAsk } from '../support/zookeeper-client.js';
import type { RawSession } from '../support/raw-session.js';

const CONFIG = '/zookeeper/config';
const TIMEOUT_MS = 10_000;
const LIMIT_MS = 20_000;

describe('Members changed by clients of ZooKeeper, with three real masters', function () {
  this.timeout(120_000);
  let group: CutGroup;
  const sessions: RawSession[] = [];

  beforeEach(async () => {
    group = await CutGroup.start({ superDigest: 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=' });
  });
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await group.end();
  });

  async function open(id: string): Promise<RawSession> {
    const session = await openSession(group.door(id), TIMEOUT_MS);
    sessions.push(session);
    return session;
  }

  it('the leader leaves: another one leads, everybody who watches hears of it, and the rest serve on', async () => {
    const leader = await group.leader();
    const [home, other] = group.others(leader);
    const [client, watcher] = [await open(home!), await open(other!)];
    await ask(client, { op: OP.auth, scheme: 'digest', credentials: Buffer.from('super:admin') });
    const before = async (): Promise<boolean> => (await textAt(watcher, CONFIG)).split('\n').length === 4;
    await eventually(before, LIMIT_MS, 'three servers are listed');
    await ask(watcher, { op: OP.getData, path: CONFIG, watch: true });
    const heard = watcher.event(isChange);
    const nothing = { joining: null, newMembers: null, configId: -1 };
    const body = await ask(client, { op: OP.reconfig, leaving: leader.slice(1), ...nothing });
    const listed = Buffer.from(body.buffer()!).toString();
    assert.equal(listed.includes(`server.${leader.slice(1)}=`), false);
    assert.equal(listed.split('\n').length, 3);
    assert.ok([home, other].includes(await group.leader([home!, other!])));
    await heard;
    const same = async (): Promise<boolean> => (await textAt(watcher, CONFIG)) === listed;
    await eventually(same, LIMIT_MS, 'the other one shows it too');
    const refused = await tryAsk(client, { op: OP.reconfig, ...nothing, leaving: '9', configId: 1 });
    assert.equal(refused.err, ZK_ERROR.badVersion);
  });
});

function isChange(frame: Buffer): boolean {
  const r = new JuteReader(frame);
  readReplyHeader(r);
  const { type, path } = readEvent(r);
  return type === EVENT.dataChanged && path === CONFIG;
}
