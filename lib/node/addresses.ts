import { isIPv4 } from 'node:net';
import { TepuiError } from '../base/index.js';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Splits `host:port`; IPv6 hosts stand in brackets. */
export function parseAddress(text: string): HostPort {
  const [, host, digits] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535)) {
    throw new TepuiError('CONFIG', `not a host:port address: ${text}`);
  }
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

/** Whether only this machine can reach the address. */
export function isLoopback(text: string): boolean {
  const { host } = parseAddress(text);
  // A name may begin with "127." too, and lead anywhere.
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Doors on other than loopback addresses need TLS, or an operator who says that he means it. */
export function checkExposure(listen: readonly string[], tls: boolean, insecure: boolean): string[] {
  const exposed = listen.filter((address) => !isLoopback(address));
  if (exposed.length === 0 || tls) return [];
  if (!insecure) {
    throw new TepuiError(
      'CONFIG',
      `${exposed.join(', ')} can be reached from outside without TLS: set tls, or insecure: true`,
    );
  }
  return exposed.map((address) => `insecure: anyone who reaches ${address} controls the cluster`);
}
