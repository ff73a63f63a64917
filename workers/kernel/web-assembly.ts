import type { Bytes } from '../../src/core/bytes.ts';

/**
 * What the kernel uses of WebAssembly. TypeScript knows it with the libraries of a browser only, the kernel runs under Node.js, too; and
 * it may not be there: iOS takes it away in Lockdown Mode.
 */
interface WebAssemblyApi {
  /** @returns whether the bytes are a module of features that are there */
  validate(bytes: Bytes): boolean;
  readonly Module: new (bytes: Bytes) => WebAssemblyModule;
  readonly Instance: new (
    module: WebAssemblyModule,
    imports: { readonly env: { readonly memory: WebAssemblyMemory } },
  ) => { readonly exports: unknown };
  /** Sizes are in pages. */
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => WebAssemblyMemory;
}

declare const module: unique symbol;
interface WebAssemblyModule {
  readonly [module]: true;
}

interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}

export const PAGE_BYTES = 65_536;

export function webAssembly(): WebAssemblyApi | undefined {
  return (globalThis as unknown as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
}
