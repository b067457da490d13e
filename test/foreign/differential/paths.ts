import { below, chance, pick, type Random } from '../../../lib/base/index.js';

const NAMES = ['a', 'b', 'c', 'd'];
const DEPTH = 3;
/** What lies under this name may be hidden from some sessions, and nobody watches it. */
const HIDDEN = '/d';
const BAD_PATHS = [
  '',
  'a',
  'a/b',
  '//',
  '/a/',
  '/a//b',
  '/a/./b',
  '/..',
  '/a\u0001',
  '/\u0085',
  '/\uf000',
  '/a\0b',
];
/** Not /zookeeper/config: a lone ZooKeeper has nothing there. */
const SYSTEM_PATHS = ['/zookeeper', '/zookeeper/quota'];
/** As many are remembered as make it likely that they are met again. */
const REMEMBERED = 20;

export const SESSIONS = 4;

export type WatchMode = 'standard' | 'persistent' | 'persistent-recursive';

const MODES: readonly WatchMode[] = [
  'standard',
  'standard',
  'persistent',
  'persistent-recursive',
  'standard',
];

/**
 * ZooKeeper 3.8.0 tells a watcher of nodes that it may not read; later ones do not, nor does Tepui (CVE-2024-23944).
 * Where nodes may be such, nothing is watched.
 */
export function mayBeHidden(path: string): boolean {
  return path.startsWith(HIDDEN);
}

/** Nothing is ever created below such a path. */
export function isDeepest(path: string): boolean {
  return path.split('/').length > DEPTH;
}

/** Some paths are watched by one session alone. */
export function soleWatcher(path: string): number | null {
  const hash = hashOf(path);
  return path !== '/' && hash % 3 === 0 ? hash % SESSIONS : null;
}

/**
 * How a session watches a path, in the whole run; null: not at all. ZooKeeper 3.8 has one mode for both, and a later
 * registration replaces the earlier; since 3.9 they stand beside each other, as here (ZOOKEEPER-4466).
 */
export function watchMode(session: number, path: string): WatchMode | null {
  if (mayBeHidden(path)) return null;
  // A recursive one would tell of hidden nodes too.
  if (path === '/') return session % 2 === 0 ? 'standard' : 'persistent';
  const sole = soleWatcher(path);
  if (sole !== null && sole !== session) return null;
  return MODES[(hashOf(path) + session) % MODES.length]!;
}

function hashOf(path: string): number {
  let sum = 0;
  for (let i = 0; i < path.length; i++) sum = (sum * 31 + path.charCodeAt(i)) % 65_537;
  return sum;
}

/** Draws paths of a small tree, so that many requests meet. */
export class Paths {
  private readonly random: Random;
  /** Paths with numbers that a server gave, as far as they were seen. */
  private readonly numbered: string[] = [];

  constructor(random: Random) {
    this.random = random;
  }

  saw(path: string): void {
    this.numbered.push(path);
    if (this.numbered.length > REMEMBERED) this.numbered.shift();
  }

  any(): string {
    const { random, numbered } = this;
    if (chance(random, 0.04)) return pick(random, BAD_PATHS);
    if (numbered.length > 0 && chance(random, 0.1)) return pick(random, numbered);
    if (chance(random, 0.02)) return pick(random, SYSTEM_PATHS);
    return this.good();
  }

  good(): string {
    if (chance(this.random, 0.03)) return '/';
    const parts = Array.from({ length: 1 + below(this.random, DEPTH) }, () => pick(this.random, NAMES));
    return `/${parts.join('/')}`;
  }

  /** One that the session may watch, and how. */
  watched(session: number): { readonly path: string; readonly mode: WatchMode } {
    for (;;) {
      const path = this.good();
      const mode = watchMode(session, path);
      if (mode !== null) return { path, mode };
    }
  }
}
