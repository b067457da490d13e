import assert from 'node:assert/strict';
import { TepuiError } from '../../lib/base/index.js';
import { Harness, answerStatus } from './harness.js';

const AGENT = {
  id: 'agent-1',
  name: 'a1',
  hostname: 'host',
  state: 'registered',
  total: [
    { name: 'cpus', value: 4 },
    { name: 'mem', value: 4096 },
  ],
  used: [
    { name: 'cpus', value: 0.5 },
    { name: 'mem', value: 160 },
  ],
  tasks: 5,
  http: null,
  master: 'm1',
};

const FRAMEWORK = {
  id: 'framework-1',
  name: 'sample',
  state: 'connected',
  roles: ['*'],
  used: [{ name: 'cpus', value: 0.5 }],
  activeTasks: 5,
  failoverTimeoutMs: 3_600_000,
  master: 'm2',
};

const TASK = {
  id: 'long-0.0',
  name: 'long-0.0',
  frameworkId: 'framework-1',
  agentId: 'agent-1',
  state: 'TASK_RUNNING',
  reason: '',
  message: '',
  resources: [
    { name: 'cpus', value: 0.1 },
    { name: 'mem', value: 32 },
  ],
  unacknowledgedUpdates: 0,
  launchedIndex: 77,
  launchedAtMs: 1000,
};

describe('tepui agents, frameworks, tasks, members', () => {
  let harness: Harness;

  beforeEach(() => {
    harness = new Harness();
    harness.group.answers.set('listAgents', () => ({ index: 9, items: [AGENT] }));
    harness.group.answers.set('listFrameworks', () => ({ index: 9, items: [FRAMEWORK] }));
    harness.group.answers.set('listTasks', () => ({ index: 9, items: [TASK] }));
  });

  it('list agents as JSON: index and items, resources by name', async () => {
    assert.equal((await harness.run('agents', '--json')).exitCode, 0);
    const agent = { ...AGENT, total: { cpus: 4, mem: 4096 }, used: { cpus: 0.5, mem: 160 } };
    assert.deepEqual(harness.lines(), [{ index: 9, items: [agent] }]);
  });

  it('list agents for people, with units', async () => {
    const { out } = await harness.run('agents');
    assert.equal(
      out,
      [
        'AGENT    NAME  HOST  STATE       TASKS     CPUS          MEMORY  MASTER',
        'agent-1  a1    host  registered      5  0.5 / 4  160 / 4,096 MB  m1',
        '',
      ].join('\n'),
    );
  });

  it('list frameworks for people', async () => {
    const { out } = await harness.run('frameworks');
    assert.equal(
      out,
      [
        'FRAMEWORK    NAME    STATE      ROLES  TASKS  CPUS  MEMORY  FAILOVER  MASTER',
        'framework-1  sample  connected  *          5   0.5    0 MB       1 h  m2',
        '',
      ].join('\n'),
    );
  });

  it('leave removed frameworks out unless asked for all', async () => {
    harness.group.answers.set('listFrameworks', () => ({
      index: 9,
      items: [FRAMEWORK, { ...FRAMEWORK, id: 'framework-2', state: 'removed' }],
    }));
    assert.doesNotMatch((await harness.run('frameworks')).out, /framework-2/);
    assert.match((await harness.run('frameworks', '--all')).out, /framework-2/);
  });

  it('list frameworks as JSON', async () => {
    await harness.run('frameworks', '--json');
    assert.deepEqual(harness.lines(), [{ index: 9, items: [{ ...FRAMEWORK, used: { cpus: 0.5 } }] }]);
  });

  it('list tasks as JSON', async () => {
    await harness.run('tasks', '--json');
    const task = { ...TASK, resources: { cpus: 0.1, mem: 32 } };
    assert.deepEqual(harness.lines(), [{ index: 9, items: [task] }]);
  });

  it('list tasks for people', async () => {
    await harness.world.advance(65_000);
    const { out } = await harness.run('tasks');
    assert.equal(
      out,
      [
        'TASK      STATE         AGENT    CPUS  MEMORY    AGE  FRAMEWORK',
        'long-0.0  TASK_RUNNING  agent-1   0.1   32 MB  1 min  framework-1',
        '',
      ].join('\n'),
    );
  });

  it('pass filters of tasks on', async () => {
    let asked: unknown;
    harness.group.answers.set('listTasks', (_, request) => {
      asked = request;
      return { index: 9, items: [] };
    });
    await harness.run('tasks', '--framework', 'f', '--agent', 'a', '--all', '--local');
    assert.deepEqual(asked, { consistency: 'LOCAL', frameworkId: 'f', agentId: 'a', completed: true });
  });

  it('list members with the index that they have reached', async () => {
    answerStatus(harness.group, 'm1');
    await harness.run('members', '--json');
    const [list] = harness.lines() as { index: number; items: { id: string }[] }[];
    assert.equal(list?.index, 5000);
    assert.deepEqual(
      list?.items.map(({ id }) => id),
      ['m1', 'm2', 'm3'],
    );
  });

  it('try the next member when one has no leader, and exit 1 with numbers when none has', async () => {
    answerStatus(harness.group, null);
    harness.group.answers.set('listAgents', () => {
      throw new TepuiError('NO_LEADER', 'no leader here');
    });
    const { exitCode, out, err } = await harness.run('agents');
    assert.equal(exitCode, 1);
    assert.equal(out, '');
    assert.match(
      err,
      /^tepui: no leader for [45]\.\d s: 3 of 3 voters reachable \(m1, m2 and m3\) \[NO_LEADER\]/,
    );
    assert.deepEqual(new Set(harness.group.network.dialled), new Set(['m1:1', 'm2:2', 'm3:3']));
  });

  it('exit 5 when nobody is reachable', async () => {
    for (const address of ['m1:1', 'm2:2', 'm3:3']) harness.group.network.conditions.set(address, 'refusing');
    const { exitCode, err } = await harness.run('tasks');
    assert.equal(exitCode, 5);
    assert.match(err, /m1:1 refused; m2:2 refused; m3:3 refused/);
  });
});

