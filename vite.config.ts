import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import type { UserConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

const app: UserConfig = {
  // Relative, so that one build serves from any path of any host.
  base: './',
  plugins: [
    svelte(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'workers',
      filename: 'service-worker.ts',
      // The app registers it, and asks before a newer version takes over.
      injectRegister: null,
      injectManifest: {
        // One classic script: module service workers are younger than the browsers we support.
        rollupFormat: 'iife',
        globPatterns: ['**/*.{html,js,css,svg,png,wasm,webmanifest,woff2}'],
        maximumFileSizeToCacheInBytes: 8 * 1024 * 1024,
      },
      manifest: {
        id: './',
        name: 'Roost',
        short_name: 'Roost',
        description:
          'Backup that friends keep for each other: give spare disk, get encrypted backup in return.',
        start_url: './',
        scope: './',
        display: 'standalone',
        lang: 'en',
        theme_color: '#1f5f4a',
        background_color: '#f7f5ef',
        categories: ['utilities', 'productivity'],
        icons: [
          { src: 'icons/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
          { src: 'icons/icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
          { src: 'icons/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
          { src: 'icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      },
    }),
  ],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    outDir: 'dist',
    sourcemap: true,
    // The page's policy is `script-src 'self' 'wasm-unsafe-eval'`: nothing inline, no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
};

/** The command line as JavaScript in few files: Node.js starts it three times as fast as the sources. */
const program: UserConfig = {
  build: {
    ssr: true,
    target: 'node22',
    outDir: 'build/cli',
    copyPublicDir: false,
    minify: false,
    rolldownOptions: {
      input: {
        program: 'src/cli/program.ts',
        // Threads begin beside the file that starts them, under the name of their source.
        'codec-thread': 'src/adapters/nodejs/codec-thread.ts',
        'disk-thread': 'src/adapters/nodejs/disk-thread.ts',
      },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
  // All packages but the one that loads a binary of its own.
  ssr: { noExternal: true, external: ['node-datachannel'] },
};

// `vite build` makes the app, `vite build --ssr` the command line.
export default defineConfig(({ isSsrBuild }) => (isSsrBuild === true ? program : app));
