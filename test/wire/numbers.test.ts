import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AnyDefinition } from '@grpc/proto-loader';
import { schema, type SchemaFile } from '../../lib/wire/protos.js';

interface FieldShape {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

interface EnumShape {
  readonly name: string;
  readonly value: readonly { readonly name: string; readonly number: number }[];
}

interface MessageShape {
  readonly name: string;
  readonly field: readonly FieldShape[];
  readonly nestedType: readonly MessageShape[];
  readonly enumType: readonly EnumShape[];
}

const GOLDEN = fileURLToPath(new URL('../../../test/wire/golden/numbers.txt', import.meta.url));
const FILES: readonly SchemaFile[] = ['coordination', 'operator', 'peer', 'scheduler', 'agent', 'mesos'];

function enumLines(path: string, shape: EnumShape): string[] {
  return shape.value.map(({ name, number }) => `${path} ${name} = ${number}`);
}

function messageLines(path: string, shape: MessageShape): string[] {
  const fields = shape.field.map(({ name, number, label, type, typeName }) => {
    const kind = typeName === '' ? type.slice('TYPE_'.length).toLowerCase() : typeName;
    return `${path} ${name} = ${number} ${label.slice('LABEL_'.length).toLowerCase()} ${kind}`;
  });
  const nested = shape.nestedType.flatMap((inner) => messageLines(`${path}.${inner.name}`, inner));
  const enums = shape.enumType.flatMap((inner) => enumLines(`${path}.${inner.name}`, inner));
  return [...fields, ...nested, ...enums];
}

function lines(name: string, definition: AnyDefinition): string[] {
  if (!('format' in definition)) {
    return Object.values(definition).map(
      ({ path, requestStream, responseStream }) => `${path} ${requestStream} ${responseStream}`,
    );
  }
  const isEnum = definition.format === 'Protocol Buffer 3 EnumDescriptorProto';
  return isEnum
    ? enumLines(name, definition.type as EnumShape)
    : messageLines(name, definition.type as MessageShape);
}

/** Every number that is on the wire, one per line, sorted. */
function numbersOnTheWire(): string[] {
  const all = new Set<string>();
  for (const file of FILES) {
    for (const [name, definition] of Object.entries(schema(file))) {
      if (name.startsWith('google.')) continue;
      for (const line of lines(name, definition)) all.add(line);
    }
  }
  return [...all].sort();
}

describe('numbers on the wire', () => {
  it('are never changed, reused or taken away', () => {
    const now = new Set(numbersOnTheWire());
    const gone = readFileSync(GOLDEN, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !now.has(line));
    assert.deepEqual(gone, [], 'these lines of test/wire/golden/numbers.txt no longer hold');
  });

  it('are all listed, so that a new one is pinned from its first day', () => {
    const listed = new Set(readFileSync(GOLDEN, 'utf8').split('\n'));
    const missing = numbersOnTheWire().filter((line) => !listed.has(line));
    assert.deepEqual(missing, [], 'add these lines to test/wire/golden/numbers.txt, in order');
  });
});
