import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TepuiError } from '../../lib/base/index.js';
import { Endpoints } from '../../lib/client/internal.js';
import { FakeGroup } from './fake-group.js';
import { VirtualWorld } from './world.js';

const REFUSED = new TepuiError('UNREACHABLE', 'a: refused', { fields: { reason: 'refused' } });

function make(addresses: readonly string[]): { endpoints: Endpoints; world: VirtualWorld; group: FakeGroup } {
  const world = new VirtualWorld();
  const group = new FakeGroup();
  return { endpoints: new Endpoints(addresses, group.network.dial, world), world, group };
}

describe('the addresses of a group', () => {
  it('are tried without delay until each has failed once', () => {
    const { endpoints } = make(['a:1', 'b:2', 'c:3']);
    assert.equal(endpoints.failed(endpoints.current(), REFUSED), 0);
    assert.equal(endpoints.failed(endpoints.current(), REFUSED), 0);
    const delayMs = endpoints.failed(endpoints.current(), REFUSED);
    assert.ok(delayMs > 0 && delayMs <= 50, `the first pause is ${delayMs} ms`);
  });

  it('are never given up, and never waited for longer than 500 ms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 100 }), (count, attempts) => {
        const { endpoints } = make(Array.from({ length: count }, (_, i) => `h${i}:1`));
        for (let i = 0; i < attempts; i++) {
          const delayMs = endpoints.failed(endpoints.current(), REFUSED);
          assert.ok(delayMs >= 0 && delayMs <= 500, `${delayMs} ms`);
        }
      }),
    );
  });

  it('give a connection 300 ms at first, and more with every lap', () => {
    const { endpoints } = make(['a:1', 'b:2']);
    const given: number[] = [];
    for (let i = 0; i < 10; i++) {
      given.push(endpoints.connectTimeoutMs());
      endpoints.failed(endpoints.current(), REFUSED);
    }
    assert.deepEqual(given, [300, 300, 600, 600, 1200, 1200, 2400, 2400, 2400, 2400]);
  });

  it('start counting anew after a connection that served for a second', async () => {
    const { endpoints, world } = make(['a:1']);
    for (let i = 0; i < 10; i++) endpoints.failed(endpoints.current(), REFUSED);
    endpoints.serving(endpoints.current());
    await world.advance(1000);
    assert.ok(endpoints.failed(endpoints.current(), REFUSED) <= 50);
  });

  it('do not start counting anew after a connection that broke at once', () => {
    const { endpoints } = make(['a:1']);
    for (let i = 0; i < 10; i++) {
      endpoints.serving(endpoints.current());
      endpoints.failed(endpoints.current(), REFUSED);
    }
    endpoints.serving(endpoints.current());
    assert.ok(endpoints.failed(endpoints.current(), REFUSED) > 100);
  });

  it('move on once, however many users of a door report that it failed', () => {
    const { endpoints } = make(['a:1', 'b:2', 'c:3']);
    const door = endpoints.current();
    endpoints.failed(door, REFUSED);
    endpoints.failed(door, REFUSED);
    assert.equal(endpoints.current().address, 'b:2');
  });

  it('keep the connection of a member that answered but has no leader', () => {
    const { endpoints, group } = make(['a:1', 'b:2']);
    const first = endpoints.current();
    endpoints.failed(first, new TepuiError('NO_LEADER', 'as told'), true);
    endpoints.failed(endpoints.current(), REFUSED);
    assert.equal(endpoints.current(), first);
    assert.deepEqual(group.network.dialled, ['a:1', 'b:2']);
  });

  it('dial a member anew whose connection broke', () => {
    const { endpoints } = make(['a:1']);
    const broken = endpoints.current();
    endpoints.failed(broken, REFUSED);
    assert.notEqual(endpoints.current(), broken);
  });

  it('are UNREACHABLE if none answered, NO_LEADER if one did: nothing was done in both cases', () => {
    const { endpoints } = make(['a:1', 'b:2']);
    endpoints.failed(endpoints.current(), REFUSED);
    assert.equal(endpoints.troubleError().code, 'UNREACHABLE');
    assert.equal(endpoints.troubleError().certainty, 'not-done');
    endpoints.failed(endpoints.current(), new TepuiError('NO_LEADER', 'as told'), true);
    assert.equal(endpoints.troubleError().code, 'NO_LEADER');
    assert.equal(endpoints.troubleError().certainty, 'not-done');
  });
});
