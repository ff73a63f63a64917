import type { Bytes } from '../../core/bytes.ts';

/** The part of WebSocket that is used; that of browsers, of Node.js and of the `ws` package fit. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  send(data: Bytes): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** `readyState` of a socket that takes messages. */
export const SOCKET_OPEN = 1;
