import assert from 'node:assert/strict';
import { HubGroup, create, type Home, type TestClient } from './hub-group.js';

const TIMEOUT_MS = 6_000;

/** Keeps `client` busy as one that pings a few times a second, for as long as its connection is open. */
function ping(home: Home, client: TestClient): void {
  home.process.timers.after(200, () => {
    if (client.cause !== null) return;
    client.session.heard();
    ping(home, client);
  });
}

/** Waits until the session may be answered, or may not. Each look asks for a report: so not all the time. */
async function untilAnswers(
  hubs: HubGroup,
  home: Home,
  client: TestClient,
  wanted: boolean,
  limitMs: number = TIMEOUT_MS,
): Promise<void> {
  for (let passedMs = 0; home.answers(client) !== wanted; passedMs += 10) {
    assert.ok(passedMs < limitMs, `not within ${limitMs} ms: ${wanted ? 'answers' : 'none'}`);
    await hubs.group.pass(10);
  }
}

/** Lets time go by until `reached`, and returns when `client` was last one that may be answered. */
async function lastAnswer(
  hubs: HubGroup,
  home: Home,
  client: TestClient,
  reached: () => boolean,
): Promise<number> {
  let lastMs = 0;
  for (let passedMs = 0; !reached(); passedMs += 10) {
    assert.ok(passedMs < 2 * TIMEOUT_MS, 'its connection was never closed');
    if (home.answers(client)) lastMs = hubs.group.time.monotonicMs();
    await hubs.group.pass(10);
  }
  return lastMs;
}

describe('What a member that is cut off does about its sessions', () => {
  for (const role of ['follower', 'leader'] as const) {
    it(`as ${role}: answers none after a third of its timeout, closes at two thirds, and only then others see its node vanish`, async () => {
      const hubs = await HubGroup.serving();
      const home = role === 'leader' ? hubs.leader : hubs.followers[0]!;
      const others = hubs.group.alive.filter(({ id }) => id !== home.process.id);
      const client = await hubs.open(home, TIMEOUT_MS);
      client.write('create', create('/mine', 'ephemeral'));
      await hubs.told(client, 1);
      ping(home, client);
      await hubs.group.pass(10_000);
      assert.ok(home.answers(client));

      hubs.group.isolate(home.process.id);
      const cutMs = hubs.group.time.monotonicMs();
      const isThere = (): boolean => others.some(({ id }) => hubs.group.has(id, '/mine'));
      const lastMs = await lastAnswer(hubs, home, client, () => client.cause !== null);
      assert.ok(
        others.every(({ id }) => hubs.group.has(id, '/mine')),
        'the node is there while its owner may hope',
      );
      await hubs.until('its node vanishes', () => !isThere());
      const vanishedMs = hubs.group.time.monotonicMs();

      // A leader takes itself for one until an election timeout has gone by without a quorum.
      const lateMs = role === 'leader' ? 500 : 50;
      const [answered, closed, vanished] = [lastMs, client.endedAtMs, vanishedMs].map((at) => at - cutMs);
      const shares = `${answered}, ${closed}, ${vanished} ms of ${TIMEOUT_MS}`;
      assert.equal(client.cause, 'silent');
      assert.ok(answered! > 1_000 && answered! <= TIMEOUT_MS / 3 + lateMs, shares);
      assert.ok(closed! <= (TIMEOUT_MS * 2) / 3 + 100 + lateMs, shares);
      assert.ok(vanished! >= TIMEOUT_MS - 1_000 && vanished! > closed! + 1_000, shares);
    });
  }

  it('answers them again once it is back before two thirds are over', async () => {
    const hubs = await HubGroup.serving();
    const home = hubs.followers[0]!;
    const client = await hubs.open(home, TIMEOUT_MS);
    ping(home, client);
    hubs.group.isolate(home.process.id);
    await untilAnswers(hubs, home, client, false);
    await hubs.group.pass(500);
    assert.equal(client.cause, null);
    hubs.group.rejoin(home.process.id);
    await untilAnswers(hubs, home, client, true, 1_500);
    await hubs.group.pass(10_000);
    assert.ok(home.answers(client));
  });
});

