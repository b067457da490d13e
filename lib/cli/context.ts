import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { TepuiError } from '../base/index.js';
import { Operator, type ConnectionOptions, type ReadConsistency, type TlsOptions } from '../client/index.js';
import { checkAddresses } from '../client/internal.js';
import type { CliIo } from './io.js';

/** The masters of the cluster that `tepui dev` starts. */
export const DEV_MASTERS = '127.0.0.1:5060,127.0.0.1:5160,127.0.0.1:5260';

/** Variables that the client commands read. */
export const CLIENT_VARIABLES = [
  'TEPUI_MASTERS',
  'TEPUI_TIMEOUT',
  'TEPUI_TLS_CA',
  'TEPUI_TLS_CERT',
  'TEPUI_TLS_KEY',
  'TEPUI_ZK_SERVERS',
  'TEPUI_ZK_AUTH',
  'TEPUI_ZK_AUTH_FILE',
] as const;

/** What every command that talks to masters takes. */
export interface ClientFlags {
  readonly masters?: string;
  readonly json?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly timeout?: string;
}

export interface ListFlags extends ClientFlags {
  readonly local?: boolean;
}

export function consistencyOf({ local }: ListFlags): { readonly consistency: ReadConsistency } {
  return { consistency: local === true ? 'LOCAL' : 'LINEARIZABLE' };
}

export function addClientFlags(command: Command): Command {
  command.option(
    '--masters <host:port,…>',
    `gRPC addresses of masters [TEPUI_MASTERS] (default: ${DEV_MASTERS})`,
  );
  return addSharedFlags(command);
}

/** What does not depend on the door. */
export function addSharedFlags(command: Command): Command {
  return command
    .option('--timeout <seconds>', 'how long to try [TEPUI_TIMEOUT] (default: 5)')
    .option('--ca <file>', 'authority that the masters are trusted by; turns TLS on [TEPUI_TLS_CA]')
    .option('--cert <file>', 'certificate of this client [TEPUI_TLS_CERT]')
    .option('--key <file>', 'its key [TEPUI_TLS_KEY]')
    .option('--json', 'JSON for scripts');
}

/** A command's way to the cluster: what its flags and the environment say. */
export class Context<Flags extends ClientFlags = ClientFlags> {
  readonly io: CliIo;
  readonly flags: Flags;
  readonly connection: ConnectionOptions;
  readonly timeoutMs: number;

  constructor(io: CliIo, flags: Flags) {
    this.io = io;
    this.flags = flags;
    const tls = tlsOptions(flags, io);
    const addresses = (flags.masters ?? io.env['TEPUI_MASTERS'] ?? DEV_MASTERS)
      .split(',')
      .map((a) => a.trim());
    asUsage('--masters', () => checkAddresses(addresses));
    this.connection = { addresses, ...(tls === null ? {} : { tls }) };
    const timeout = flags.timeout ?? io.env['TEPUI_TIMEOUT'] ?? '5';
    this.timeoutMs = positive('--timeout', timeout) * 1000;
  }

  get json(): boolean {
    return this.flags.json === true;
  }

  operator(): Operator {
    const options = { ...this.connection, timeoutMs: this.timeoutMs };
    return new Operator(options, this.io.ports(this.connection));
  }

  /** Prints `json` as one line, or `text`. */
  print(json: unknown, text: () => string): void {
    this.io.out(this.json ? `${JSON.stringify(json)}\n` : text());
  }
}

/** A flag's value as a number above 0. Throws USAGE. */
export function positive(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new TepuiError('USAGE', `${flag} must be a number above 0, not "${text}"`);
}

/** A flag's value as a whole number, at least `low`. Throws USAGE. */
export function wholeNumber(flag: string, text: string, low: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= low) return value;
  throw new TepuiError('USAGE', `${flag} must be a whole number, at least ${low}, not "${text}"`);
}

function tlsOptions(flags: ClientFlags, { env }: CliIo): TlsOptions | null {
  const ca = flags.ca ?? env['TEPUI_TLS_CA'];
  const cert = flags.cert ?? env['TEPUI_TLS_CERT'];
  const key = flags.key ?? env['TEPUI_TLS_KEY'];
  if ((cert === undefined) !== (key === undefined)) {
    throw new TepuiError('USAGE', '--cert and --key belong together');
  }
  if (ca === undefined) {
    if (cert === undefined) return null;
    throw new TepuiError('USAGE', '--cert and --key need --ca too');
  }
  const own =
    cert === undefined || key === undefined ? {} : { cert: read('--cert', cert), key: read('--key', key) };
  return { ca: read('--ca', ca), ...own };
}

/** A file that a flag names, as text. Throws USAGE. */
export function read(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new TepuiError('USAGE', `${flag}: ${(cause as Error).message}`, { cause });
  }
}

/** A refused value of a flag is an error of usage, not of the cluster. */
export function asUsage(flag: string, check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw new TepuiError('USAGE', `${flag}: ${(cause as Error).message}`, { cause });
  }
}
