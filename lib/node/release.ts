import { createRequire } from 'node:module';

/** The release of this package. */
export function release(): string {
  const manifest = createRequire(import.meta.url)('../../../package.json') as { version: string };
  return manifest.version;
}
