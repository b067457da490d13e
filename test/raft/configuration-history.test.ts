import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isVoter, simpleConfiguration, type Configuration, type Entry } from '../../lib/raft/index.js';
import { ConfigurationHistory } from '../../lib/raft/configuration-history.js';
import { Log } from '../../lib/raft/log.js';
import { data, id, ids } from './harness.js';
import { MemoryLog } from './memory-log.js';
import { NO_CHANGE, configurationEntry } from './solo.js';

const BASE = simpleConfiguration(ids('m1', 'm2'));

/** The history beside the log it follows, and the plain list of which configuration rules where. */
class Model {
  private readonly disk = new MemoryLog(BASE);
  private log = new Log(this.disk);
  private history = new ConfigurationHistory(0, BASE);
  /** `rules[i]` is in force at index i. */
  private rules: Configuration[] = [BASE];
  private applied = 0;
  private number = 0;

  private get last(): number {
    return this.rules.length - 1;
  }

  append(count: number): void {
    for (let i = 0; i < count; i++) {
      const entry: Entry = { term: 1, index: this.last + 1, kind: 'normal', data: data('') };
      this.log.append(entry);
      this.rules.push(this.rules.at(-1)!);
    }
  }

  change(): void {
    const next = simpleConfiguration(ids(`m${1 + (this.number++ % 3)}`, `x${this.number}`));
    this.log.append(configurationEntry(1, this.last + 1, next));
    this.rules.push(next);
    this.history.append(this.last, next);
  }

  truncate(back: number): void {
    const from = Math.max(this.applied + 1, this.last + 1 - back);
    if (from > this.last) return;
    this.log.truncate(from);
    this.rules.length = from;
    this.history.truncate(from, this.log);
  }

  apply(count: number): void {
    this.applied = Math.min(this.last, this.applied + count);
    this.history.prune(this.applied);
  }

  private write(): void {
    if (!this.log.hasUnwritten()) return;
    this.disk.apply({ ...NO_CHANGE, ...this.log.takeUnwritten() });
    this.log.acknowledge();
  }

  compact(): void {
    this.write();
    if (this.applied <= this.disk.base().index) return;
    this.disk.compact({ index: this.applied, term: 1, configuration: this.rules[this.applied]! });
  }

  restart(): void {
    this.write();
    this.log = new Log(this.disk);
    this.history = new ConfigurationHistory(this.last, this.rules.at(-1)!);
  }

  ask(offset: number): void {
    const index = Math.max(this.disk.base().index, this.last - offset);
    assert.deepEqual(this.history.at(index, this.log), this.rules[index], `at ${index}`);
  }

  need(): void {
    const later = this.rules.slice(this.applied);
    const needed = later.some((rule) => isVoter(rule, id('m1')));
    assert.equal(this.history.isNeeded(id('m1'), this.applied, this.log), needed);
  }

  check(): void {
    assert.deepEqual(this.history.current, this.rules.at(-1));
  }
}

const small = fc.integer({ min: 1, max: 8 });
const commands = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: small.map((n) => (model: Model) => model.append(n)) },
    { weight: 3, arbitrary: fc.constant((model: Model) => model.change()) },
    { weight: 2, arbitrary: small.map((n) => (model: Model) => model.truncate(n)) },
    { weight: 1, arbitrary: small.map((n) => (model: Model) => model.apply(n)) },
    { weight: 1, arbitrary: fc.constant((model: Model) => model.compact()) },
    { weight: 1, arbitrary: fc.constant((model: Model) => model.restart()) },
    { weight: 2, arbitrary: small.map((n) => (model: Model) => model.ask(n)) },
    { weight: 1, arbitrary: fc.constant((model: Model) => model.need()) },
  ),
  { maxLength: 40 },
);

describe('the history of configurations', () => {
  it('knows what is in force anywhere in the log, after truncations, compactions and restarts', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const model = new Model();
        for (const run of list) {
          run(model);
          model.check();
        }
      }),
      { numRuns: 4000 },
    );
  });
});
