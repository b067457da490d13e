import type { Logger } from '../base/index.js';
import { loadTls, type TlsFiles, type TlsMaterial } from '../wire/index.js';

export interface CertificateWatchOptions {
  readonly files: TlsFiles;
  /** What they held at the start. */
  readonly material: TlsMaterial;
  /** What shows certificates to those who come. */
  readonly doors: readonly { renew(material: TlsMaterial): void }[];
  readonly logger: Logger;
}

/**
 * Gives the doors what the files of TLS hold, once that has changed and fits together: certificates are renewed without a
 * restart, and without anybody who is connected noticing. While files do not fit (they are replaced one after the
 * other) the doors go on with what they have.
 */
export class CertificateWatch {
  private readonly options: CertificateWatchOptions;
  private material: TlsMaterial;
  private complaint = '';

  constructor(options: CertificateWatchOptions) {
    this.options = options;
    this.material = options.material;
  }

  look(): void {
    const { files, doors, logger } = this.options;
    let found: TlsMaterial;
    try {
      found = loadTls(files);
    } catch (error) {
      this.complain(error);
      return;
    }
    this.complaint = '';
    if (isSame(found, this.material)) return;
    this.material = found;
    for (const door of doors) door.renew(found);
    logger.info({ cert: files.cert }, 'certificates renewed');
  }

  /** Once for each thing that is wrong: nobody has to have done anything. */
  private complain(error: unknown): void {
    const words = String(error);
    if (words === this.complaint) return;
    this.complaint = words;
    this.options.logger.warn(
      { error },
      'files of TLS do not fit together: the doors go on with those from before',
    );
  }
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key) && a.ca.equals(b.ca);
}
