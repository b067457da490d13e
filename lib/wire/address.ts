import { TepuiError } from '../base/index.js';

/** Splits `host:port`; IPv6 hosts stand in brackets. Throws CONFIG. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535)
    throw new TepuiError('CONFIG', `not an address host:port: '${address}'`);
  return { host, port };
}
