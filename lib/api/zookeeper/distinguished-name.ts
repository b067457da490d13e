/** Types of attributes that have a name in RFC 2253, by the bytes of their object identifiers. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['550403', 'CN'],
  ['550407', 'L'],
  ['550408', 'ST'],
  ['55040a', 'O'],
  ['55040b', 'OU'],
  ['550406', 'C'],
  ['550409', 'STREET'],
  ['0992268993f22c640119', 'DC'],
  ['0992268993f22c640101', 'UID'],
]);

const TAG = { sequence: 0x30, version: 0xa0 } as const;

/** Decoders of the kinds of text, by tag. */
const TEXTS: ReadonlyMap<number, (bytes: Buffer) => string> = new Map([
  [0x0c, (bytes: Buffer) => bytes.toString('utf8')],
  [0x13, (bytes: Buffer) => bytes.toString('latin1')],
  [0x14, (bytes: Buffer) => bytes.toString('latin1')],
  [0x16, (bytes: Buffer) => bytes.toString('latin1')],
  [0x1b, (bytes: Buffer) => bytes.toString('latin1')],
  [0x1e, (bytes: Buffer) => Buffer.from(bytes).swap16().toString('utf16le')],
]);

interface Element {
  readonly tag: number;
  readonly body: Buffer;
  /** With tag and length. */
  readonly whole: Buffer;
}

/**
 * The subject of a certificate (DER) as Java's `X500Principal.getName()` and so ZooKeeper's X509AuthenticationProvider
 * write it: RFC 2253, the last part first, types without a name there as numbers with their value in hexadecimal
 * digits. Null for what is no certificate.
 */
export function distinguishedName(certificate: Buffer): string | null {
  try {
    const parts = children(children(children(certificate)[0]!.body)[0]!.body);
    // An explicit version comes before the serial number.
    const first = parts[0]!.tag === TAG.version ? 1 : 0;
    const subject = parts[first + 4]!;
    if (subject.tag !== TAG.sequence) return null;
    return children(subject.body).toReversed().map(relativeName).join(',');
  } catch {
    return null;
  }
}

function relativeName({ body }: Element): string {
  return children(body).map(attribute).join('+');
}

function attribute({ body }: Element): string {
  const [type, value] = children(body) as [Element, Element];
  const name = NAMES.get(type.body.toString('hex'));
  const text = TEXTS.get(value.tag);
  if (name === undefined || text === undefined) {
    return `${name ?? numbers(type.body)}=#${value.whole.toString('hex')}`;
  }
  return `${name}=${escaped(text(value.body))}`;
}

function escaped(text: string): string {
  const special = text.replaceAll(/[,=+<>#;"\\]/g, '\\$&').replaceAll('\0', '\\00');
  // Blanks that begin or end it are part of it.
  return special
    .replace(/^ +/, (blanks) => blanks.replaceAll(' ', '\\ '))
    .replace(/ +$/, (blanks) => blanks.replaceAll(' ', '\\ '));
}

/** An object identifier in dots. */
function numbers(oid: Buffer): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of oid) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    parts.push(value);
    value = 0;
  }
  const [both = 0, ...rest] = parts;
  const first = Math.min(2, Math.floor(both / 40));
  return [first, both - first * 40, ...rest].join('.');
}

/** The elements that stand one after the other in `bytes`. Throws where they do not. */
function children(bytes: Buffer): Element[] {
  const list: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    let length = bytes.readUInt8(at + 1);
    let from = at + 2;
    if (length >= 0x80) {
      const digits = length - 0x80;
      length = bytes.readUIntBE(from, digits);
      from += digits;
    }
    if (from + length > bytes.length) throw new RangeError(`${length} bytes at ${from} of ${bytes.length}`);
    list.push({ tag, body: bytes.subarray(from, from + length), whole: bytes.subarray(at, from + length) });
    at = from + length;
  }
  return list;
}
