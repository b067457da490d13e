import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

// Certificates for tests, made on the spot: nothing expires in the repository and no other program is needed.
// Just enough X.509 (RFC 5280) in DER: version 3, one common name, P-256 keys, ECDSA with SHA-256.

export interface Identity {
  /** PEM. */
  readonly cert: Buffer;
  /** PEM, PKCS #8. */
  readonly key: Buffer;
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length =
    body.length < 0x100 ? Buffer.of(0x81, body.length) : Buffer.of(0x82, body.length >> 8, body.length);
  return Buffer.concat([Buffer.of(tag), length, body]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const integer = (value: number): Buffer => der(0x02, Buffer.of(0x01, value >> 16, value >> 8, value));
const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);
const bits = (bytes: Uint8Array): Buffer => der(0x03, Buffer.of(0), bytes);
const explicit = (number: number, inner: Uint8Array): Buffer => der(0xa0 | number, inner);
const yes = der(0x01, Buffer.of(0xff));

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
}

function validity(): Buffer {
  const time = (year: number): Buffer => der(0x18, Buffer.from(`${year}0101000000Z`));
  return sequence(time(2000), time(2100));
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return critical ? sequence(oid(id), yes, octets(value)) : sequence(oid(id), octets(value));
}

/** Subject alternative names: `localhost` and IPv4 addresses. */
function alternativeNames(addresses: readonly string[]): Buffer {
  const names = addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number))));
  return sequence(der(0x82, Buffer.from('localhost')), ...names);
}

let serial = 1;

function issue(
  subject: string,
  issuer: string,
  publicKey: KeyObject,
  issuerKey: KeyObject,
  extensions: readonly Buffer[],
): Buffer {
  const body = sequence(
    explicit(0, der(0x02, Buffer.of(2))),
    integer(serial++),
    ECDSA_SHA256,
    commonName(issuer),
    validity(),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const whole = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, issuerKey)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return Buffer.from(`-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`);
}

function pem(key: KeyObject): Buffer {
  return Buffer.from(key.export({ type: 'pkcs8', format: 'pem' }));
}

/** A fresh authority of that name. */
export function authority(name: string): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const basic = extension('551d13', true, sequence(yes));
  return { cert: issue(name, name, publicKey, privateKey, [basic]), key: pem(privateKey) };
}

/** A certificate of `by` (made by `authority(byName)`) for a process that answers at `addresses`. */
export function certificate(
  name: string,
  addresses: readonly string[],
  by: Identity,
  byName: string,
): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = extension('551d11', false, alternativeNames(addresses));
  const cert = issue(
    name,
    byName,
    createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    createPrivateKey(by.key),
    [names],
  );
  return { cert, key: pem(privateKey) };
}
