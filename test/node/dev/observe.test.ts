import assert from 'node:assert/strict';
import type { AgentSummary, ListReply, TaskSummary } from '../../../lib/client/index.js';
import { Observer, type Asked } from '../../../lib/node/dev/observe.js';
import { agent, clusterStatus, framework, member, task } from './pictures.js';

/** A cluster whose answers a test gives when it wants to. */
class Cluster implements Asked {
  readonly asked: string[] = [];
  status: Asked['status'] = () => Promise.resolve(clusterStatus());
  listed: () => Promise<ListReply<AgentSummary>> = () => Promise.resolve({ index: 1, items: [agent('a1')] });
  running: () => Promise<ListReply<TaskSummary>> = () => Promise.resolve({ index: 1, items: [task('t')] });

  agents: Asked['agents'] = (options) => {
    this.asked.push(`agents ${options?.consistency}`);
    return this.listed();
  };

  frameworks: Asked['frameworks'] = (options) => {
    this.asked.push(`frameworks ${options?.consistency}`);
    return Promise.resolve({ index: 1, items: [framework('sample')] });
  };

  tasks: Asked['tasks'] = (options) => {
    this.asked.push(`tasks ${options?.consistency}`);
    return this.running();
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a look at the cluster', () => {
  let cluster: Cluster;
  let observer: Observer;

  beforeEach(() => {
    cluster = new Cluster();
    observer = new Observer(cluster);
  });

  /** Looks until the lists asked for by the first look have come. */
  async function settled(): Promise<Awaited<ReturnType<Observer['look']>>> {
    await observer.look();
    await turn();
    return observer.look();
  }

  it('asks for lists from any member, however old: there may be no leader', async () => {
    await observer.look();
    assert.deepEqual(cluster.asked, ['agents LOCAL', 'frameworks LOCAL', 'tasks LOCAL']);
  });

  it('shows the lists that came', async () => {
    const { agents, frameworks, tasks } = await settled();
    assert.deepEqual(
      [...agents, ...frameworks, ...tasks].map(({ name }) => name),
      ['a1', 'sample', 't'],
    );
  });

  it('waits for the status and not for lists: those of a dead member would take seconds', async () => {
    cluster.running = () => new Promise(() => undefined);
    const { status, tasks } = await settled();
    assert.equal(status.leader, 'm1');
    assert.deepEqual(tasks, []);
  });

  it('asks for a list once at a time', async () => {
    cluster.running = () => new Promise(() => undefined);
    await settled();
    assert.equal(cluster.asked.filter((one) => one.startsWith('tasks')).length, 1);
    assert.equal(cluster.asked.filter((one) => one.startsWith('agents')).length, 2);
  });

  it('keeps a list that nobody can give now, and asks again', async () => {
    await settled();
    cluster.running = () => Promise.reject(new Error('nobody answers'));
    assert.equal((await settled()).tasks.length, 1);
    cluster.running = () => Promise.resolve({ index: 2, items: [] });
    assert.deepEqual((await settled()).tasks, []);
  });

  it('never goes back to an older list of a member that is behind', async () => {
    cluster.running = () => Promise.resolve({ index: 7, items: [task('t'), task('u')] });
    await settled();
    cluster.running = () => Promise.resolve({ index: 6, items: [] });
    assert.equal((await settled()).tasks.length, 2);
  });

  it('remembers who has answered so far, by pid', async () => {
    cluster.status = () =>
      Promise.resolve(clusterStatus({ members: [member('m1'), member('m2', { role: 'unreachable' })] }));
    await observer.look();
    cluster.status = () =>
      Promise.resolve(clusterStatus({ members: [member('m1', { role: 'unreachable' })] }));
    assert.deepEqual([...(await observer.look()).answered], [101]);
  });
});
