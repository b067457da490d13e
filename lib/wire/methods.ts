import { assert, must } from '../base/index.js';
import type { MessageCodec } from './codec.js';
import { serviceType, type SchemaFile } from './protos.js';

export type Shape = 'unary' | 'server-stream' | 'client-stream' | 'bidi';

/** One method of a service: its path, the shape of its call and how its messages are coded. */
export interface Method<Request, Response, S extends Shape> {
  readonly path: string;
  readonly shape: S;
  readonly request: MessageCodec<Request>;
  readonly response: MessageCodec<Response>;
}

export type Unary<Request, Response> = Method<Request, Response, 'unary'>;
export type ServerStreaming<Request, Response> = Method<Request, Response, 'server-stream'>;
export type Bidi<Request, Response> = Method<Request, Response, 'bidi'>;

/** Methods by their names in camelCase. */
export interface Service<M> {
  /** Full name, as health checks and reflection know it. */
  readonly name: string;
  readonly methods: M;
}

interface Outline {
  readonly shape: Shape;
  readonly request: MessageCodec<unknown>;
  readonly response: MessageCodec<unknown>;
}

/** A service that agrees with its schema; made at the first call and kept. */
export function lazyService<M extends { readonly [K in keyof M]: Outline }>(
  file: SchemaFile,
  name: string,
  outline: { readonly [K in keyof M]: Omit<M[K], 'path'> },
): () => Service<M> {
  let service: Service<M> | null = null;
  return () => (service ??= build(file, name, outline));
}

function build<M>(
  file: SchemaFile,
  name: string,
  outline: { readonly [K in keyof M]: Omit<M[K], 'path'> },
): Service<M> {
  const definition = serviceType(file, name);
  const methods: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(outline as unknown as Record<string, Outline>)) {
    const written = key.charAt(0).toUpperCase() + key.slice(1);
    const schema = must(definition[written], `${name} has no method ${written}`);
    const streams = { unary: '', 'server-stream': 's', 'client-stream': 'c', bidi: 'cs' }[method.shape];
    assert(
      streams === `${schema.requestStream ? 'c' : ''}${schema.responseStream ? 's' : ''}`,
      `${name}.${written} is not ${method.shape}`,
    );
    methods[key] = { ...method, path: schema.path };
  }
  return { name, methods: methods as M };
}
