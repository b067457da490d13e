import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import { TepuiError } from '../base/index.js';

/** Paths of PEM files: this process's certificate chain and key, and the authority it trusts. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** The files' contents, known to fit together. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

/** Reads and checks the files. Throws TLS, naming the file or what does not fit. */
export function loadTls(files: TlsFiles): TlsMaterial {
  const material = { cert: read('cert', files), key: read('key', files), ca: read('ca', files) };
  try {
    createSecureContext(material);
  } catch (error) {
    throw new TepuiError(
      'TLS',
      `${files.cert} and ${files.key} are not a certificate and its key: ${why(error)}`,
      {
        cause: error,
      },
    );
  }
  return material;
}

function read(what: keyof TlsFiles, files: TlsFiles): Buffer {
  try {
    return readFileSync(files[what]);
  } catch (error) {
    throw new TepuiError('TLS', `tls.${what} cannot be read: ${why(error)}`, { cause: error });
  }
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What a door asks of its callers: nothing, a certificate of the authority if they have one (the agent service
 * then looks whether there is one), or a certificate in any case (the peer door).
 */
export type ClientCertificates = 'ignored' | 'optional' | 'required';

/** `null` material: no TLS. */
export function serverCredentials(
  material: TlsMaterial | null,
  clientCertificates: ClientCertificates,
): ServerCredentials {
  if (material === null) return ServerCredentials.createInsecure();
  if (clientCertificates === 'optional') return new OptionalCertificateCredentials(material);
  const pair = { private_key: material.key, cert_chain: material.cert };
  return ServerCredentials.createSsl(material.ca, [pair], clientCertificates === 'required');
}

/**
 * Callers without a certificate, or with one of another authority, are let in; `Caller.certificate` is null
 * for them. `createSsl` of grpc-js offers only all or nothing.
 */
class OptionalCertificateCredentials extends ServerCredentials {
  constructor({ cert, key, ca }: TlsMaterial) {
    super({ requestCert: true, rejectUnauthorized: false }, { ca, cert: [cert], key: [key] });
  }

  /** For connections that come from now on. */
  renew({ cert, key, ca }: TlsMaterial): void {
    this.updateSecureContextOptions({ ca, cert: [cert], key: [key] });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** Shows connections that come from now on another certificate. Only for credentials with `optional` certificates of callers. */
export function renewCredentials(credentials: ServerCredentials, material: TlsMaterial): void {
  if (credentials instanceof OptionalCertificateCredentials) credentials.renew(material);
}

/** How a channel secures its connections; null: not at all. */
export type ChannelSecurity = SecureContext | null;

/**
 * `null` material: no TLS. With `identify`, this process shows its own certificate, as the peer door demands
 * and the agent service may.
 */
export function channelCredentials(material: TlsMaterial | null, identify: boolean): ChannelSecurity {
  if (material === null) return null;
  const { ca, cert, key } = material;
  return createSecureContext(identify ? { ca, cert, key } : { ca });
}
