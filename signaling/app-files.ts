import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { MIB } from '../src/core/limits.ts';

/** One file of the built app, as it goes out. */
export interface AppFile {
  readonly type: string;
  readonly cacheControl: string;
  readonly etag: string;
  readonly plain: Buffer;
  /** only when smaller than `plain` */
  readonly gzip: Buffer | undefined;
  readonly brotli: Buffer | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.woff2': 'font/woff2',
};
const COMPRESSIBLE = /^(text\/|application\/(json|manifest|wasm)|image\/svg)/;
/** Smaller files fit one packet anyway. */
const COMPRESS_MIN_BYTES = 1024;
const BROTLI_QUALITY = 9;

/** Vite puts a hash of the content into these names: `assets/main-B1x_9Zq0.js`. */
const HASHED = /^\/assets\/.+-[\w-]{8}\.\w+$/;
const FOREVER = 'public, max-age=31536000, immutable';
const ASK_EACH_TIME = 'no-cache';

/** The app is a few MiB; a folder beyond this is not the app. */
const APP_MAX_BYTES = 256 * MIB;

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

/**
 * Reads the built app into memory, by URL path. What is not in this table is not served: no request touches the disk, so no path
 * leads out of the folder. Symbolic links and names that begin with a dot are left out.
 *
 * @throws Error when the folder is larger than an app can be
 */
export async function loadAppFiles(folder: string): Promise<ReadonlyMap<string, AppFile>> {
  const files = new Map<string, AppFile>();
  let bytes = 0;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    if (!entry.isFile() || path.includes('/.')) continue;
    const plain = await readFile(file);
    bytes += plain.length;
    if (bytes > APP_MAX_BYTES)
      throw new Error(`${folder} must be the built app, got more than ${APP_MAX_BYTES} bytes`);
    files.set(path, await appFile(path, plain));
  }
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}

async function appFile(path: string, plain: Buffer): Promise<AppFile> {
  const type = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
  // Source maps are for developers' eyes: not worth the start-up time.
  const compress = COMPRESSIBLE.test(type) && plain.length >= COMPRESS_MIN_BYTES && !path.endsWith('.map');
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } };
  const [gzipped, brotli] = compress
    ? await Promise.all([compressGzip(plain), compressBrotli(plain, options)])
    : [undefined, undefined];
  return {
    type,
    cacheControl: HASHED.test(path) ? FOREVER : ASK_EACH_TIME,
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    plain,
    gzip: smaller(gzipped, plain),
    brotli: smaller(brotli, plain),
  };
}

const smaller = (packed: Buffer | undefined, plain: Buffer): Buffer | undefined =>
  packed !== undefined && packed.length < plain.length ? packed : undefined;
