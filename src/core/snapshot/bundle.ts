/** How a bundle's plain bytes are packed before the first encryption. `auto` tries deflate and keeps what pays. */
export type BundleCodec = 'auto' | 'none';
