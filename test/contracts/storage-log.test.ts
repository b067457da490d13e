import assert from 'node:assert/strict';
import { equalBytes, utf8Encode } from '../../lib/base/index.js';
import { encodeConfiguration, type Entry } from '../../lib/raft/index.js';
import {
  M1,
  N1,
  N2,
  NOBODY,
  appendTerm,
  contentsOf,
  entry,
  group,
  logOf,
  open,
  openFormed,
  persist,
  twins,
} from '../storage/helpers.js';

for (const twin of twins) {
  describe(`durable log on ${twin.name}`, () => {
    it('belongs to no group until one is formed', () =>
      twin.with(async (source) => {
        const folder = await open(source);
        assert.equal(folder.log, null);
        assert.equal(folder.isFormed, false);
        await folder.close();
      }));

    it('starts at index 0 with the configuration it was formed with', () =>
      twin.with(async (source) => {
        await (await openFormed(source)).close();
        const folder = await open(source);
        const log = logOf(folder);
        assert.deepEqual(log.health, { kind: 'intact' });
        assert.equal(log.base().index, 0);
        assert.deepEqual(log.base().configuration, group);
        assert.deepEqual(log.configuration, group);
        assert.deepEqual([log.firstIndex(), log.lastIndex(), log.termAt(0)], [1, 0, 0]);
        assert.deepEqual(log.hardState, { term: 0, vote: null });
        await folder.close();
      }));

    it('keeps entries, term, vote, configuration and acknowledged points of one batch', () =>
      twin.with(async (source) => {
        const first = await openFormed(source);
        const configuration = { ...group, learners: [N2], autoLeave: true, leaseMs: 150 };
        await logOf(first).append(
          persist({
            entries: [
              { term: 3, index: 1, kind: 'noop', data: new Uint8Array(0) },
              { term: 3, index: 2, kind: 'configuration', data: encodeConfiguration(configuration) },
              entry(3, 3),
            ],
            hardState: { term: 3, vote: N1 },
            configuration,
          }),
          new Map([[N2, { term: 2, index: 7 }]]),
          null,
        );
        await first.close();
        const folder = await open(source);
        const log = logOf(folder);
        const data = Buffer.from(encodeConfiguration(configuration)).toString('latin1');
        assert.deepEqual(contentsOf(log), ['1:3:noop:', `2:3:configuration:${data}`, '3:3:normal:3.3']);
        assert.deepEqual(log.hardState, { term: 3, vote: N1 });
        assert.deepEqual(log.configuration, configuration);
        assert.deepEqual(log.acknowledgedBy(N2), { term: 2, index: 7 });
        assert.deepEqual(log.acknowledgedBy(N1), { term: 0, index: 0 });
        await folder.close();
      }));

    it('replaces a conflicting end in the batch that brings the new one (Raft §5.3)', () =>
      twin.with(async (source) => {
        const first = await openFormed(source);
        await appendTerm(logOf(first), 2, 6);
        await logOf(first).append(
          persist({
            truncateFrom: 3,
            entries: [entry(4, 3), entry(4, 4)],
            hardState: { term: 4, vote: null },
          }),
          NOBODY,
          null,
        );
        assert.equal(logOf(first).lastIndex(), 4);
        await first.close();
        const folder = await open(source);
        const log = logOf(folder);
        assert.deepEqual(contentsOf(log), [
          '1:2:normal:2.1',
          '2:2:normal:2.2',
          '3:4:normal:4.3',
          '4:4:normal:4.4',
        ]);
        assert.deepEqual(
          [2, 3, 5].map((i) => log.termAt(i)),
          [2, 4, null],
        );
        assert.deepEqual(log.health, { kind: 'intact' });
        await folder.close();
      }));

    it('is intact after a conflict that leaves it ending in a lower term', () =>
      twin.with(async (source) => {
        const first = await openFormed(source);
        await appendTerm(logOf(first), 1, 2);
        await appendTerm(logOf(first), 3, 5);
        await logOf(first).append(
          persist({ truncateFrom: 3, entries: [entry(2, 3)], hardState: { term: 5, vote: null } }),
          NOBODY,
          null,
        );
        await first.close();
        const folder = await open(source);
        assert.deepEqual(logOf(folder).health, { kind: 'intact' });
        assert.equal(logOf(folder).lastIndex(), 3);
        await folder.close();
      }));

    it('reads at least one entry and then as many as fit', () =>
      twin.with(async (source) => {
        const folder = await openFormed(source);
        const log = logOf(folder);
        const data = new Uint8Array(100);
        const entries = [1, 2, 3, 4].map((index) => ({ term: 1, index, kind: 'normal' as const, data }));
        await log.append(persist({ entries, hardState: { term: 1, vote: null } }), NOBODY, null);
        assert.deepEqual(
          [1, 100, 250, 400].map((bytes) => log.read(1, 5, bytes).length),
          [1, 1, 2, 4],
        );
        assert.equal(log.read(2, 3, 1000).length, 1);
        assert.equal(log.sizeBytes(), 400);
        await folder.close();
      }));

    it('reads entries that left memory from disk, verified', () =>
      twin.with(async (source) => {
        const first = await openFormed(source, { tailBytes: 20 });
        await appendTerm(logOf(first), 1, 50);
        const expected = Array.from({ length: 50 }, (_, i) => `${i + 1}:1:normal:1.${i + 1}`);
        assert.deepEqual(contentsOf(logOf(first)), expected);
        await first.close();
        const folder = await open(source, { tailBytes: 20 });
        assert.deepEqual(contentsOf(logOf(folder)), expected);
        await folder.close();
      }));

    it('compacts up to a point, which becomes the base', () =>
      twin.with(async (source) => {
        const first = await openFormed(source);
        await appendTerm(logOf(first), 1, 10);
        const later = { ...group, leaseMs: 9 };
        const change: Entry = {
          term: 2,
          index: 11,
          kind: 'configuration',
          data: encodeConfiguration(later),
        };
        await logOf(first).append(
          persist({ entries: [change], hardState: { term: 2, vote: null }, configuration: later }),
          NOBODY,
          null,
        );
        await appendTerm(logOf(first), 2, 9);
        const chain = logOf(first).chainAt(12);
        await logOf(first).compact({ index: 12, term: 2, configuration: later });
        assert.deepEqual([logOf(first).firstIndex(), logOf(first).lastIndex()], [13, 20]);
        await first.state.writeCut(
          { index: 12, term: 2, revision: 1, configuration: later, digest: '00', chain: chain! },
          [],
          [],
        );
        await first.close();
        const folder = await open(source);
        const log = logOf(folder);
        assert.deepEqual(log.health, { kind: 'intact' });
        assert.deepEqual([log.base().index, log.base().term, log.base().configuration], [12, 2, later]);
        assert.deepEqual([log.termAt(11), log.termAt(12), log.termAt(13)], [null, 2, 2]);
        assert.equal(log.chainAt(11), null);
        assert.ok(equalBytes(log.chainAt(12)!, chain!));
        assert.equal(contentsOf(log).length, 8);
        await folder.close();
      }));

    it('lets appends pass between the slices of a compaction', () =>
      twin.with(async (source) => {
        const folder = await openFormed(source);
        const log = logOf(folder);
        for (let i = 0; i < 10; i++) await appendTerm(log, 1, 400);
        const order: string[] = [];
        const compaction = log
          .compact({ index: 3900, term: 1, configuration: group })
          .then(() => order.push('compacted'));
        await appendTerm(log, 1, 1);
        order.push('appended');
        await compaction;
        assert.deepEqual(order, ['appended', 'compacted']);
        assert.deepEqual([log.firstIndex(), log.lastIndex()], [3901, 4001]);
        await folder.close();
      }));

    it('ends a compaction quietly when it is closed, and the next start finishes it', () =>
      twin.with(async (source) => {
        const first = await openFormed(source);
        const log = logOf(first);
        for (let i = 0; i < 10; i++) await appendTerm(log, 1, 400);
        const point = { index: 3900, term: 1, configuration: group };
        const chain = log.chainAt(3900)!;
        await first.state.writeCut({ ...point, revision: 1, digest: '00', chain }, [], []);
        const compaction = log.compact(point);
        await first.close();
        await compaction;
        const folder = await open(source);
        assert.deepEqual(logOf(folder).health, { kind: 'intact' });
        assert.equal(logOf(folder).lastIndex(), 4000);
        await folder.close();
      }));

    it('has equal chains exactly where two logs are equal up to there', () =>
      twin.with((a) =>
        twin.with(async (b) => {
          const [one, two] = [await openFormed(a), await openFormed(b)];
          await appendTerm(logOf(one), 1, 3);
          await appendTerm(logOf(two), 1, 3);
          await appendTerm(logOf(one), 2, 1);
          await appendTerm(logOf(two), 3, 1);
          const equal = (index: number): boolean =>
            equalBytes(logOf(one).chainAt(index)!, logOf(two).chainAt(index)!);
          assert.deepEqual([0, 1, 3, 4].map(equal), [true, true, true, false]);
          assert.equal(logOf(one).chainAt(5), null);
          await one.close();
          await two.close();
        }),
      ));

    it('keeps notes beside the log', () =>
      twin.with(async (source) => {
        const first = await openFormed(source);
        await logOf(first).writeNote('halted', utf8Encode('17'));
        await logOf(first).writeNote('gone', utf8Encode('x'));
        await logOf(first).writeNote('gone', null);
        await first.close();
        const folder = await open(source);
        assert.deepEqual(Buffer.from(logOf(folder).note('halted')!).toString(), '17');
        assert.equal(logOf(folder).note('gone'), null);
        await folder.close();
      }));

    it('never votes twice in a term and never goes back to an older one', () =>
      twin.with(async (source) => {
        const folder = await openFormed(source);
        const log = logOf(folder);
        const vote = (term: number, vote: typeof N1 | null): Promise<void> =>
          log.append(persist({ hardState: { term, vote } }), NOBODY, null);
        await vote(4, null);
        await vote(4, N1);
        await assert.rejects(vote(4, N2), /after a vote for m1/);
        await assert.rejects(vote(4, null), /after a vote for m1/);
        await assert.rejects(vote(3, null), /term 3 after term 4/);
        await vote(5, N2);
        assert.deepEqual(log.hardState, { term: 5, vote: N2 });
        await folder.close();
      }));

    it('refuses gaps, a second append at once, and a snapshot without its folder', () =>
      twin.with(async (source) => {
        const folder = await openFormed(source);
        const log = logOf(folder);
        await appendTerm(log, 1, 2);
        await assert.rejects(
          log.append(persist({ entries: [entry(1, 4)] }), NOBODY, null),
          /entry 4 where 3/,
        );
        const meta = { index: 9, term: 1, configuration: group };
        await assert.rejects(log.append(persist({ snapshot: meta }), NOBODY, null), /come together/);
        const first = appendTerm(log, 1, 1);
        await assert.rejects(appendTerm(log, 1, 1), /two appends at once/);
        await first;
        assert.equal(log.lastIndex(), 3);
        await folder.close();
      }));

    it('raises the boot counter at every start and keeps the instance', () =>
      twin.with(async (source) => {
        const first = await openFormed(source);
        const { instance, boot } = first.identity;
        assert.deepEqual([boot, first.identity.nodeId], [1, `${M1}@${instance}`]);
        await first.close();
        const folder = await open(source);
        assert.deepEqual([folder.identity.boot, folder.identity.instance], [2, instance]);
        assert.equal(folder.identity.clusterId, 'c1');
        await folder.close();
      }));
  });
}
