import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { loadConfig } from '../../../lib/node/config/load.js';
import { tempFolder } from '../../support/temp-folder.js';

const SCHEMA = z.strictObject({
  id: z.string(),
  masters: z.array(z.string()).optional(),
  tls: z.strictObject({ cert: z.string(), key: z.string() }).optional(),
});

describe('a configuration', () => {
  const folder = tempFolder();
  const file = path.join(folder.path, 'config.yaml');
  after(() => folder.remove());

  function from(yaml: string, overrides: Parameters<typeof loadConfig>[2] = {}): z.output<typeof SCHEMA> {
    writeFileSync(file, yaml);
    return loadConfig(SCHEMA, file, overrides);
  }

  it('is what the file says', () => {
    assert.deepEqual(from('id: m1\nmasters: [h:1]'), { id: 'm1', masters: ['h:1'] });
  });

  it('needs no file when flags and variables say it all', () => {
    assert.deepEqual(loadConfig(SCHEMA, undefined, { id: 'm1' }), { id: 'm1' });
  });

  it('takes flags over the file, key by key inside a group', () => {
    const config = from('id: m1\ntls: { cert: a.pem, key: b.pem }', { id: 'm2', tls: { key: 'c.pem' } });
    assert.deepEqual(config, { id: 'm2', tls: { cert: 'a.pem', key: 'c.pem' } });
  });

  it('takes a list as a whole: flags do not add to that of the file', () => {
    assert.deepEqual(from('id: m1\nmasters: [h:1, h:2]', { masters: ['h:3'] }).masters, ['h:3']);
  });

  it('has no group of which no flag was given', () => {
    assert.deepEqual(from('id: m1', { tls: { cert: undefined, key: undefined } }), { id: 'm1' });
  });

  it('is not changed by flags that were not given', () => {
    assert.deepEqual(from('id: m1', { id: undefined }), { id: 'm1' });
  });

  it('names every bad key at once, with the file', () => {
    assert.throws(
      () => from('id: 7\ntls: { cert: a.pem, kye: b.pem }'),
      (error: Error & { fields: unknown }) => {
        const { problems } = error.fields as { problems: string[] };
        assert.ok(error.message.startsWith(`${file}: `), error.message);
        assert.deepEqual(problems.map((text) => text.replace(/:.*/, '')).sort(), ['id', 'tls', 'tls.key']);
        return true;
      },
    );
  });

  it('blames flags and environment where there is no file', () => {
    assert.throws(() => loadConfig(SCHEMA, undefined, {}), {
      code: 'CONFIG',
      message: /^flags and environment: id: /,
    });
  });

  it('may be an empty file, which lacks what every empty one lacks', () => {
    assert.throws(() => from(''), { code: 'CONFIG', message: /id: / });
    assert.deepEqual(from('# nothing yet', { id: 'm1' }), { id: 'm1' });
  });

  it('is refused at the top when it is a list or a word, whatever the flags say', () => {
    for (const yaml of ['[id, m1]', 'm1']) {
      assert.throws(() => from(yaml, { id: 'm1' }), {
        code: 'CONFIG',
        message: /: \(top\): .*expected object/,
      });
    }
  });
});