describe('tepui tasks kill, frameworks teardown, members transfer', () => {
  let harness: Harness;

  beforeEach(() => {
    harness = new Harness();
  });

  it('print the index at which the change took effect', async () => {
    let asked: unknown;
    harness.group.answers.set('killTask', (_, request) => {
      asked = request;
      return { index: 12 };
    });
    const flags = ['--grace', '1.5', '--json', '--masters', 'm1:1'];
    const { exitCode } = await harness.run('tasks', 'kill', 'f', 't', ...flags);
    assert.equal(exitCode, 0);
    assert.deepEqual(asked, { frameworkId: 'f', taskId: 't', graceMs: 1500 });
    assert.deepEqual(harness.lines(), [{ index: 12 }]);
  });

  it('exit 3 when refused: nothing changed', async () => {
    harness.group.answers.set('teardownFramework', () => {
      throw new TepuiError('UNKNOWN_FRAMEWORK', 'no framework f');
    });
    const { exitCode, err } = await harness.run('frameworks', 'teardown', 'f');
    assert.equal(exitCode, 3);
    assert.equal(
      err,
      'tepui: no framework f [UNKNOWN_FRAMEWORK]\n  `tepui frameworks` lists those that exist.\n',
    );
  });

  it('exit 4 when the outcome is unknown, and do not try again', async () => {
    let calls = 0;
    harness.group.answers.set('killTask', () => {
      calls++;
      throw new TepuiError('OUTCOME_UNKNOWN', 'connection lost');
    });
    const { exitCode, err } = await harness.run('tasks', 'kill', 'f', 't');
    assert.equal(exitCode, 4);
    assert.equal(calls, 1);
    assert.match(err, /\[OUTCOME_UNKNOWN, outcome unknown\]/);
  });

  it('print errors as JSON with --json', async () => {
    harness.group.answers.set('killTask', () => {
      throw new TepuiError('UNKNOWN_TASK', 'no task t');
    });
    const { err } = await harness.run('tasks', 'kill', 'f', 't', '--json');
    assert.deepEqual(JSON.parse(err), {
      error: {
        code: 'UNKNOWN_TASK',
        message: 'no task t',
        outcomeUnknown: false,
        remedy: '`tepui tasks` lists those that exist.',
      },
    });
  });

  it('take the flags of their noun before the verb too', async () => {
    harness.group.answers.set('killTask', () => ({ index: 12 }));
    await harness.run('tasks', '--json', '--masters', 'm3:3', 'kill', 'f', 't');
    assert.deepEqual(harness.lines(), [{ index: 12 }]);
    assert.deepEqual(harness.group.network.dialled, ['m3:3']);
  });

  it('hand leadership to the member that is named', async () => {
    harness.group.answers.set('transferLeadership', (_, request) => ({
      leader: (request as { to: string }).to,
      term: 8,
    }));
    const { out } = await harness.run('members', 'transfer', 'm3');
    assert.equal(out, 'm3 leads in term 8\n');
  });
});

describe('a command line that is wrong', () => {
  const wrong: readonly (readonly string[])[] = [
    ['frobnicate'],
    ['status', '--frobnicate'],
    ['status', 'superfluous'],
    ['tasks', 'kill', 'only-one'],
    ['tasks', 'kill', 'framework', 'task', '--all'],
    ['status', '--masters', 'nonsense'],
    ['status', '--timeout', 'soon'],
    ['status', '--cert', '/nowhere'],
    ['status', '--ca', '/nowhere'],
    ['run', '--', 'true'],
    ['run', '--name', 'a b', '--', 'true'],
    ['run', '--name', 'a', '--instances', '0', '--', 'true'],
    ['run', '--name', 'a'],
  ];
  for (const argv of wrong) {
    it(`exits 2 and connects to nobody: ${argv.join(' ')}`, async () => {
      const harness = new Harness();
      const { exitCode, out, err } = await harness.run(...argv);
      assert.equal(exitCode, 2);
      assert.equal(out, '');
      assert.notEqual(err, '');
      assert.deepEqual(harness.group.network.dialled, []);
    });
  }

  it('is no error with --help or --version', async () => {
    for (const flag of ['--help', '--version']) {
      const { exitCode, out } = await new Harness().run(flag);
      assert.equal(exitCode, 0);
      assert.notEqual(out, '');
    }
  });

  it('warns of TEPUI_ variables that nothing reads', async () => {
    const harness = new Harness();
    answerStatus(harness.group, 'm1');
    harness.env['TEPUI_MASTER'] = 'm1:1';
    const { exitCode, err } = await harness.run('status');
    assert.equal(exitCode, 0);
    assert.equal(err, 'tepui: warning: nothing reads the variable TEPUI_MASTER\n');
  });
});
