import { spawnSync } from 'node:child_process';
import type { Suite } from 'mocha';

/** Debian's Python: the one that has Debian's kazoo. */
export const PYTHON = '/usr/bin/python3';
/** Of Debian's package zookeeper. */
export const ZK_CLI = '/usr/share/zookeeper/bin/zkCli.sh';
export const KAZOO = [PYTHON, '-c', 'import kazoo'] as const;

/** Of Debian's package libcurator-recipes-java, and of those that it needs. */
export const JARS_OF_CURATOR: readonly string[] = [
  'curator-recipes',
  'curator-framework',
  'curator-client',
  'zookeeper',
  'guava',
  'slf4j-api',
  'slf4j-nop',
].map((name) => `/usr/share/java/${name}.jar`);

/** Skips a suite where a command that must succeed for it does not; docs/skips.md says why it may. */
export function needs(suite: Suite, command: string, ...args: readonly string[]): void {
  suite.beforeAll(function (this: Mocha.Context) {
    const { status } = spawnSync(command, args, { stdio: 'ignore', timeout: 60_000 });
    if (status !== 0) this.skip();
  });
}
