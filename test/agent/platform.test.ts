import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { genericPlatform } from '../../lib/agent/platform/generic.js';
import { thisPlatform, type Platform } from '../../lib/agent/platform/index.js';

const PLATFORMS: [string, () => Platform][] = [['of this system', thisPlatform]];
// The ps of a small container may not know start times; then nothing but Linux's own way works there.
if (genericPlatform().startTime(process.pid) !== undefined)
  PLATFORMS.push(['made of ps alone', genericPlatform]);

for (const [name, make] of PLATFORMS) {
  describe(`the platform ${name}`, () => {
    const platform = make();
    let child: ChildProcess;
    let pid: number;

    beforeEach(async () => {
      const env = { PATH: process.env['PATH'], MARK: 'mine' };
      child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env });
      await new Promise((resolve) => child.once('spawn', resolve));
      pid = child.pid!;
    });
    afterEach(() => child.kill('SIGKILL'));

    const members = (startTime: string, leaderIsOurs = false, variable = 'MARK=other'): number[] =>
      platform.membersOf([{ leader: { pid, startTime }, leaderIsOurs, variable }]);

    it('knows a process by pid and start time, which stays the same', () => {
      const startTime = platform.startTime(pid);
      assert.equal(typeof startTime, 'string');
      assert.equal(platform.startTime(pid), startTime);
      assert.deepEqual(members(startTime!), [pid]);
    });

    it('takes a process with the right pid and another start time for a stranger', () => {
      assert.deepEqual(members('12345'), []);
    });

    it('does not ask for the start time of a leader that cannot have been replaced', () => {
      assert.deepEqual(members('12345', true), [pid]);
    });

    it('does not take a dead process for a live one', async () => {
      const startTime = platform.startTime(pid)!;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      assert.equal(platform.startTime(pid), undefined);
      assert.deepEqual(members(startTime), []);
    });

    it('has a boot id that does not change', () => {
      assert.equal(make().bootId, platform.bootId);
      assert.notEqual(platform.bootId, '');
    });
  });
}

describe('Linux', () => {
  it('finds a process of a task by a variable of its environment, whatever its group', () => {
    if (process.platform !== 'linux') return;
    const env = { PATH: process.env['PATH'], MARK: 'me=1', OTHER: 'MARK=you' };
    const child = spawn('sleep', ['1000'], { stdio: 'ignore', env });
    try {
      const find = (variable: string): number[] =>
        thisPlatform().membersOf([{ leaderIsOurs: false, variable }]);
      assert.deepEqual(find('MARK=me=1'), [child.pid]);
      assert.deepEqual(find('MARK=me'), []);
      assert.deepEqual(find('MARK=you'), []);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
