import type { Bytes } from '../../../src/core/bytes.ts';
import { packList } from '../../../src/core/wire/list.ts';
import type { Liar } from './liar-tap.ts';

/** Keeps every head it was ever brought, and gives the oldest to whoever asks. */
export function headRollback(): Liar & { readonly heads: readonly Bytes[] } {
  const heads: Bytes[] = [];
  return {
    heads,
    brought: ({ ask }, item) => {
      if (ask.kind === 'put-head') heads.push(item.slice());
    },
    asked: (request) => {
      const oldest = heads[0];
      if (request.ask.kind !== 'heads' || oldest === undefined) return 'pass';
      request.answer(packList([oldest]));
      return 'swallow';
    },
  };
}
