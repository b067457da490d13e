import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DEFAULT_WORDS, WORDS, type Word } from '../../api/index.js';
import { TepuiError } from '../../base/index.js';
import type { Timing } from './timing.js';

/** Of the door for ZooKeeper clients. */
export interface ZooKeeperConfig {
  /** Session timeouts are brought into this range. */
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** Connections in all, and from one address; 0: no limit. */
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** Clients that say so are served reads while there is no leader. */
  readonly readOnly: boolean;
  /** Four-letter words that are answered; `*`: all. */
  readonly words: readonly (Word | '*')[];
  /** `user:base64(SHA-1 of user:password)` of whoever passes every check. */
  readonly superDigest?: string | undefined;
  /** Who may log in with SASL (DIGEST-MD5): passwords, or files that hold one. */
  readonly saslUsers: Readonly<Record<string, string | { readonly file: string }>>;
}

/** As ZooKeeper's maxClientCnxns. */
const PER_ADDRESS = 60;
const LEAST_TIMEOUT_MS = 1_000;
const MOST_TIMEOUT_MS = 3_600_000;
const MOST_CONNECTIONS = 1_000_000;

const timeout = z.number().int().min(LEAST_TIMEOUT_MS).max(MOST_TIMEOUT_MS);
const connections = z.number().int().min(0).max(MOST_CONNECTIONS);

const keys = z.strictObject({
  minSessionTimeoutMs: timeout.default(4_000),
  maxSessionTimeoutMs: timeout.default(40_000),
  maxConnections: connections.default(0),
  maxConnectionsPerAddress: connections.default(PER_ADDRESS),
  readOnly: z.boolean().default(false),
  words: z.array(z.enum([...WORDS, '*'])).default([...DEFAULT_WORDS]),
  superDigest: z
    .string()
    .regex(/^[^:]+:[A-Za-z0-9+/]{27}=$/, 'must be a user, a colon and a SHA-1 in base64')
    .optional(),
  saslUsers: z
    .record(z.string().min(1), z.union([z.string().min(1), z.strictObject({ file: z.string().min(1) })]))
    .default({}),
});

export const zookeeperSchema: z.ZodType<ZooKeeperConfig> = keys.superRefine((config, context) => {
  const { minSessionTimeoutMs: least, maxSessionTimeoutMs: most } = config;
  if (least <= most) return;
  const message = `${most} is below minSessionTimeoutMs, ${least}`;
  context.addIssue({ code: 'custom', path: ['maxSessionTimeoutMs'], message });
});

/** A session lasts for at least so many election timeouts. */
export const ELECTIONS_PER_SESSION = 4;

/**
 * A member answers a session for a third of its timeout after a report that a leader acknowledged, and writes wait for a
 * leader as long. A leader that is cut off acknowledges for up to an election timeout longer: the third has to be more,
 * or a client may believe for too long. Null: it is.
 */
export function timeoutProblem(
  { minSessionTimeoutMs: least }: Pick<ZooKeeperConfig, 'minSessionTimeoutMs'>,
  { electionMs }: Pick<Timing, 'electionMs'>,
): string | null {
  const wanted = ELECTIONS_PER_SESSION * electionMs;
  if (least >= wanted) return null;
  const lower = Math.floor(least / ELECTIONS_PER_SESSION);
  const sum = `${ELECTIONS_PER_SESSION} times timing.electionMs (${electionMs})`;
  return `${least} is below ${wanted}, ${sum}: raise it, or lower timing.electionMs to ${lower}`;
}

export function wordsOf({ words }: ZooKeeperConfig): readonly Word[] {
  return words.includes('*') ? WORDS : words.filter((word) => word !== '*');
}

/** Passwords by user. Throws CONFIG for a file that cannot be read or holds nothing. */
export function saslUsersOf({ saslUsers }: ZooKeeperConfig): ReadonlyMap<string, string> {
  const entries = Object.entries(saslUsers);
  return new Map(
    entries.map(([user, given]) => [user, typeof given === 'string' ? given : passwordIn(user, given.file)]),
  );
}

function passwordIn(user: string, file: string): string {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `zookeeper.saslUsers.${user}: ${file} cannot be read: ${String(error)}`;
    throw new TepuiError('CONFIG', message, { cause: error });
  }
  // The end of the line is an editor's doing.
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new TepuiError('CONFIG', `zookeeper.saslUsers.${user}: ${file} is empty`);
  return password;
}
