import assert from 'node:assert/strict';
import { must } from '../../lib/base/index.js';
import { DevCluster } from '../support/dev-cluster.js';
import { eventually } from '../support/eventually.js';

const LIMIT_MS = 20_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

describe('The doors for HTTP of three real masters', function () {
  this.timeout(120_000);
  let cluster: DevCluster;

  before(async () => {
    cluster = await DevCluster.start({ masters: 3, agents: 0 });
  });
  after(() => cluster.stop());

  async function get(id: string, page: string): Promise<Answer> {
    const response = await fetch(`http://${must(cluster.master(id).http, 'a door for HTTP')}${page}`);
    return { status: response.status, text: await response.text() };
  }

  async function metric(id: string, name: string): Promise<number> {
    const { text } = await get(id, '/metrics');
    return Number(must(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1], name));
  }

  it('say the same of the group, and one of them that it leads', async () => {
    const { masters, leader } = cluster.announcement;
    for (const { id } of masters) {
      assert.equal((await get(id, '/readyz')).status, 200);
      assert.equal(await metric(id, 'tepui_leader'), id === leader ? 1 : 0);
      assert.equal(await metric(id, 'tepui_group_voters'), 3);
      const said = JSON.parse((await get(id, '/commands/leader')).text) as Record<string, unknown>;
      assert.equal(said['leader_id'], Number(leader.slice(1)));
    }
  });

  it('call a master that two others are missing to alive, and not ready', async () => {
    const { masters, leader } = cluster.announcement;
    for (const { id } of masters) if (id !== leader) cluster.signal(id, 'SIGKILL');
    const unready = async (): Promise<Answer | false> => {
      const answer = await get(leader, '/readyz');
      return answer.status === 503 && answer;
    };
    const { text } = await eventually(unready, LIMIT_MS, 'it is not ready');
    assert.match(text, /1 of 3 voters reachable/);
    assert.deepEqual(await get(leader, '/livez'), { status: 200, text: 'ok\n' });
    assert.equal(await metric(leader, 'tepui_serving'), 0);
  });
});
