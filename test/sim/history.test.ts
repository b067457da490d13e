import assert from 'node:assert/strict';
import { History } from './history.js';
import { Violation } from './violation.js';

function breaks(rule: string, action: () => void): void {
  assert.throws(action, (error) => error instanceof Violation && error.rule === rule);
}

describe('the history of clients', () => {
  it('accepts writes that take effect in any order while they overlap', () => {
    const history = new History();
    const [a, b] = [history.call(), history.call()];
    history.takesEffect(b, 1);
    history.takesEffect(a, 2);
    history.acknowledge(a, 2);
    history.acknowledge(b, 1);
    assert.equal(history.acknowledged, 2);
  });

  it('refuses a write that takes effect below what was answered before its call', () => {
    const history = new History();
    history.readDone(history.readCalled(), 7);
    const late = history.call();
    breaks('write-order', () => history.takesEffect(late, 7));
  });

  it('refuses a write that takes effect twice', () => {
    const history = new History();
    const id = history.call();
    history.takesEffect(id, 1);
    breaks('once', () => history.takesEffect(id, 2));
  });

  it('refuses a write that nobody proposed', () => {
    breaks('phantom', () => new History().takesEffect(1, 1));
  });

  it('refuses an acknowledgement of what did not take effect there', () => {
    const history = new History();
    const id = history.call();
    breaks('ack', () => history.acknowledge(id, 1));
  });

  it('refuses that a write reported lost takes effect, before the report or after', () => {
    const before = new History();
    const first = before.call();
    before.takesEffect(first, 1);
    breaks('false-loss', () => before.reportLost(first, 1, 1));
    const after = new History();
    const second = after.call();
    after.reportLost(second, 1, 1);
    breaks('false-loss', () => after.takesEffect(second, 2));
  });

  it('refuses a read below what an earlier write or read has shown', () => {
    const history = new History();
    const id = history.call();
    history.takesEffect(id, 5);
    history.acknowledge(id, 5);
    const floor = history.readCalled();
    breaks('S21', () => history.readDone(floor, 4));
    history.readDone(floor, 9);
    breaks('S21', () => history.readDone(history.readCalled(), 8));
  });

  it('accepts a read that began before the write it does not show', () => {
    const history = new History();
    const floor = history.readCalled();
    const id = history.call();
    history.takesEffect(id, 5);
    history.acknowledge(id, 5);
    history.readDone(floor, 4);
    assert.equal(history.reads, 1);
  });
});
