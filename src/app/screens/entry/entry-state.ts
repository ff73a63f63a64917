import type { Fault } from '../../../core/errors.ts';
import type { text } from '../../text/text.ts';

/** Before the app, or instead of it. */
export type EntryState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'missing'; readonly missing: keyof typeof text.unsupported.missing }
  | { readonly kind: 'failed'; readonly fault: Fault };
