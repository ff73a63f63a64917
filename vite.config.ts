import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

export default defineConfig({
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
});
