import { TepuiError } from '../base/index.js';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Splits `host:port`; IPv6 hosts stand in brackets. */
export function parseAddress(text: string): HostPort {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new TepuiError('CONFIG', `not a host:port address: ${text}`);
  }
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

/** Whether only this machine can reach the address. */
export function isLoopback(text: string): boolean {
  const { host } = parseAddress(text);
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
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