describe('A session whose client is silent', () => {
  it('loses its connection at two thirds of its timeout, and expires after all of it', async () => {
    const hubs = await HubGroup.serving();
    const home = hubs.followers[0]!;
    const fromMs = hubs.group.time.monotonicMs();
    const client = await hubs.open(home, TIMEOUT_MS);
    await hubs.until('it is closed', () => client.cause !== null);
    const { coordination } = home.process.member.machine;
    assert.ok(coordination.get(client.id) !== null);
    await hubs.until('it expires', () => coordination.get(client.id) === null);
    const lastedMs = hubs.group.time.monotonicMs() - fromMs;
    assert.ok(lastedMs >= TIMEOUT_MS && lastedMs < TIMEOUT_MS + 300, `${lastedMs} ms`);
  });

  it('lives for its whole timeout from the last it was heard of, although its connection was gone at once', async () => {
    const hubs = await HubGroup.serving();
    const home = hubs.followers[0]!;
    const client = await hubs.open(home, TIMEOUT_MS);
    await hubs.group.pass(TIMEOUT_MS / 2);
    client.session.heard();
    const heardMs = hubs.group.time.monotonicMs();
    home.hub.detach(client.session);
    const { coordination } = home.process.member.machine;
    await hubs.until('it expires', () => coordination.get(client.id) === null);
    const lastedMs = hubs.group.time.monotonicMs() - heardMs;
    assert.ok(lastedMs >= TIMEOUT_MS && lastedMs < TIMEOUT_MS + 300, `${lastedMs} ms`);
  });

  it('expires although there is something to tell it all the time', async () => {
    const hubs = await HubGroup.serving();
    const home = hubs.followers[0]!;
    const client = await hubs.open(home, TIMEOUT_MS);
    const fromMs = hubs.group.time.monotonicMs();
    const { coordination } = home.process.member.machine;
    while (coordination.get(client.id) !== null) {
      home.answers(client);
      await hubs.group.pass(10);
      const lastedMs = hubs.group.time.monotonicMs() - fromMs;
      assert.ok(lastedMs < TIMEOUT_MS + 300, `${lastedMs} ms`);
    }
    assert.equal(client.cause, 'silent');
  });

  it('has its whole timeout again under a new leader', async () => {
    const hubs = await HubGroup.serving();
    const { leader } = hubs;
    const client = await hubs.open(leader, TIMEOUT_MS);
    await hubs.group.pass(TIMEOUT_MS * 0.9);
    leader.process.crash();
    const crashedMs = hubs.group.time.monotonicMs();
    const next = await hubs.group.untilLeader();
    const { coordination } = next.member.machine;
    await hubs.until('it expires', () => coordination.get(client.id) === null);
    const lastedMs = hubs.group.time.monotonicMs() - crashedMs;
    assert.ok(lastedMs > TIMEOUT_MS && lastedMs < TIMEOUT_MS + 3_000, `${lastedMs} ms`);
  });

  it('lives on as long as its member reports it, through any number of leaders', async () => {
    const hubs = await HubGroup.serving({ seed: 7 });
    const home = hubs.followers[0]!;
    const client = await hubs.open(home, TIMEOUT_MS);
    ping(home, client);
    for (let n = 0; n < 4; n++) {
      const leader = hubs.group.leader!;
      const other = hubs.group.alive.find(({ id }) => id !== leader.id && id !== home.process.id)!;
      leader.member.transferLeadership(other.id, () => {});
      await hubs.until(`${other.id} leads`, () => hubs.group.leader?.id === other.id);
      await hubs.group.pass(TIMEOUT_MS * 0.8);
      assert.deepEqual([client.cause, home.answers(client)], [null, true]);
    }
  });
});
