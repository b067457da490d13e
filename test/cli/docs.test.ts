import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { TepuiError } from '../../lib/base/index.js';
import type { mesos } from '../../lib/wire/index.js';
import type { ServerEnd } from '../client/fake-door.js';
import { FakeServer } from '../client/zookeeper/fake-server.js';
import { Harness, documentedCluster } from './harness.js';
import { documentedTree } from './zk-harness.js';

interface Example {
  readonly argv: readonly string[];
  readonly printed: string;
  readonly exitCode: number;
}

/** The console blocks of docs/cli.md: a command line, what it prints on both streams, its exit code. */
function examples(): Example[] {
  const page = readFileSync('docs/cli.md', 'utf8');
  return [
    ...page.matchAll(/```console\n\$ tepui (.*)\n([^`]*(?:`tepui[^`]*`[^`]*)*)\[exit (\d+)\]\n```/g),
  ].map(([, line = '', printed = '', exitCode = '']) => ({
    argv: split(line),
    printed: printed.replace('^C\n', ''),
    exitCode: Number(exitCode),
  }));
}

/** A command line into words, as a shell does with single quotes. */
function split(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
}

const AGENT = { value: 'e794fa8865d626a2' };

function offer(harness: Harness): void {
  const resources: mesos.Resource[] = [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 4096 } },
  ];
  const ids = { id: { value: 'offer' }, framework_id: { value: 'f' }, agent_id: AGENT };
  harness.group.tell({ type: 'OFFERS', offers: { offers: [{ ...ids, hostname: 'h', resources }] } });
}

/** What an agent would tell of tasks that exit 0, 1, 0, 1, … */
function play(harness: Harness, tasks: readonly mesos.TaskInfo[]): void {
  const tell = (status: Omit<mesos.TaskStatus, 'agent_id'>): void => {
    harness.group.tell({ type: 'UPDATE', update: { status: { ...status, agent_id: AGENT } } });
  };
  for (const { task_id } of tasks) tell({ task_id, state: 'TASK_RUNNING', message: 'Command started' });
  for (const [i, { task_id }] of tasks.entries()) {
    const message = `Command exited with status ${i % 2}`;
    if (i % 2 === 0) tell({ task_id, state: 'TASK_FINISHED', message });
    else tell({ task_id, state: 'TASK_FAILED', reason: 'REASON_COMMAND_EXECUTOR_FAILED', message });
  }
}

function prepare(harness: Harness): void {
  const { group } = harness;
  documentedCluster(harness);
  group.answers.set('changeMembers', (_, request) => {
    const { value } = request as { value: string };
    if (value === 'm2') {
      const arithmetic = '2 voters, 1 reachable after removal of m2, 2 needed (reachable: m1; not: m3)';
      throw new TepuiError('QUORUM_AT_RISK', arithmetic);
    }
    const upkeep = { promoteAfterMs: 0, removeDeadAfterMs: 0, unstableLosses: 0, unstableWindowMs: 0 };
    return { index: 190, voters: ['m1', 'm2'], learners: [], upkeep, token: null, tokenExpiresMs: 0 };
  });
  group.answers.set('killTask', (_, request) => {
    const { frameworkId, taskId } = request as { frameworkId: string; taskId: string };
    if (taskId !== 'web-7') return { index: 195 };
    throw new TepuiError('UNKNOWN_TASK', `framework ${frameworkId} has no task ${taskId}`);
  });
  group.answers.set('teardownFramework', () => ({ index: 195 }));
  group.answers.set('transferLeadership', () => ({ leader: 'm1', term: 8 }));
  group.onSubscribed = () => offer(harness);
  group.onCall = (call) => {
    if (call.type === 'ACCEPT') play(harness, call.accept.operations?.[0]?.launch?.task_infos ?? []);
  };
  group.onEvents = (stream: ServerEnd<'events'>, { afterIndex }) => {
    const [task] = harness.documentedTasks.slice(1);
    const [framework] = harness.documentedFrameworks;
    if (task === undefined || framework === undefined) return;
    const changed = { ...framework, state: 'disconnected' };
    stream.reply({ index: afterIndex + 1, event: { kind: 'taskChanged', ...task, state: 'TASK_KILLED' } });
    stream.reply({ index: afterIndex + 2, event: { kind: 'frameworkChanged', ...changed } });
    setImmediate(() => harness.interrupt());
  };
}

describe('docs/cli.md', () => {
  it('has an example of every command that a client runs', () => {
    const shown = new Set(examples().map(({ argv }) => argv[0]));
    for (const command of ['status', 'members', 'agents', 'frameworks', 'tasks', 'events', 'run', 'zk']) {
      assert.ok(shown.has(command), command);
    }
  });

  let server: FakeServer;

  beforeEach(async () => {
    server = new FakeServer();
    await server.start();
  });

  afterEach(() => server.stop());

  for (const { argv, printed, exitCode } of examples()) {
    it(`shows what is printed by tepui ${argv.join(' ')}`, async () => {
      const harness = new Harness();
      prepare(harness);
      documentedTree(harness, server);
      const finished = await harness.run(...argv);
      // Revisions of this group are its own.
      const comparable = (text: string): string => text.replaceAll(/"index":\d+\}/g, '"index":0}');
      assert.equal(comparable(finished.out + finished.err), comparable(printed));
      assert.equal(finished.exitCode, exitCode);
    });
  }
});
