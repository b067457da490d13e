import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from '../../lib/base/index.js';
import { CertificateWatch } from '../../lib/node/certificates.js';
import { loadTls, type TlsMaterial } from '../../lib/wire/index.js';
import { authority, certificate } from '../support/certificates.js';
import { quiet } from '../support/quiet.js';
import { tempFolder } from '../support/temp-folder.js';

describe('Certificates of a master', () => {
  const folder = tempFolder();
  const ours = authority('ours');
  const file = (name: string): string => path.join(folder.path, name);
  const files = { cert: file('c.pem'), key: file('k.pem'), ca: file('ca.pem') };
  let given: TlsMaterial[];
  let warnings: number;
  let watch: CertificateWatch;

  beforeEach(() => {
    const { cert, key } = certificate('m1', ['127.0.0.1'], ours, 'ours');
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    writeFileSync(files.ca, ours.cert);
    given = [];
    warnings = 0;
    const logger: Logger = { ...quiet, warn: () => void warnings++ };
    const door = { renew: (material: TlsMaterial) => void given.push(material) };
    watch = new CertificateWatch({ files, material: loadTls(files), doors: [door], logger });
  });
  after(() => folder.remove());

  it('are given to the doors once, when their files have changed', () => {
    watch.look();
    assert.equal(given.length, 0);
    const next = certificate('next', ['127.0.0.1'], ours, 'ours');
    writeFileSync(files.cert, next.cert);
    writeFileSync(files.key, next.key);
    watch.look();
    watch.look();
    assert.deepEqual(given, [{ cert: next.cert, key: next.key, ca: ours.cert }]);
  });

  it('stay as they are while the new files do not fit together, with one warning', () => {
    const next = certificate('next', ['127.0.0.1'], ours, 'ours');
    writeFileSync(files.cert, next.cert);
    watch.look();
    watch.look();
    assert.deepEqual([given.length, warnings], [0, 1]);
    writeFileSync(files.key, next.key);
    watch.look();
    assert.deepEqual([given.length, warnings], [1, 1]);
  });
});
