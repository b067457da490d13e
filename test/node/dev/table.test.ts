import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Picture } from '../../../lib/node/dev/picture.js';
import { renderTable, type TableContext } from '../../../lib/node/dev/table.js';
import { agentRow, masterRow, picture, silentRow, taskRow } from './pictures.js';

const CONTEXT: TableContext = {
  columns: 80,
  rows: 24,
  wallMs: 61_000,
  recent: [],
  restart: (id) => `bin/tepui master --config .tepui/dev/${id}/config.yaml`,
};

function rendered(change: Partial<Picture> = {}, context: Partial<TableContext> = {}): string[] {
  return renderTable(picture(change), { ...CONTEXT, ...context });
}

function manyTasks(count: number): Picture['tasks'] {
  return Array.from({ length: count }, (_, i) => taskRow(`t${i}`));
}

describe('the live table', () => {
  it('shows masters, agents, tasks, and what to try', () => {
    assert.deepEqual(rendered(), [
      '  MASTER  ROLE      TERM  INDEX  LAG  PID  GRPC',
      '  m1      leader       4  1,234    0  101  127.0.0.1:5060',
      '  m2      follower     4  1,234    0  102  127.0.0.1:5160',
      '  m3      follower     4  1,234    0  103  127.0.0.1:5260',
      '',
      '  AGENT  STATE       CPUS     MEMORY          TASKS  PID',
      '  a1     registered  0.5 / 4  160 / 4,096 MB      5  201',
      '  a2     registered  0.5 / 4  160 / 4,096 MB      5  202',
      '',
      '  TASK     STATE         AGENT    AGE  FRAMEWORK',
      '  long-0   TASK_RUNNING  a1     1 min  sample',
      '  short-1  TASK_RUNNING  a2      31 s  sample',
      '',
      '  kill -9 101 ends m1, the leader: watch the next one take over.',
      '  Ctrl-C stops everything.',
    ]);
  });

  it('has no numbers for what does not answer', () => {
    const masters = [masterRow('m1'), silentRow('m2', 'unreachable'), silentRow('m3', 'down')];
    const lines = rendered({ masters, agents: [agentRow('a1', { state: 'not registered', use: null })] });
    assert.equal(lines[2], '  m2      unreachable     -      -    -  102  127.0.0.1:5160');
    assert.equal(lines[3], '  m3      down            -      -    -    -  127.0.0.1:5260');
    assert.equal(lines[6], '  a1     not registered  -     -           -  201');
  });

  it('says so when there are no agents or tasks', () => {
    const lines = rendered({ agents: [], tasks: [] });
    assert.deepEqual(lines.slice(5, 8), ['  AGENT  none', '', '  TASK  none']);
  });

  it('tells what happened last above what to try', () => {
    const lines = rendered({}, { recent: ['12:00:01  m2 ended', '12:00:02  leader m1'] });
    assert.deepEqual(lines.slice(-5, -2), ['  12:00:01  m2 ended', '  12:00:02  leader m1', '']);
  });

  it('says why nobody leads, in the words of the members', () => {
    const lines = rendered({ leader: null, trouble: 'no leader for 3.0 s: 1 of 3 voters reachable' });
    assert.equal(lines.at(-2), '  no leader for 3.0 s: 1 of 3 voters reachable');
    assert.equal(rendered({ leader: null }).at(-2), '  no master answers yet');
  });
});

