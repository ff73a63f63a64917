import { measureKernel } from './kernel-work.ts';

// Bundled by kernel.ts and started as a worker of a page: told the milliseconds, it answers with the speeds.
self.onmessage = ({ data }: MessageEvent<number>) => self.postMessage(measureKernel(data));
