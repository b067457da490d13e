import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Schedule } from './schedule.js';

describe('the virtual clock', () => {
  it('runs events by time, and those of one instant in the order they were planned', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (delays) => {
        const schedule = new Schedule();
        const ran: { at: number; order: number }[] = [];
        delays.forEach((delay, order) => schedule.after(delay, () => ran.push({ at: schedule.now, order })));
        while (schedule.step());
        const expected = delays.map((at, order) => ({ at, order }));
        assert.deepEqual(
          ran,
          expected.sort((a, b) => a.at - b.at || a.order - b.order),
        );
      }),
    );
  });

  it('stands still while an event runs, and counts delays from there', () => {
    const schedule = new Schedule();
    const seen: number[] = [];
    schedule.after(5, () => schedule.after(0, () => seen.push(schedule.now)));
    schedule.after(7, () => seen.push(schedule.now));
    while (schedule.step());
    assert.deepEqual(seen, [5, 7]);
  });
});