describe('what the live table proposes', () => {
  const TWO = [masterRow('m1'), masterRow('m2'), silentRow('m3', 'down')];

  it('is how to start a master that is down again', () => {
    assert.deepEqual(rendered({ masters: TWO }).slice(-3), [
      '  m3 is down. From another terminal, this starts it again:',
      '  bin/tepui master --config .tepui/dev/m3/config.yaml',
      '  Ctrl-C stops everything.',
    ]);
  });

  it('is nothing for a member that joined and is down: nobody knows how it was started', () => {
    assert.equal(rendered({ masters: TWO }, { restart: () => null }).at(-2), '');
  });

  it('is never a kill that would stop the group', () => {
    for (const masters of [TWO, [masterRow('m1')], [masterRow('m1'), masterRow('m2')]]) {
      assert.doesNotMatch(rendered({ masters }).join('\n'), /kill -9/);
    }
  });

  it('is a kill as long as a majority of the voters would be left', () => {
    const three = ['m1', 'm2', 'm3'].map((id) => masterRow(id));
    const five = [...three, silentRow('m4', 'down'), masterRow('m5')];
    assert.match(rendered({ masters: five }).join('\n'), /kill -9 101 ends m1/);
    const learner = masterRow('m4', { voter: false });
    assert.match(rendered({ masters: [...three, learner] }).join('\n'), /kill -9 101 ends m1/);
    assert.doesNotMatch(rendered({ masters: [...TWO, learner] }).join('\n'), /kill -9/);
  });
});

describe('a live table without room', () => {
  it('shows as many tasks as fit and counts the others', () => {
    const lines = rendered({ tasks: manyTasks(100) });
    assert.equal(lines.length, 24);
    assert.equal(lines.at(-4), '  … and 90 more tasks');
  });

  it('shows every task where there is room', () => {
    assert.ok(rendered({ tasks: manyTasks(100) }, { rows: 200 }).some((line) => line.startsWith('  t99 ')));
  });

  it('gives up agents before masters, and keeps two tasks', () => {
    const agents = Array.from({ length: 50 }, (_, i) => agentRow(`a${i + 1}`));
    const lines = rendered({ agents, tasks: manyTasks(100) }).join('\n');
    assert.match(lines, /… and 41 more agents/);
    assert.match(lines, /\n {2}t1 .*\n {2}… and 98 more tasks/);
  });

  it('shows only the last of what happened', () => {
    const lines = rendered({}, { rows: 23, recent: ['first', 'second'] });
    assert.equal(lines.includes('  first'), false);
    assert.equal(lines.includes('  second'), true);
  });

  it('cuts rows at the edge, but never a command that is to be copied', () => {
    const masters = [masterRow('m1'), masterRow('m2'), silentRow('m3', 'down')];
    const lines = rendered({ masters }, { columns: 40 });
    assert.equal(lines[1], '  m1      leader       4  1,234    0  1…');
    assert.ok(lines.includes('  bin/tepui master --config .tepui/dev/m3/config.yaml'));
  });

  it('cuts the id of a task, so that the columns after it stay in sight', () => {
    const line = rendered({ tasks: [taskRow('x'.repeat(255))] })[10]!;
    assert.match(line, /^ {2}x{31}… {2}TASK_RUNNING {2}a1 /);
  });

  it('fits whatever the size, and the number of rows', () => {
    const drawn = fc.record({
      columns: fc.integer({ min: 20, max: 200 }),
      rows: fc.integer({ min: 12, max: 80 }),
      masters: fc.integer({ min: 1, max: 7 }),
      agents: fc.nat(30),
      tasks: fc.nat(30),
      recent: fc.array(fc.string({ maxLength: 30 }), { maxLength: 3 }),
      down: fc.boolean(),
    });
    fc.assert(
      fc.property(drawn, ({ columns, rows, recent, down, ...counts }) => {
        const ids = Array.from({ length: 30 }, (_, i) => i + 1);
        const masters = ids
          .slice(0, counts.masters)
          .map((i) => (down ? silentRow(`m${i}`, 'down') : masterRow(`m${i}`)));
        const agents = ids.slice(0, counts.agents).map((i) => agentRow(`a${i}`));
        const lines = rendered(
          { masters, agents, tasks: manyTasks(counts.tasks) },
          { columns, rows, recent },
        );
        const taken = lines.reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / columns)), 0);
        assert.ok(taken <= rows, `${taken} lines of ${rows}:\n${lines.join('\n')}`);
      }),
    );
  });
});
